import Testing

@testable import Gossip

@Suite struct QuestionsTests {
  private func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

  @Test func `a question is answered once`() {
    var questions = Questions(key: SecretKey(low: 1, high: 2))
    let nonce = questions.ask(Peer(1).address, for: .probe, at: at(0))
    #expect(questions.find(nonce)?.target == Peer(1).address)
    #expect(questions.answered(nonce) == true)
    #expect(questions.answered(nonce) == false)
    questions.reopen(nonce)
    #expect(questions.answered(nonce) == true)
    #expect(questions.answered(nonce &+ 1) == false)
  }

  @Test func `an answer after five seconds is nobody's`() {
    var questions = Questions(key: SecretKey(low: 1, high: 2))
    let old = questions.ask(Peer(1).address, for: .probe, at: at(0))
    let young = questions.ask(Peer(1).address, for: .probe, at: at(5))
    #expect(questions.find(old) != nil)
    _ = questions.ask(Peer(1).address, for: .probe, at: at(6))
    #expect(questions.find(old) == nil)
    #expect(questions.find(young) != nil)
  }

  @Test func `a flood of questions gives up the oldest and keeps the list short`() {
    var questions = Questions(key: SecretKey(low: 1, high: 2))
    let nonces = (0..<5_000).map { _ in
      questions.ask(Peer(1).address, for: .probe, at: at(0))
    }
    #expect(nonces.count { questions.find($0) != nil } == 4_096)
    #expect(questions.find(nonces[4_999]) != nil)
  }

  @Test func `no nonce is zero, which means that no answer is wanted, and none repeats`() {
    var questions = Questions(key: SecretKey(low: 1, high: 2))
    let nonces = (0..<1_000).map { _ in
      questions.ask(Peer(1).address, for: .probe, at: at(0))
    }
    #expect(Set(nonces).count == 1_000)
    #expect(!nonces.contains(0))
  }

  @Test func `an answer with a guessed nonce, or from somebody else than asked, is refused`() throws {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)], answering: false)
    let before = stage.node.counters.refused(.unsolicited)
    let ping = try #require(stage.pass(.seconds(1)).sent(.ping, to: Peer(1).address).last)
    let trip = stage.member(Peer(1))?.roundTrip
    stage.hear(.ack, from: Peer(1), nonce: ping.message.nonce &+ 1)
    stage.hear(.ack, from: Peer(2), nonce: ping.message.nonce)
    stage.hear(.page(more: false), from: Peer(1), nonce: ping.message.nonce)
    #expect(stage.node.counters.refused(.unsolicited) == before + 3)
    #expect(stage.member(Peer(1))?.roundTrip == trip)
    stage.hear(.ack, from: Peer(1), nonce: ping.message.nonce)
    #expect(stage.node.counters.refused(.unsolicited) == before + 3)
    #expect(stage.member(Peer(1))?.roundTrip != trip)
  }
}
