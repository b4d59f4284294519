// Live nodes whose HTTP ports refuse connections, because they are bound to loopback or behind a firewall that rejects.
// Datagrams pass all the time and none is lost, so every suspicion is a false one.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct RefusedHTTPTests {
  /// Ten minutes of a cluster in which these HTTP ports refuse everybody.
  private func cluster(
    of hosts: Int, refusing: [Int], seed: UInt64, counting refusals: Refusals = Refusals()
  ) throws -> Cluster {
    var cluster = Cluster(seed: seed)
    cluster.mutation = refusals.counting
    cluster.startHosts(hosts)
    for host in refusing { cluster.perform(.refuseHTTP(host, true)) }
    cluster.run(for: .seconds(600))
    try cluster.check()
    return cluster
  }

  @Test(arguments: [(2, 1), (2, 2), (2, 3), (5, 1), (20, 1)] as [(Int, UInt64)])
  func `whose ports refuse everybody for ten minutes suspect nobody and do not doubt themselves`(
    hosts: Int, seed: UInt64
  ) throws {
    let cluster = try cluster(of: hosts, refusing: Array(0..<hosts), seed: seed)
    #expect(cluster.membershipLog.falseAlarms.suspicions == 0)
    let failed = cluster.running.map { cluster.status(of: $0).counters.failedProbes }
    #expect(failed.allSatisfy { $0 == 0 }, "\(failed)")
    #expect(cluster.running.allSatisfy { cluster.status(of: $0).localHealth == 0 })
  }

  @Test func `a port that refuses is asked more and more rarely, and the others get its notifies`() throws {
    let refusals = Refusals()
    let cluster = try cluster(of: 5, refusing: [4], seed: 1, counting: refusals)
    #expect(cluster.membershipLog.falseAlarms.suspicions == 0)
    // Each of four others at 0, 10, 30, 70, 150, 310 s.
    #expect((16...28).contains(refusals.refused), "\(refusals.refused)")
    // Each sends two every two seconds.
    #expect(refusals.delivered + refusals.refused >= 2 * 5 * 290, "\(refusals.delivered)")
  }

  @Test func `a port that listens again is found to do so`() throws {
    let refusals = Refusals()
    var cluster = try cluster(of: 2, refusing: [1], seed: 1, counting: refusals)
    let before = refusals.delivered
    cluster.perform(.refuseHTTP(1, false))
    cluster.run(for: .seconds(700))
    // One node's of 650 s at least, as often as before.
    #expect(refusals.delivered - before >= 350 + 10, "\(refusals.delivered - before)")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a process that ends is found no later when its port refused before`(seed: UInt64) throws {
    var cluster = try cluster(of: 5, refusing: [4], seed: seed)
    let start = cluster.time
    cluster.perform(.crash(4))
    #expect(cluster.run(until: start + .seconds(3)) { $0.membershipLog.trueDeaths >= 4 })
  }
}

/// The outcomes of notifies that nodes heard, counted on the way in.
private final class Refusals {
  private(set) var refused = 0
  private(set) var delivered = 0

  var counting: Mutation {
    var mutation = Mutation()
    mutation.event = { _, event in
      switch event {
      case .connectionRefused: self.refused += 1
      case .notifyDelivered: self.delivered += 1
      default: break
      }
      return event
    }
    return mutation
  }
}
