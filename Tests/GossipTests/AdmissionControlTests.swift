// Shares of attention: a flood uses up its own share, however many senders it seems to have.

import Testing

@testable import Gossip

@Suite struct FairShareTests {
  private static let key = SecretKey(low: 1, high: 2)
  private func at(_ milliseconds: Int64) -> Instant { Instant(microseconds: milliseconds * 1000) }
  private func machine(_ number: UInt32) -> FairShare.Source {
    FairShare.Source(machineAt: Address(ipv4: number, port: 7946))
  }

  @Test func `who is alone may take all, a burst and then the rate`() {
    var share = FairShare(perSecond: 100, key: Self.key, at: at(0))
    var taken = 0
    for millisecond in 0..<10_000 where share.take(for: machine(1), at: at(Int64(millisecond))) { taken += 1 }
    #expect((1_040...1_100).contains(taken), "\(taken)")
  }

  @Test(arguments: [1, 10, 40] as [UInt32])
  func `who takes little has its part, whatever one, ten or forty others take`(floods: UInt32) {
    var share = FairShare(perSecond: 100, key: Self.key, at: at(0))
    var (asked, taken) = (0, 0)
    for tick in 0..<30_000 {
      let time = Instant(microseconds: Int64(tick) * 333)
      _ = share.take(for: machine(1000 + UInt32(tick) % floods), at: time)
      // The first of forty use up the reserve at once; after a second or two it is full again.
      guard tick > 9000, tick % 3000 == 1500 else { continue }
      asked += 1
      if share.take(for: machine(7), at: time) { taken += 1 }
    }
    #expect(taken == asked)
  }

  @Test func `a flood from everywhere takes what there is and no more`() {
    var share = FairShare(perSecond: 100, key: Self.key, at: at(0))
    let taken = (0..<30_000).count { tick in
      share.take(for: machine(UInt32(tick) &* 2_654_435_761), at: Instant(microseconds: Int64(tick) * 333))
    }
    #expect((1_090...1_100).contains(taken), "\(taken)")
  }

  @Test func `all addresses of an IPv6 network are one source, and all ports of an address`() {
    let one = Address(high: 0x2001_0DB8_0000_0001, low: 1, port: 1)
    let other = Address(high: 0x2001_0DB8_0000_0001, low: 99, port: 2)
    #expect(FairShare.Source(machineAt: one) == FairShare.Source(machineAt: other))
    #expect(FairShare.Source(exactly: one) != FairShare.Source(exactly: other))
    #expect(FairShare.Source(exactly: one) != FairShare.Source(exactly: one.with(port: 3)))
    let next = Address(high: 0x2001_0DB8_0000_0002, low: 1, port: 1)
    #expect(FairShare.Source(machineAt: one) != FairShare.Source(machineAt: next))
    #expect(machine(1) != machine(2))
  }

  @Test func `who shares a place with a flood does so for a minute at most, and under another key not at all`() {
    /// Whether a flood of the first keeps the second out in this minute.
    func isKeptOut(_ number: UInt32, inMinute minute: Int64, key: SecretKey) -> Bool {
      var share = FairShare(perSecond: 100, key: key, at: at(minute * 60_000))
      for _ in 0..<200 { _ = share.take(for: machine(1), at: at(minute * 60_000)) }
      return !share.take(for: machine(number), at: at(minute * 60_000))
    }
    let sharing = (2...20_000).first { isKeptOut($0, inMinute: 5, key: Self.key) }
    #expect(sharing != nil)
    #expect(sharing.map { isKeptOut($0, inMinute: 6, key: Self.key) } == false)
    #expect(sharing.map { isKeptOut($0, inMinute: 5, key: SecretKey(low: 3, high: 4)) } == false)
  }
}

@Suite struct AdmissionControlTests {
  /// A stage whose share for strangers is used up, by sources that never come again.
  private func flooded(_ change: (inout Settings) -> Void = { _ in }) -> Stage {
    var stage = Stage(change)
    flood(&stage)
    return stage
  }

  private func flood(_ stage: inout Stage) {
    for number in 0..<400 { stage.receive(.join, from: Peer(20_000 + number), nonce: 1) }
    #expect(stage.node.counters.dropped(.flood) >= 200)
  }

  private func contact(_ stage: inout Stage, from peer: Peer, source: Address? = nil, nonce: UInt64 = 5) -> [Effect] {
    stage.receive(
      .join, from: peer, source: source, nonce: nonce, rumours: [peer.record()], wantsIntroduction: true,
      padded: Wire.introductionSize
    )
  }

  @Test func `a newcomer without room is challenged, and in when it has answered`() throws {
    var stage = flooded()
    let asked = contact(&stage, from: Peer(1)).sent
    #expect(asked.map(\.message.body) == [.ping(target: Peer(1).address)])
    #expect(asked.map(\.to) == [Peer(1).address] && asked.allSatisfy { $0.size <= 80 })
    let nonce = try #require(asked.first).message.nonce
    let long = stage.receive(.ack, from: Peer(1), nonce: nonce).sent(.ping, to: Peer(1).address)
    #expect(long.map(\.size) == [Wire.introductionSize])
    stage.receive(.ack, from: Peer(1), nonce: try #require(long.first).message.nonce, rumours: [Peer(1).record()])
    #expect(stage.member(Peer(1))?.status == .alive)
    #expect(stage.node.counters.dropped(.unsolicited) == 0)
  }

  @Test func `a challenge goes to the claimed address, and never to where the claim came from`() {
    var stage = flooded()
    let sent = contact(&stage, from: Peer(1), source: Peer(77).address).sent
    #expect(sent.map(\.message.body) == [.ping(target: Peer(1).address)])
    #expect(sent.map(\.to) == [Peer(1).address])
  }

  @Test func `a challenge is one to one address, and for a few seconds`() throws {
    var stage = flooded()
    let nonce = try #require(contact(&stage, from: Peer(1)).sent.first).message.nonce
    #expect(stage.receive(.ack, from: Peer(2), nonce: nonce).sent.isEmpty)
    #expect(stage.receive(.ack, from: Peer(1), nonce: nonce &+ 1).sent.isEmpty)
    #expect(stage.receive(.gossip, from: Peer(1), nonce: nonce).sent.isEmpty)
    #expect(stage.node.counters.dropped(.unsolicited) == 2)
    stage.pass(.seconds(4))
    #expect(stage.receive(.ack, from: Peer(1), nonce: nonce).sent(.ping).count == 1)
    stage.pass(.seconds(5))
    #expect(stage.receive(.ack, from: Peer(1), nonce: nonce).sent.isEmpty)
    // It is another one then, and another node's is another as well.
    flood(&stage)
    #expect(contact(&stage, from: Peer(1)).sent.first?.message.nonce != nonce)
    #expect(stage.receive(.ack, from: Peer(1), nonce: 0).sent.isEmpty)
  }

  @Test func `only contacts of full length are challenged, and so many a second`() {
    var stage = flooded { $0.challengeRate = 1000 }
    let (long, short) = (Peer(1), Peer(2))
    for body in [
      Message.Body.gossip, .join, .ping(target: Peer(0).address),
      .pull(after: nil, buckets: .init(repeating: 1, count: 128)),
    ] {
      #expect(stage.receive(body, from: short, nonce: 1).sent.isEmpty, "\(body)")
    }
    #expect(contact(&stage, from: long).sent.count == 1)
    var sent = 0
    for number in 0..<20_000 {
      stage.time += 100
      sent += contact(&stage, from: Peer(30_000 + number)).sent.count { $0.size <= 80 && $0.message.body.kind == .ping }
    }
    // Two seconds after a full bucket.
    #expect((2_900...3_000).contains(sent), "\(sent)")
  }

  @Test func `what is forged for a challenge is no answer that anybody gets twice`() {
    // A member is not challenged, so a flood in its name makes nobody ping it.
    var stage = Stage()
    stage.join([Peer(1)])
    flood(&stage)
    #expect(contact(&stage, from: Peer(1), source: Peer(77).address).sent.isEmpty)
  }

  @Test func `answers that nobody asked for take nothing from anybody`() {
    var stage = Stage()
    for number in 0..<1000 {
      for body in [Message.Body.ack, .nack, .misdirected, .page(more: true), .notice(.taken)] {
        #expect(stage.receive(body, from: Peer(20_000 + number), nonce: 9).sent.isEmpty)
      }
    }
    #expect(stage.node.counters.dropped(.unsolicited) == 5000)
    #expect(stage.receive(.join, from: Peer(1), nonce: 1).sent(.ack).count == 1)
  }

  @Test func `one source that floods takes no room from others`() {
    var stage = Stage()
    for number in 0..<3000 {
      stage.time += 333
      let port = UInt16(1024 + number)
      stage.receive(.gossip, from: Peer(20_000 + number), source: Peer(99).address.with(port: port))
      guard number % 600 == 599 else { continue }
      let effects = contact(&stage, from: Peer(number))
      #expect(effects.sent(.ack, to: Peer(number).address).count == 1)
      #expect(effects.sent(.ping, to: Peer(number).address).map(\.size) == [Wire.introductionSize])
    }
  }

  @Test func `dead members and seeds are heard whatever a flood from elsewhere takes`() {
    var stage = Stage { $0.seeds = ["seed"] }
    stage.join([Peer(1), Peer(2)])
    stage.answering.removeAll { $0 == Peer(1) }
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(1))?.status == .dead })
    _ = stage.handle(.resolved(seed: 0, [Peer(3).address], failure: nil))
    flood(&stage)
    for peer in [Peer(1), Peer(3)] {
      let effects = contact(&stage, from: peer)
      #expect(effects.sent(.ack, to: peer.address).count == 1)
      #expect(effects.sent(.ping, to: peer.address).map(\.size) == [Wire.introductionSize])
    }
    // The address alone is not enough: anybody may be at another port.
    var other = Peer(1)
    other.address = other.address.with(port: 99)
    #expect(contact(&stage, from: other).sent(.ack).isEmpty)
    var liar = Peer(50)
    liar.address = Peer(51).address
    #expect(contact(&stage, from: liar, source: Peer(1).address).sent(.ack).isEmpty)
  }

  @Test func `who left and comes back is heard whatever a flood from elsewhere takes`() {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.receive(.gossip, from: Peer(1), nonce: 0, rumours: [Peer(1).record(.left)])
    #expect(stage.member(Peer(1))?.status == .left)
    stage.answering = []
    flood(&stage)
    let effects = contact(&stage, from: Peer(1))
    #expect(effects.sent(.ack, to: Peer(1).address).count == 1)
  }

  @Test func `whoever forges a known address keeps no other out`() {
    var stage = Stage { $0.seeds = ["seed"] }
    _ = stage.handle(.resolved(seed: 0, (1...3).map { Peer($0).address }, failure: nil))
    for _ in 0..<3000 {
      stage.time += 333
      stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 1)
    }
    #expect(stage.receive(.ping(target: Peer(0).address), from: Peer(2), nonce: 1).sent(.ack).count == 1)
    // And those whom nobody knows are another matter.
    #expect(stage.receive(.join, from: Peer(9), nonce: 1).sent(.ack).count == 1)
  }

  @Test func `claims of the unknown leave room for our own questions`() {
    var stage = Stage { $0.seeds = ["seed"] }
    _ = stage.handle(.resolved(seed: 0, [Peer(3).address], failure: nil))
    for number in 0..<200 { _ = contact(&stage, from: Peer(20_000 + number)) }
    #expect(stage.node.verifications.count == 100)
    #expect(contact(&stage, from: Peer(3)).sent(.ping, to: Peer(3).address).count == 1)
    #expect(stage.node.verifications.count == 101)
  }

  @Test func `whoever proves a thousand addresses of its own and is silent then keeps no other machine out`() throws {
    var stage = flooded()
    var long = 0
    for number in 0..<400 {
      stage.time += 2000
      var peer = Peer(1)
      peer.address = peer.address.with(port: UInt16(1024 + number))
      for challenge in contact(&stage, from: peer).sent(.ping) where challenge.size <= 80 {
        long += stage.receive(.ack, from: peer, nonce: challenge.message.nonce).sent(.ping).count
      }
    }
    #expect((50...200).contains(long), "\(long)")
    flood(&stage)
    let challenge = try #require(contact(&stage, from: Peer(2)).sent(.ping).first)
    #expect(challenge.size <= 80)
    #expect(
      stage.receive(.ack, from: Peer(2), nonce: challenge.message.nonce).sent(.ping).map(\.size) == [
        Wire.introductionSize
      ])
    // Nor does it take a place from those whom we know.
    #expect(stage.node.verifications.count(in: .expected) == 0)
  }

  @Test func `after a flood and a stop no event has more to do than any other, and all of it is done at once`() {
    var stage = Stage()
    for number in 0..<100 { _ = contact(&stage, from: Peer(20_000 + number)) }
    // The pause is shorter than a stall, so all second pings are due.
    stage.time += 350_000
    var (pings, events) = (0, 0)
    while stage.node.nextDeadline <= stage.now.monotonic, events < 20 {
      let sent = stage.handle(.timePassed).sent(.ping)
      #expect(sent.count <= 40)
      pings += sent.count { $0.message.sender.wantsIntroduction }
      events += 1
    }
    #expect(pings == 100 && events <= 8, "\(pings) in \(events)")
  }

  @Test func `keys for other purposes are no nonces`() {
    let key = SecretKey(low: 5, high: 6)
    var nonces = Nonces(key: key)
    let made = Set((0..<1000).map { _ in nonces.next() })
    for purpose in 0..<10 as Range<UInt64> {
      let derived = key.derived(for: purpose)
      #expect(!made.contains(derived.low) && !made.contains(derived.high) && derived.low != derived.high)
      #expect(derived != key.derived(for: purpose + 1))
    }
  }
}
