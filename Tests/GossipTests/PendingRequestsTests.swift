import Testing

@testable import Gossip

@Suite struct PendingRequestsTests {
  private func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

  @Test func `a question is answered once`() {
    var pending = PendingRequests(key: SecretKey(low: 1, high: 2))
    let nonce = pending.ask(Peer(1).address, for: .probe, at: at(0))
    #expect(pending.find(nonce)?.target == Peer(1).address)
    #expect(pending.answered(nonce) == true)
    #expect(pending.answered(nonce) == false)
    pending.reopen(nonce)
    #expect(pending.answered(nonce) == true)
    #expect(pending.answered(nonce &+ 1) == false)
  }

  @Test func `an answer after five seconds is nobody's`() {
    var pending = PendingRequests(key: SecretKey(low: 1, high: 2))
    let old = pending.ask(Peer(1).address, for: .probe, at: at(0))
    let young = pending.ask(Peer(1).address, for: .probe, at: at(5))
    #expect(pending.find(old) != nil)
    _ = pending.ask(Peer(1).address, for: .probe, at: at(6))
    #expect(pending.find(old) == nil)
    #expect(pending.find(young) != nil)
  }

  @Test func `a flood of pending gives up the oldest and keeps the list short`() {
    var pending = PendingRequests(key: SecretKey(low: 1, high: 2))
    let nonces = (0..<5_000).map { _ in
      pending.ask(Peer(1).address, for: .probe, at: at(0))
    }
    #expect(nonces.count { pending.find($0) != nil } == 4_096)
    #expect(pending.find(nonces[4_999]) != nil)
  }

  @Test func `no nonce is zero, which means that no answer is wanted, and none repeats`() {
    var pending = PendingRequests(key: SecretKey(low: 1, high: 2))
    let nonces = (0..<1_000).map { _ in
      pending.ask(Peer(1).address, for: .probe, at: at(0))
    }
    #expect(Set(nonces).count == 1_000)
    #expect(!nonces.contains(0))
  }

  @Test func `an answer with a guessed nonce, or from somebody else than asked, is refused`() throws {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)], answering: false)
    let before = stage.node.counters.dropped(.unsolicited)
    let ping = try #require(stage.pass(.seconds(1)).sent(.ping, to: Peer(1).address).last)
    let trip = stage.member(Peer(1))?.roundTrip
    stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce &+ 1)
    stage.receive(.ack, from: Peer(2), nonce: ping.message.nonce)
    stage.receive(.page(more: false), from: Peer(1), nonce: ping.message.nonce)
    #expect(stage.node.counters.dropped(.unsolicited) == before + 3)
    #expect(stage.member(Peer(1))?.roundTrip == trip)
    stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce)
    #expect(stage.node.counters.dropped(.unsolicited) == before + 3)
    #expect(stage.member(Peer(1))?.roundTrip != trip)
  }
}
