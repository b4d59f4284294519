// Real hours, for what takes hours: nodes forget the dead, treat members that slept for longer as strangers, and
// contact lost members a tenth as often. And clusters that only address books hold together, because no node with seeds
// is left.
//
// Trials do the same in seconds (`Sources/Simulation/Experiments/ForgettingCheck.swift`), among all faults; here are the
// times as people have them.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct ForgettingCheckTests {
  /// Runs hosts with these others as seeds, until all know each other.
  private func cluster(seeds: [[Int]], seed: UInt64 = 1) -> Cluster {
    var cluster = Cluster(seed: seed)
    for names in seeds { cluster.addHost(seeds: names.map { [$0] }) }
    for host in seeds.indices { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(10))
    // So that each has probed each, and may have it in its book.
    cluster.run(for: .seconds(10))
    return cluster
  }

  private func expectSettles(
    _ cluster: inout Cluster, within bound: Duration, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let time = cluster.settle(within: bound)
    let violation = cluster.violation.map { "\($0)" } ?? ""
    print("\(what): one cluster after \(time.map { "\($0.inSeconds) s" } ?? "never")")
    #expect(time != nil, "\(what): \(violation)", sourceLocation: sourceLocation)
  }

  @Test func `an hour after its death a member is forgotten, and may return`() {
    var cluster = cluster(seeds: [[], [0], [0, 1], [0], [1]])
    cluster.perform(.crash(3))
    cluster.run(for: .seconds(3500))
    let before = (0..<5).filter { $0 != 3 }.map { cluster.status(of: $0).members.count }
    cluster.run(for: .seconds(120))
    let after = (0..<5).filter { $0 != 3 }.map { cluster.status(of: $0).members.count }
    #expect(before == [5, 5, 5, 5])
    #expect(after == [4, 4, 4, 4])
    cluster.perform(.start(3))
    expectSettles(&cluster, within: .seconds(10), "returned after an hour")
  }

  /// Only what it knew when it fell asleep joins them: the others have restarted meanwhile, and do not know it.
  @Test func `who slept for over an hour finds whom it knew, though nobody knows it`() {
    var cluster = cluster(seeds: [[], [0], [0, 1]])
    cluster.perform(.loseNames(FaultID(1)))
    cluster.perform(.pause(0))
    for host in [1, 2] {
      cluster.perform(.crash(host))
      cluster.run(for: .seconds(5))
      cluster.perform(.start(host))
      cluster.run(for: .seconds(20))
    }
    cluster.run(for: .seconds(3700))
    #expect([1, 2].map { cluster.status(of: $0).members.count } == [2, 2])
    cluster.perform(.resume(0))
    cluster.run(for: .milliseconds(100))
    expectSettles(&cluster, within: .seconds(30), "slept for an hour, without a seed")
  }

  /// The fifth node brought them together and has gone. Each half knows the other only from its address book.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `halves that were apart for two hours meet, though nobody has a seed`(seed: UInt64) {
    var cluster = cluster(seeds: [[], [], [], [], [0, 1, 2, 3]], seed: seed)
    cluster.perform(.leave(4))
    cluster.perform(.impair(FaultID(1), Impairment.partition([[0, 1], [2, 3]])))
    cluster.run(for: .seconds(7200))
    #expect((0..<4).map { cluster.status(of: $0).members.count } == [2, 2, 2, 2])
    cluster.perform(.end(FaultID(1)))
    expectSettles(&cluster, within: .seconds(60), "apart for two hours, without a seed")
  }

  /// The node that names it has gone for ever, and it never had a seed itself.
  @Test func `a node without seeds that was restarted is found by those who knew it`() {
    var cluster = cluster(seeds: [[], [0], [1]])
    cluster.perform(.crash(1))
    cluster.perform(.crash(0))
    cluster.run(for: .seconds(10))
    cluster.perform(.start(0))
    expectSettles(&cluster, within: .seconds(10), "restarted without a seed")
  }
}
