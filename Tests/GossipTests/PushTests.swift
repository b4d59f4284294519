import Testing

@testable import Gossip

@Suite struct PushTests {
  private static let others = (1...8).map { Peer($0) }

  /// A node with eight live members and nothing left to push.
  private static func stage() -> Stage {
    var stage = Stage { $0.notifyInterval = .seconds(1000) }
    stage.join(others)
    stage.pass(.seconds(2))
    return stage
  }

  /// When each gossip datagram went out, in milliseconds after now.
  private static func rounds(_ stage: inout Stage, for duration: Int) -> [Int: Int] {
    var rounds: [Int: Int] = [:]
    for millisecond in 1...duration {
      let sent = stage.pass(.milliseconds(1)).sent(.gossip).count
      if sent > 0 { rounds[millisecond] = sent }
    }
    return rounds
  }

  @Test func `a write is pushed to four members at once, and again after 10 and 30 ms, then no more`() {
    var stage = Self.stage()
    let first = stage.handle(.setRequested(7, RequestID(1)))
    // Who gets the first round is asked to say so, or the next write on top of this one would look like its loss.
    #expect(first.sent(.ping).count == 4)
    #expect(Set(first.sent(.ping).map(\.to)).count == 4)
    #expect(first.sent.allSatisfy { $0.message.stamp == Stamp(generation: 1, value: 7) })
    #expect(Self.rounds(&stage, for: 300) == [10: 4, 30: 4])
  }

  @Test func `a write that anybody acknowledged is not lost to the write on top of it`() {
    for isAnswering in [true, false] {
      var stage = Self.stage()
      if !isAnswering { stage.answering = [] }
      _ = stage.handle(.setRequested(7, RequestID(1)))
      stage.pass(.milliseconds(3))
      var peer = Peer(3)
      peer.stamp = Stamp(generation: 2, value: 0)
      stage.hear(from: peer)
      #expect(stage.status.lostWrites == (isAnswering ? 0 : 1))
    }
  }

  @Test func `only writes of our own ask for an answer, and only their first round`() {
    var stage = Self.stage()
    stage.answering = []
    var peer = Peer(3)
    peer.stamp = Stamp(generation: 5, value: 1)
    #expect(stage.hear(from: peer).sent(.ping).isEmpty)
    _ = stage.handle(.setRequested(7, RequestID(1)))
    let later = stage.timeline(.milliseconds(9)).map(\.effect)
    #expect(later.sent(.ping).count <= 4)
    #expect(Self.rounds(&stage, for: 40).values.reduce(0, +) == 8)
  }

  @Test func `a stamp from a peer is pushed on like one from a client`() {
    var stage = Self.stage()
    var peer = Peer(3)
    peer.stamp = Stamp(generation: 5, value: 1)
    let effects = stage.hear(from: peer)
    #expect(effects.published == [peer.stamp])
    #expect(effects.sent(.gossip).count == 4)
    #expect(!effects.sent(.gossip).contains { $0.to == peer.address })
  }

  @Test func `whoever is known to hold the stamp is not pushed to`() {
    var stage = Self.stage()
    stage.answering = []
    _ = stage.handle(.setRequested(7, RequestID(1)))
    for var peer in Self.others.dropLast(2) {
      peer.stamp = Stamp(generation: 1, value: 7)
      stage.hear(from: peer)
    }
    let pushed = stage.pass(.milliseconds(10)).sent(.gossip).map(\.to)
    #expect(Set(pushed) == Set(Self.others.suffix(2).map(\.address)))
    for var peer in Self.others {
      peer.stamp = Stamp(generation: 1, value: 7)
      stage.hear(from: peer)
    }
    #expect(stage.pass(.milliseconds(25)).sent(.gossip).isEmpty)
  }

  @Test func `writes within 10 ms travel as the newest only`() {
    var stage = Self.stage()
    var sent: [Sent] = []
    for value in 0..<10 {
      sent += stage.handle(.setRequested(Int64(value), RequestID(1))).sent(.ping)
      sent += stage.pass(.milliseconds(1)).sent.filter { $0.message.stamp == stage.node.stamp }
    }
    #expect(sent.count == 8)
    #expect(sent.suffix(4).allSatisfy { $0.message.stamp == Stamp(generation: 10, value: 9) })
  }

  @Test func `a storm of writes costs a hundred pushes a second and never delays the answers`() {
    var stage = Self.stage()
    var pushes = 0
    for value in 0..<5_000 {
      let effects = stage.handle(.setRequested(Int64(value), RequestID(1)))
      #expect(effects.answers.count == 1)
      pushes += effects.sent(.gossip).count + effects.sent(.ping).count
      pushes += stage.pass(.milliseconds(1)).sent(.gossip).count
    }
    // The burst and five seconds' worth, and one for each ack that a write overtook.
    #expect((480...580).contains(pushes), "\(pushes) in 5 s")
    #expect(stage.pass(.seconds(1)).sent.allSatisfy { $0.message.stamp.generation == 5_000 })
  }

  @Test func `to two peers a storm of writes brings as many pushes as to many`() {
    var stage = Stage()
    stage.join(Array(Self.others.prefix(2)))
    stage.pass(.seconds(1))
    var pushes = 0
    for value in 0..<5_000 {
      let effects = stage.handle(.setRequested(Int64(value), RequestID(1)))
      pushes += effects.sent(.gossip).count + effects.sent(.ping).count
      pushes += stage.pass(.milliseconds(1)).sent(.gossip).count
    }
    // Who has just acked is not pushed to, which leaves some out. Were each round charged as four, these were 255.
    #expect((420...580).contains(pushes), "\(pushes) in 5 s")
  }

  @Test func `who sends an older stamp is answered with ours`() {
    var stage = Self.stage()
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.seconds(2))
    var peer = Peer(3)
    peer.stamp = .initial
    #expect(stage.hear(from: peer).sent(.gossip).map(\.to) == [peer.address])
    peer.stamp = Stamp(generation: 1, value: 7)
    #expect(stage.hear(from: peer).sent(.gossip).isEmpty)
  }

  @Test func `a stream of stale datagrams is answered no more than a hundred times a second, and starves no push`() {
    var stage = Self.stage()
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.seconds(2))
    let answers = (0..<1_000).reduce(0) { count, _ in count + stage.hear(from: Peer(3)).sent(.gossip).count }
    #expect(answers == Settings().pushBurst)
    #expect(stage.handle(.setRequested(8, RequestID(2))).sent(.ping).count == 4)
  }

  @Test func `a change of members is pushed like a stamp, also to who holds the stamp`() {
    var stage = Self.stage()
    let effects = stage.accuse(Peer(1), by: Peer(2))
    #expect(effects.sent(.gossip).count == 4)
    #expect(effects.sent(.gossip).allSatisfy { $0.message.rumours.contains { $0.state == .suspect } })
    // The accused answers a ping of ours within two milliseconds, but did not refute: the rounds go on.
    #expect(Self.rounds(&stage, for: 35).keys.contains(30))
  }
}
