import Testing

@testable import Gossip

@Suite struct ReadinessTests {
  private static let seed = Peer(1)

  /// A node whose only seed is peer 1, or that has none.
  private static func stage(seeds: Int) -> Stage { Stage { $0.seeds = (0..<seeds).map { "seed\($0)" } } }

  private static func readiness(_ effects: [Effect]) -> [Readiness] {
    effects.reports.compactMap { if case .ready(let readiness) = $0 { readiness } else { nil } }
  }

  @Test func `a node without seeds is ready at once`() {
    #expect(Self.stage(seeds: 0).status.readiness == .first)
  }

  /// Others may know it from before its start, and bring the cluster's value; until then a joiner must not start from
  /// (0, 42).
  @Test func `a node without seeds vouches for its value after 1.5 s, or once it heard somebody who does`() {
    var stage = Self.stage(seeds: 0)
    let early = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 1).sent(.ack)
    #expect(early.map(\.message.sender.isReady) == [false])
    stage.pass(.milliseconds(1_499))
    let late = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 2).sent(.ack)
    #expect(late.map(\.message.sender.isReady) == [false])
    stage.pass(.milliseconds(1))
    let over = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 3).sent(.ack)
    #expect(over.map(\.message.sender.isReady) == [true])

    var other = Self.stage(seeds: 0)
    other.join([Peer(1)])
    let told = other.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 4).sent(.ack)
    #expect(told.map(\.message.sender.isReady) == [true])
  }

  @Test func `a seed and a joiner that start together do not write behind the back of who is left`() {
    var harness = Harness()
    harness.start("a")
    harness.run(.seconds(2))
    harness.start("b", seeds: ["a"])
    harness.run(.seconds(2))
    for value in 1...5 { harness.set("b", Int64(value)) }
    harness.run(.seconds(1))
    harness.crash("a")
    harness.run(.seconds(5))
    harness.start("a")
    harness.start("c", seeds: ["a"])
    harness.run(.milliseconds(10))
    harness.set("c", 77)
    let log = harness.run(.seconds(5))
    let answers = log.filter { $0.name == "c" }.map(\.effect).answers
    #expect(answers == [.accepted(Stamp(generation: 6, value: 77))])
    for name in ["a", "b", "c"] { #expect(harness[name].stamp == Stamp(generation: 6, value: 77)) }
  }

  @Test func `a node whose seeds are all itself is ready as soon as it met itself there`() throws {
    var stage = Self.stage(seeds: 2)
    #expect(stage.status.readiness == nil)
    let contact = try #require(stage.handle(.resolved(seed: 0, [Peer(0).address], failure: nil)).sent(.join).first)
    #expect(contact.to == Peer(0).address)
    // Another process may have had our address first, so only meeting ourselves there proves anything.
    let early = stage.handle(.resolved(seed: 1, [Peer(0).address], failure: nil))
    #expect(Self.readiness(early) == [])
    let bytes = Wire.encode(contact.message, cluster: Stage.cluster)
    #expect(Self.readiness(stage.handle(.received(bytes, from: Peer(0).address))) == [.first])
    #expect(stage.handle(.resolved(seed: 1, [Peer(0).address], failure: nil)).sent(.join).isEmpty)
    let ack = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 1).sent(.ack)
    #expect(ack.map(\.message.sender.isReady) == [false])
    #expect(stage.handle(.setRequested(7, RequestID(1))).answers.isEmpty)
  }

  @Test func `a node that meets itself behind another address of its own is ready`() throws {
    var stage = Self.stage(seeds: 1)
    let alias = Address(ipv4: 0x0A01_0001, port: 7946)
    let contact = try #require(stage.handle(.resolved(seed: 0, [alias], failure: nil)).sent(.join).first)
    let bytes = Wire.encode(contact.message, cluster: Stage.cluster)
    #expect(Self.readiness(stage.handle(.received(bytes, from: Peer(0).address))) == [.first])
    #expect(stage.status.members.count == 1)
  }

  @Test func `a node with seeds is ready at the first stamp of a ready peer, not of one that is itself new`() throws {
    var stage = Self.stage(seeds: 1)
    var peer = Self.seed
    peer.isReady = false
    let contact = try #require(stage.handle(.resolved(seed: 0, [peer.address], failure: nil)).sent(.join).first)
    let first = stage.receive(.ack, from: peer, nonce: contact.message.nonce, rumours: [peer.record()])
    #expect(Self.readiness(first) == [])
    #expect(stage.status.members.count == 2)
    peer.isReady = true
    peer.stamp = Stamp(generation: 9, value: 9)
    let second = stage.receive(from: peer)
    #expect(Self.readiness(second) == [.synchronised])
    #expect(stage.node.stamp == peer.stamp)
  }

  @Test func `a node whose seeds do not answer is ready after three seconds, alone`() {
    var stage = Self.stage(seeds: 1)
    #expect(Self.readiness(stage.pass(.milliseconds(2_999))) == [])
    #expect(Self.readiness(stage.pass(.milliseconds(1))) == [.alone])
    #expect(Self.readiness(stage.pass(.seconds(10))) == [])
  }

  @Test(arguments: [0, 1])
  func
    `a write in the first 1.5 s waits for the first stamp, or a restarted node would write behind the cluster's back`(
      seeds: Int
    ) throws
  {
    var stage = Self.stage(seeds: seeds)
    stage.pass(.milliseconds(100))
    #expect(stage.handle(.setRequested(7, RequestID(1))).answers.isEmpty)
    #expect(stage.handle(.setRequested(8, RequestID(2))).answers.isEmpty)
    var peer = Self.seed
    peer.stamp = Stamp(generation: 1_000, value: 1)
    let effects = stage.join([peer])
    let stamps = [Stamp(generation: 1_001, value: 7), Stamp(generation: 1_002, value: 8)]
    #expect(effects.answers == stamps.map { .accepted($0) })
    #expect(effects.published == [peer.stamp] + stamps)
  }

  @Test func `a write that waits is accepted after 1.5 s whoever answered, and later ones never wait`() {
    var stage = Self.stage(seeds: 1)
    #expect(stage.handle(.setRequested(7, RequestID(1))).answers.isEmpty)
    #expect(stage.pass(.milliseconds(1_499)).answers.isEmpty)
    #expect(stage.pass(.milliseconds(1)).answers == [.accepted(Stamp(generation: 1, value: 7))])
    #expect(stage.handle(.setRequested(8, RequestID(2))).answers == [.accepted(Stamp(generation: 2, value: 8))])
  }

  @Test func `a stamp of a peer that is not ready lets no write go`() {
    var stage = Self.stage(seeds: 1)
    _ = stage.handle(.setRequested(7, RequestID(1)))
    var peer = Self.seed
    peer.isReady = false
    #expect(stage.join([peer]).answers.isEmpty)
    peer.isReady = true
    #expect(stage.receive(from: peer).answers == [.accepted(Stamp(generation: 1, value: 7))])
  }

  @Test func `more writes than can wait are told to come back`() {
    var stage = Stage { $0.maximumWaitingWrites = 2 }
    _ = stage.handle(.setRequested(1, RequestID(1)))
    _ = stage.handle(.setRequested(2, RequestID(2)))
    #expect(stage.handle(.setRequested(3, RequestID(3))).answers == [.overloaded])
    #expect(stage.pass(.seconds(2)).answers.count == 2)
  }

  @Test func `a notify never waits, and a write that waits goes on top of it`() {
    var stage = Self.stage(seeds: 0)
    _ = stage.handle(.setRequested(7, RequestID(1)))
    let stamp = Stamp(generation: 5, value: 5)
    #expect(stage.handle(.notified(stamp, by: "go", RequestID(2))).answers == [.accepted(stamp)])
    #expect(stage.pass(.seconds(2)).answers == [.accepted(Stamp(generation: 6, value: 7))])
  }
}
