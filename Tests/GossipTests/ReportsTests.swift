import Testing

@testable import Gossip

@Suite struct ReportsTests {
  private static func summaries(_ line: [(at: Int, effect: Effect)]) -> [(at: Int, members: Int, live: Int)] {
    line.compactMap {
      if case .report(.summary(let members, let live, _)) = $0.effect { ($0.at, members.count, live) } else { nil }
    }
  }

  @Test func `members and state are told every five seconds`() {
    var stage = Stage()
    #expect(Self.summaries(stage.timeline(.seconds(16))).map(\.at) == [5_000, 10_000, 15_000])
  }

  @Test func `changes are told within a second, and at most one summary a second`() {
    var stage = Stage()
    stage.pass(.milliseconds(5_500))
    stage.join([Peer(1)])
    let line = Self.summaries(stage.timeline(.seconds(2)))
    #expect(line.map(\.at) == [500])
    #expect(line[0].live == 2)
    var at: [Int] = []
    for round in 0..<40 {
      var peer = Peer(1)
      peer.stamp = Stamp(generation: UInt64(round + 1), value: 0)
      stage.receive(from: peer)
      at += Self.summaries(stage.timeline(.milliseconds(100))).map { $0.at + round * 100 }
    }
    #expect(zip(at, at.dropFirst()).allSatisfy { $1 - $0 >= 1_000 })
    #expect(at.count == 4)
  }

  @Test func `an interval of zero is never`() {
    var stage = Stage { $0.reportInterval = .zero }
    stage.join([Peer(1)])
    #expect(Self.summaries(stage.timeline(.seconds(12))).isEmpty)
  }

  @Test func `above 32 members a summary lists only those that changed`() {
    var stage = Stage()
    stage.join((1...32).map { Peer($0) })
    stage.pass(.seconds(6))
    var peer = Peer(7)
    peer.incarnation += 1
    stage.receive(from: peer, rumours: [peer.record()])
    let line = Self.summaries(stage.timeline(.seconds(8)))
    #expect(line.map(\.members).prefix(2) == [1, 0])
    #expect(line.allSatisfy { $0.live == 33 })
  }

  @Test func `every two seconds two members and all extra peers are notified over HTTP`() {
    var stage = Stage { $0.notifyPeers = 2 }
    stage.join((1...5).map { Peer($0) })
    stage.pass(.seconds(2))
    _ = stage.handle(.setRequested(7, RequestID(1)))
    let line = stage.timeline(.seconds(6)).compactMap { at, effect in
      if case .notify(let target, let stamp) = effect { (at: at, target: target, stamp: stamp) } else { nil }
    }
    #expect(line.count == 12)
    #expect(Set(line.map(\.at)).count == 3)
    #expect(line.allSatisfy { $0.stamp == Stamp(generation: 1, value: 7) })
    #expect(line.count { $0.target == .peer(0) } == 3 && line.count { $0.target == .peer(1) } == 3)
    for case .member(let address, let http) in line.map(\.target) { #expect(http == address.with(port: 8080)) }
  }

  @Test func `a dead member whose name lives elsewhere with a higher incarnation is listed as replaced`() {
    var stage = Stage()
    var (old, new) = (Peer(1), Peer(2))
    old.name = "db-0"
    new.name = "db-0"
    new.incarnation += 1_000
    stage.join([old], answering: false)
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(old)?.status == .dead })
    stage.join([new])
    #expect(stage.member(old)?.status == .replaced)
    #expect(stage.member(new)?.status == .alive)
    #expect(stage.status.members.count { $0.name == "db-0" } == 2)
  }

  @Test func `members are current, behind, or not heard since, and never more than is known`() {
    var stage = Stage { $0.pushes = [] }
    stage.join([Peer(1), Peer(2), Peer(3)], answering: false)
    stage.pass(.milliseconds(1_600))
    #expect(stage.status.convergence.current == 3)
    // Heard in the very instant of the write is not heard since.
    stage.receive(from: Peer(3))
    _ = stage.handle(.setRequested(7, RequestID(1)))
    #expect(stage.status.convergence.unheard == 3)
    stage.time += 10
    var current = Peer(1)
    current.stamp = Stamp(generation: 1, value: 7)
    stage.receive(from: current)
    stage.receive(from: Peer(2))
    #expect(stage.member(Peer(1))?.convergence == .current)
    #expect(stage.member(Peer(2))?.convergence == .behind)
    #expect(stage.member(Peer(3))?.convergence == .unheard)
    #expect(stage.status.members.first { $0.isSelf }?.convergence == nil)
  }
}
