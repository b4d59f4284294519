import Testing

@testable import Gossip

@Suite struct PushTests {
  private static let others = (1...8).map { Peer($0) }

  /// A node with eight live members and nothing left to push. One of them has just pinged it, so it does not ask whether
  /// others can reach its address.
  private static func stage(_ change: (inout Settings) -> Void = { _ in }) -> Stage {
    var stage = Stage {
      $0.notifyInterval = .seconds(1000)
      change(&$0)
    }
    stage.join(others)
    stage.receive(.ping(target: Peer(0).address), from: others[0], nonce: 1)
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
    #expect(first.sent(.gossip).count == 4)
    #expect(Set(first.sent(.gossip).map(\.to)).count == 4)
    #expect(first.sent.allSatisfy { $0.message.stamp == Stamp(generation: 1, value: 7) })
    #expect(Self.rounds(&stage, for: 300) == [10: 4, 30: 4])
  }

  /// Random members alone miss a node now and then; its neighbour does not.
  @Test func `each first round goes to both neighbours in address order, and to others by chance`() {
    var others: Set<Address> = []
    for seed in 1...20 as ClosedRange<UInt64> {
      var stage = Stage(seed: seed) { $0.notifyInterval = .seconds(1000) }
      stage.join(Self.others)
      stage.pass(.seconds(2))
      let first = stage.handle(.setRequested(7, RequestID(1))).sent(.gossip).map(\.to)
      #expect(first.contains(Self.others[0].address) && first.contains(Self.others[7].address))
      others.formUnion(first)
    }
    #expect(others.count == Self.others.count)
  }

  @Test func `a neighbour that has the stamp is passed over for a random one`() {
    var stage = Self.stage()
    var peer = Self.others[0]
    peer.stamp = Stamp(generation: 5, value: 1)
    let pushed = stage.receive(from: peer).sent(.gossip).map(\.to)
    #expect(pushed.count == 4 && !pushed.contains(peer.address))
  }

  @Test func `a newer stamp ends the repeats of the one before, and its first round waits for no repeat`() {
    var stage = Self.stage()
    stage.answering = []
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.milliseconds(11))
    let second = stage.handle(.setRequested(8, RequestID(2)))
    #expect(second.sent(.gossip).count == 4)
    let later = stage.pass(.milliseconds(60)).sent(.gossip)
    #expect(later.count == 8)
    #expect(later.allSatisfy { $0.message.stamp.value == 8 })
  }

  @Test func `repeats leave the limit to the first rounds of newer stamps`() {
    // First rounds of fifty writes a second are 200 pushes, and with one repeat of each they are 400: above the limit.
    var stage = Self.stage { $0.pushRate = 220 }
    var firsts = 0
    for value in 0..<200 {
      firsts += stage.handle(.setRequested(Int64(value), RequestID(1))).sent(.gossip).count
      stage.pass(.milliseconds(20))
    }
    #expect(firsts == 800)
  }

  @Test func `in a stream of writes a change of members is pushed three times to those who hold the stamp`() {
    var stage = Self.stage()
    var peer = Self.others[0]
    var toHolder = 0
    stage.receive(from: Self.others[1], rumours: [Self.others[2].record(.left)])
    for generation in 1...500 as ClosedRange<UInt64> {
      peer.stamp = Stamp(generation: generation, value: 1)
      toHolder += stage.receive(from: peer).sent(.gossip, to: peer.address).count
      toHolder += stage.pass(.milliseconds(20)).sent(.gossip, to: peer.address).count
    }
    #expect(toHolder <= 3, "\(toHolder)")
  }

  @Test func `a write ends no rounds about members: these still go to those who hold the stamp`() {
    var stage = Self.stage()
    #expect(stage.receive(from: Self.others[1], rumours: [Self.others[2].record(.left)]).sent(.gossip).count == 4)
    for var peer in Self.others where peer != Self.others[2] {
      peer.stamp = Stamp(generation: 1, value: 7)
      stage.receive(from: peer)
    }
    // Everybody has it, so pushes now are for the change of members. The node asks the one that left, with the stamp.
    let pushed = stage.pass(.milliseconds(35)).sent(.gossip).filter { $0.to != Self.others[2].address }
    #expect(pushed.count == 8)
  }

  @Test func `a stamp from a peer is pushed on like one from a client`() {
    var stage = Self.stage()
    var peer = Peer(3)
    peer.stamp = Stamp(generation: 5, value: 1)
    let effects = stage.receive(from: peer)
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
      stage.receive(from: peer)
    }
    let pushed = stage.pass(.milliseconds(10)).sent(.gossip).map(\.to)
    #expect(Set(pushed) == Set(Self.others.suffix(2).map(\.address)))
    for var peer in Self.others {
      peer.stamp = Stamp(generation: 1, value: 7)
      stage.receive(from: peer)
    }
    #expect(stage.pass(.milliseconds(25)).sent(.gossip).isEmpty)
  }

  @Test func `writes within a millisecond travel as the newest only`() {
    var stage = Self.stage()
    var sent: [Sent] = []
    for value in 0..<10 {
      sent += stage.handle(.setRequested(Int64(value), RequestID(1))).sent(.gossip)
      sent += stage.pass(.microseconds(100)).sent(.gossip)
    }
    sent += stage.pass(.milliseconds(1)).sent(.gossip)
    #expect(sent.count == 8)
    #expect(sent.suffix(4).allSatisfy { $0.message.stamp == Stamp(generation: 10, value: 9) })
  }

  @Test func `a storm of writes costs eight hundred pushes a second and never delays the answers`() {
    var stage = Self.stage()
    var pushes = 0
    for value in 0..<5_000 {
      let effects = stage.handle(.setRequested(Int64(value), RequestID(1)))
      #expect(effects.answers.count == 1)
      pushes += effects.sent(.gossip).count + effects.sent(.ping).count
      pushes += stage.pass(.milliseconds(1)).sent(.gossip).count
    }
    // The burst and five seconds' worth.
    #expect((3_900...4_200).contains(pushes), "\(pushes) in 5 s")
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
    // If each round counted as four, there would be half as many.
    #expect((3_700...4_200).contains(pushes), "\(pushes) in 5 s")
  }

  @Test func `who sends an older stamp is answered with ours`() {
    var stage = Self.stage()
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.seconds(2))
    var peer = Peer(3)
    peer.stamp = .initial
    #expect(stage.receive(from: peer).sent(.gossip).map(\.to) == [peer.address])
    peer.stamp = Stamp(generation: 1, value: 7)
    #expect(stage.receive(from: peer).sent(.gossip).isEmpty)
  }

  @Test func `a stream of stale datagrams is answered no more than a hundred times a second, and starves no push`() {
    var stage = Self.stage()
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.seconds(2))
    let answers = (0..<1_000).reduce(0) { count, _ in count + stage.receive(from: Peer(3)).sent(.gossip).count }
    #expect(answers == Settings().replyBurst)
    #expect(stage.handle(.setRequested(8, RequestID(2))).sent(.gossip).count == 4)
  }

  @Test func `a change of members is pushed like a stamp, also to who holds the stamp`() {
    var stage = Self.stage()
    let effects = stage.accuse(Peer(1), by: Peer(2))
    #expect(effects.sent(.gossip).count == 4)
    #expect(effects.sent(.gossip).allSatisfy { $0.message.rumours.contains { $0.state == .suspect } })
    // The accused answers our ping within two milliseconds, but has not refuted, so the rounds go on.
    #expect(Self.rounds(&stage, for: 35).keys.contains(30))
  }
}
