// A process is paused for three seconds, declared dead by all, and resumes: how soon is it back on all lists?
// `Tests/Benchmarks/run --faults` measures that on real processes; here also at the worst moment.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct PauseTests {
  /// The time from when the host resumes until all list all as alive.
  private func timeBack(of host: Int, in cluster: inout Cluster) -> Duration {
    let before = cluster.membershipLog.trueDeaths
    cluster.perform(.pause(host))
    cluster.run(for: .seconds(3))
    let deaths = cluster.membershipLog.trueDeaths - before
    let others = cluster.hosts.count - 1
    #expect(deaths == others, "it is dead to all others")
    cluster.perform(.resume(host))
    let start = cluster.time
    while !cluster.isAcquainted, cluster.time - start < .seconds(5) { cluster.run(for: .milliseconds(1)) }
    return cluster.time - start
  }

  @Test(arguments: [5, 20])
  func `a stopped process is back as soon as it says so`(hosts: Int) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      var cluster = acquainted(hosts, Settings(), seed: seed)
      let time = timeBack(of: 2, in: &cluster)
      #expect(time < .milliseconds(50))
      try cluster.check()
    }
  }

  /// It has just refuted to the other half, and then waits before it refutes again. That used to take a period.
  @Test func `one that is stopped right after a partition is back as soon`() throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      var cluster = acquainted(5, Settings(), seed: seed)
      cluster.perform(.impair(FaultID(1), Impairment.partition([[0, 1], [2, 3, 4]])))
      cluster.run(for: .seconds(90))
      cluster.perform(.end(FaultID(1)))
      while !cluster.isAcquainted, cluster.time < Instant(microseconds: 120_000_000) {
        cluster.run(for: .milliseconds(1))
      }
      let isHealed = cluster.isAcquainted
      #expect(isHealed)
      let time = timeBack(of: 0, in: &cluster)
      #expect(time < .milliseconds(50))
      try cluster.check()
    }
  }
}
