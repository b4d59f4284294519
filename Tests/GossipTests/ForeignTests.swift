// Nodes that cannot understand each other: other versions of the protocol, other clusters.
//
// Nobody may become ready with 42 because the nodes that hold the value speak another version, and two nodes that cannot
// understand each other must not exchange headers for ever.

import Testing

@testable import Gossip

@Suite struct ForeignTests {
  private static let seed = Peer(1)
  /// The answer of a node of another version.
  private static let otherVersion = Header(version: 9, cluster: Stage.cluster).bytes
  /// A datagram of another version, with nothing that we can read behind its header.
  private static let longOtherVersion = otherVersion + [1, 2, 3]
  private static let otherCluster = Wire.encode(seed.message(.gossip), cluster: Hash.of("other"))

  /// A node whose only seed is peer 1 and has just been looked up.
  private static func stage(_ change: (inout Settings) -> Void = { _ in }) -> Stage {
    var stage = Stage {
      $0.seeds = ["seed"]
      change(&$0)
    }
    _ = stage.handle(.resolved(seed: 0, [seed.address], failure: nil))
    return stage
  }

  /// Seed 1 sends this twice: the first of them may have been damaged on its way.
  private static func receiveTwice(_ bytes: [UInt8], on stage: inout Stage) -> [Effect] {
    let first = stage.handle(.received(bytes, from: seed.address))
    #expect(first.isReadinessUnchanged)
    return stage.handle(.received(bytes, from: seed.address))
  }

  private static func reports(_ effects: [Effect]) -> [Obstacle.Why] {
    effects.reports.compactMap { if case .heldBack(let obstacle) = $0 { obstacle.why } else { nil } }
  }

  @Test(arguments: [
    (Self.otherVersion, Obstacle.Why.version(9)), (Header(version: 9, cluster: 0).bytes, .version(9)),
    (Header(cluster: Hash.of("other")).bytes, .cluster),
  ])
  func `a node whose seed cannot be understood is never ready, and takes no writes`(
    _ bytes: [UInt8], _ why: Obstacle.Why
  ) {
    var stage = Self.stage()
    #expect(stage.handle(.setRequested(1, RequestID(1))).answers.isEmpty, "it waits for the value")
    let effects = Self.receiveTwice(bytes, on: &stage)
    #expect(Self.reports(effects) == [why])
    #expect(effects.answers == [.heldBack(Obstacle(why, Self.seed.address))], "the write that waited")
    #expect(effects.contains(.readiness(.heldBack(Obstacle(why, Self.seed.address)))))
    let later = stage.pass(.seconds(3600))
    #expect(stage.node.readinessState == .heldBack(Obstacle(why, Self.seed.address)))
    #expect(!later.reports.contains { if case .ready = $0 { true } else { false } })
    #expect(stage.handle(.setRequested(2, RequestID(2))).answers == [.heldBack(Obstacle(why, Self.seed.address))])
    let ack = stage.receive(.ping(target: Peer(0).address), from: Peer(2), nonce: 1).sent(.ack)
    #expect(ack.map(\.message.sender.isReady) == [false], "it vouches for nothing")
  }

  @Test func `it is ready once a node that it understands vouches for a stamp, and not before`() {
    var stage = Self.stage()
    _ = Self.receiveTwice(Self.otherVersion, on: &stage)
    var newcomer = Peer(2)
    newcomer.isReady = false
    stage.join([newcomer])
    stage.pass(.seconds(10))
    #expect(!stage.node.readinessState.isReadyInAnyWay, "two newcomers know nothing either")
    var member = Peer(3)
    member.stamp = Stamp(generation: 5, value: 7)
    stage.join([member])
    #expect(stage.node.readinessState == .ready(.synchronised))
    #expect(stage.node.stamp == member.stamp)
    _ = stage.handle(.received(Self.otherVersion, from: Self.seed.address))
    #expect(stage.node.readinessState == .ready(.synchronised), "its seeds are upgraded before it")
  }

  @Test func `a node that went on alone stops, unless it holds a write`() {
    var stage = Self.stage()
    stage.pass(.seconds(4))
    #expect(stage.node.readinessState == .ready(.alone))
    var writer = stage
    #expect(Self.reports(Self.receiveTwice(Self.otherVersion, on: &stage)) == [.version(9)])
    #expect(stage.node.readinessState == .heldBack(Obstacle(.version(9), Self.seed.address)))
    #expect(writer.handle(.setRequested(1, RequestID(1))).answers.count == 1)
    #expect(Self.reports(Self.receiveTwice(Self.otherVersion, on: &writer)) == [])
    #expect(writer.node.readinessState == .ready(.alone))
  }

  @Test func `only a seed counts, and the operator may say that nothing does`() {
    var stage = Self.stage()
    for _ in 0..<2 { _ = stage.handle(.received(Self.otherVersion, from: Peer(2).address)) }
    stage.pass(.seconds(4))
    #expect(stage.node.readinessState == .ready(.alone))
    var alone = Self.stage { $0.startsAlone = true }
    #expect(Self.reports(Self.receiveTwice(Self.otherVersion, on: &alone)) == [])
    alone.pass(.seconds(4))
    #expect(alone.node.readinessState == .ready(.alone))
  }

  @Test func `two datagrams that say different things may be damaged ones of our own cluster`() {
    var stage = Self.stage()
    for version in UInt8(3)...9 {
      _ = stage.handle(.received(Header(version: version, cluster: 0).bytes, from: Self.seed.address))
    }
    var damaged = Wire.encode(Self.seed.message(.gossip), cluster: Stage.cluster)
    damaged[5] ^= 1
    for _ in 0..<2 { _ = stage.handle(.received(damaged, from: Self.seed.address)) }
    damaged[0] = 3
    for _ in 0..<2 { _ = stage.handle(.received(damaged, from: Self.seed.address)) }
    #expect(stage.node.readinessState == .starting)
    #expect(stage.status.counters.dropped(.corrupted) == 2)
  }

  @Test func `seeds of several versions are asked once, not in turns for ever`() {
    var stage = Stage { $0.seeds = ["one", "two"] }
    let others = [Self.seed, Peer(2)]
    for (number, peer) in others.enumerated() {
      _ = stage.handle(.resolved(seed: number, [peer.address], failure: nil))
    }
    var asked = 0
    for _ in 0..<3 {
      for (number, peer) in others.enumerated() where stage.node.readinessState == .starting {
        let bytes = Header(version: UInt8(8 + number), cluster: Stage.cluster).bytes
        asked += stage.handle(.received(bytes, from: peer.address)).sent(.join).count
      }
    }
    #expect(asked == 1)
    #expect(stage.node.readinessState == .heldBack(Obstacle(.version(8), Self.seed.address)))
  }

  @Test func `one datagram delays a node by three seconds at most, and has its seed contacted once more`() {
    var stage = Self.stage()
    stage.pass(.milliseconds(2_900))
    let effects = stage.handle(.received(Self.otherVersion, from: Self.seed.address))
    #expect(effects.sent(.join).map(\.to) == [Self.seed.address])
    stage.pass(.milliseconds(2_999))
    #expect(stage.node.readinessState == .starting)
    #expect(stage.handle(.setRequested(1, RequestID(1))).answers.isEmpty)
    let later = stage.pass(.milliseconds(1))
    #expect(stage.node.readinessState == .ready(.alone))
    #expect(later.answers.count == 1)
  }

  @Test func `it is reported at first, and then more and more rarely`() {
    var stage = Self.stage()
    var times: [Int64] = []
    for second in 0..<600 {
      let effects = stage.handle(.received(Self.otherVersion, from: Self.seed.address))
      if !Self.reports(effects).isEmpty { times.append(Int64(second)) }
      stage.pass(.seconds(1))
    }
    #expect(times == [1, 11, 31, 71, 151, 311])
  }

  private static let names = ["a", "b", "c"]

  /// Three nodes that name each other as seeds and hold 7. Those that start from now on cannot understand them.
  private static func clusterBeforeItsUpgrade() -> Harness {
    var harness = Harness()
    for name in names { harness.start(name, seeds: names) }
    harness.run(.seconds(5))
    harness.set("a", 7)
    harness.run(.seconds(1))
    harness.change = { $0.cluster = "the next version's" }
    return harness
  }

  @Test func `an upgrade that the others do not understand stops, and after going back all have the value`() {
    var harness = Self.clusterBeforeItsUpgrade()
    for name in Self.names.prefix(2) {
      harness.crash(name)
      harness.run(.seconds(1))
      harness.start(name, seeds: Self.names)
      harness.run(.seconds(60))
      harness.set(name, 99)
      harness.run(.seconds(60))
    }
    for name in Self.names.prefix(2) {
      #expect(!harness[name].readinessState.isReadyInAnyWay, "\(name)")
      #expect(harness[name].stamp == .initial)
    }
    harness.change = { _ in }
    for name in Self.names.prefix(2) {
      harness.crash(name)
      harness.start(name, seeds: Self.names)
      harness.run(.seconds(1))
    }
    for name in Self.names {
      #expect(harness[name].stamp == Stamp(generation: 1, value: 7))
      #expect(harness[name].readinessState.isReadyInAnyWay)
    }
  }

  /// With the last of the old nodes the value is gone, and everybody says that it goes on alone.
  @Test func `where all are replaced one by one, none is ready before the last of the others is gone`() {
    var harness = Self.clusterBeforeItsUpgrade()
    for name in Self.names.prefix(2) {
      harness.crash(name)
      harness.start(name, seeds: Self.names)
      harness.run(.milliseconds(1_500))
    }
    harness.run(.seconds(60))
    #expect(Self.names.prefix(2).allSatisfy { !harness[$0].readinessState.isReadyInAnyWay })
    harness.crash("c")
    harness.start("c", seeds: Self.names)
    let log = harness.run(.seconds(10))
    #expect(log.map(\.effect).reports.contains(.ready(.alone)))
    for name in Self.names {
      #expect(harness[name].readinessState.isReadyInAnyWay, "\(name)")
      #expect(harness[name].stamp == .initial)
    }
  }

  @Test func `a seed that can be understood after all is no obstacle any more, but others are`() {
    var stage = Stage { $0.seeds = ["one", "two"] }
    for number in 0..<2 { _ = stage.handle(.resolved(seed: number, [Peer(number + 1).address], failure: nil)) }
    for number in [1, 2, 1] { _ = stage.handle(.received(Self.otherVersion, from: Peer(number).address)) }
    var seeds = [Peer(1), Peer(2)]
    for index in seeds.indices { seeds[index].isReady = false }
    stage.join([seeds[0]])
    stage.pass(.seconds(10))
    #expect(stage.node.readinessState == .heldBack(Obstacle(.version(9), Peer(2).address)))
    stage.join([seeds[1]])
    #expect(stage.node.readinessState == .starting)
    stage.pass(.seconds(3))
    #expect(stage.node.readinessState == .ready(.alone))
  }

  @Test func `a node that waits because a member does goes on when that member no longer says so`() {
    var stage = Self.stage()
    var member = Peer(3)
    member.isReady = false
    member.isHeldBack = true
    let effects = stage.join([member])
    #expect(effects.contains(.readiness(.heldBack(Obstacle(.heldBack, member.address)))))
    stage.pass(.seconds(10))
    #expect(stage.node.readinessState == .heldBack(Obstacle(.heldBack, member.address)))
    // It saw no such seed itself, so it says nothing, or two would wait for each other for ever.
    member.isHeldBack = false
    let ack = stage.receive(.ping(target: Peer(0).address), from: member, nonce: 1).sent(.ack)
    #expect(ack.map(\.message.sender.isHeldBack) == [false])
    stage.answering = [member]
    stage.pass(.seconds(3))
    #expect(stage.node.readinessState == .ready(.alone))
  }

  @Test func `who is held back by a seed says so in its datagrams, and forged sources do not`() {
    var held = Self.stage()
    _ = Self.receiveTwice(Self.otherVersion, on: &held)
    let ack = held.receive(.ping(target: Peer(0).address), from: Peer(2), nonce: 1).sent(.ack)
    #expect(ack.map(\.message.sender.isHeldBack) == [true])
    var forged = Peer(4).message(.gossip)
    forged.sender.isHeldBack = true
    var other = Self.stage()
    _ = other.handle(.received(Wire.encode(forged, cluster: Stage.cluster), from: Peer(9).address))
    other.pass(.seconds(4))
    #expect(other.node.readinessState == .ready(.alone))
  }

  @Test func `a newcomer with a wrong seed does not stop a cluster in which nobody has written`() {
    var first = Stage()
    var alone = Self.stage()
    alone.pass(.seconds(4))
    var newcomer = Peer(3)
    newcomer.isReady = false
    newcomer.isHeldBack = true
    first.join([newcomer])
    alone.join([newcomer])
    #expect(first.node.readinessState == .ready(.first))
    #expect(alone.node.readinessState == .ready(.alone))
    first.pass(.seconds(2))
    let ack = first.receive(.ping(target: Peer(0).address), from: newcomer, nonce: 1).sent(.ack)
    #expect(ack.map(\.message.sender.isReady) == [true])
  }

  @Test func `many seeds of one other cluster confirm each other`() {
    var stage = Stage { $0.seeds = (1...12).map { "seed\($0)" } }
    for number in 0..<12 { _ = stage.handle(.resolved(seed: number, [Peer(number + 1).address], failure: nil)) }
    for number in 1...2 {
      _ = stage.handle(.received(Header(cluster: 1).bytes, from: Peer(number).address))
    }
    #expect(stage.node.readinessState == .heldBack(Obstacle(.cluster, Peer(2).address)))
  }

  @Test func `two clusters that name each other as seeds exchange a few bytes a second and nothing else`() {
    var harness = Harness()
    harness.start("a")
    harness.change = { $0.cluster = "other" }
    harness.start("b", seeds: ["a"])
    harness.run(.seconds(60))
    let sent = harness.log.filter { if case .send = $0.effect { true } else { false } }
    #expect(sent.count { $0.name == "b" } < 100 && sent.count { $0.name == "a" } < 100)
    let headers = sent.filter {
      if case .send(let bytes, _) = $0.effect { bytes.count == Wire.headerSize } else { false }
    }
    #expect(!headers.isEmpty && headers.allSatisfy { $0.name == "a" })
  }

  // MARK: Our answer

  private static func headers(_ effects: [Effect], to address: Address) -> [[UInt8]] {
    effects.compactMap { if case .send(let bytes, address) = $0 { bytes } else { nil } }
  }

  @Test func `who cannot be understood gets our header and nothing else, and a header alone gets none`() {
    var stage = Stage()
    let stranger = Peer(7).address
    for bytes in [Self.longOtherVersion, Self.otherCluster] {
      let answers = Self.headers(stage.handle(.received(bytes, from: stranger)), to: stranger)
      #expect(answers == [[Wire.version, 0] + Stage.cluster.bigEndianBytes])
    }
    for header in [Header(version: 9, cluster: Stage.cluster), Header(cluster: 1), Header(cluster: Stage.cluster)] {
      #expect(stage.handle(.received(header.bytes, from: stranger)) == [])
    }
    #expect(stage.handle(.received(Array(Self.longOtherVersion.prefix(9)), from: stranger)) == [])
    #expect(stage.status.counters.dropped(.version) == 2)
    #expect(stage.status.counters.dropped(.cluster) == 2)
    #expect(stage.status.counters.dropped(.malformed) == 2)
  }

  @Test func `a member at whose address another version starts gets a header, and one that understands us ignores it`()
  {
    var stage = Stage.settled(2)
    let member = Peer(1).address
    let header = Header(cluster: Stage.cluster).bytes
    #expect(Self.headers(stage.handle(.received(Self.longOtherVersion, from: member)), to: member) == [header])
    #expect(stage.handle(.received(header, from: member)) == [])
    #expect(stage.member(Peer(1))?.status == .alive)
  }

  @Test func `a flood of them draws no more answers than strangers may have`() {
    var stage = Stage()
    var answers = 0
    for number in 0..<5_000 {
      let source = Address(ipv4: 0x6440_0000 | UInt32(number), port: 7946)
      answers += Self.headers(stage.handle(.received(Self.longOtherVersion, from: source)), to: source).count
    }
    #expect(answers > 10 && answers <= 2 * stage.node.settings.strangerRate, "\(answers)")
  }
}

extension [Effect] {
  fileprivate var isReadinessUnchanged: Bool { !contains { if case .readiness = $0 { true } else { false } } }
}

extension ReadinessState {
  fileprivate var isReadyInAnyWay: Bool { if case .ready = self { true } else { false } }
}
