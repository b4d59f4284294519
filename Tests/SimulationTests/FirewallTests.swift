// A member whose datagrams are lost both ways while HTTP passes, as behind a firewall that passes only TCP. Others
// declare it dead within a bound, though it answers every notify, and take it back when datagrams pass again.
//
// A notify shows that a process runs, but not that it can be a member, because it neither hears nor is heard. Rejected: a
// test of the suspicion alone, which would not show whole nodes whose pings are as far apart as their notifies.

import Gossip
import Simulation
import Testing

/// A cluster, its network, and how often its nodes notify.
private struct Firewalled: CustomStringConvertible {
  var description: String
  var hosts: Int
  var delay: Duration = .microseconds(300)
  var notifyInterval = Settings().notifyInterval

  /// The bound on a death: the member's turn in two rounds of probes, and one more that it fails; its time to refute;
  /// and the pings once more after one notify counted in its favour. All of it is stretched by the allowance for round
  /// trips, ten at most. Runs take a sixth to a third of it; if suspicions never ended, there would be no bound.
  var bound: Duration {
    let settings = Settings()
    let timeLimit = delay > .milliseconds(20) ? 10 : 1
    let probes = settings.period * (2 * hosts + 1)
    let suspicion = settings.suspicionMaximum + settings.suspectPingInterval * 2 * (settings.pingsBeforeDeath + 1)
    return probes * timeLimit + suspicion * timeLimit
  }
}

@SimulationThread @Suite struct FirewallTests {
  private nonisolated static let cases = [
    Firewalled(description: "two nodes", hosts: 2),
    Firewalled(description: "three nodes", hosts: 3),
    Firewalled(description: "seven nodes", hosts: 7),
    // A node's own pings before a death are further apart than two notifies.
    Firewalled(description: "two nodes, slow network", hosts: 2, delay: .milliseconds(250)),
    Firewalled(description: "three nodes, slow network", hosts: 3, delay: .milliseconds(250)),
    Firewalled(description: "three nodes that notify often", hosts: 3, notifyInterval: .milliseconds(200)),
  ]

  /// The status of the member on each of the others, sorted by host.
  private func statuses(of member: Int, in cluster: borrowing Cluster) -> [MemberStatus?] {
    let address = cluster.hosts[member].address
    return cluster.hosts.indices.filter { $0 != member }.map { host in
      cluster.status(of: host).members.first { $0.address == address }?.status
    }
  }

  @Test(arguments: cases, [1, 2, 3] as [UInt64])
  private func `a member that answers notifies alone is dead in the end, and alive soon after`(
    what: Firewalled, seed: UInt64
  ) throws {
    var conditions = Conditions.lan
    conditions.delay = what.delay
    var cluster = Cluster(seed: seed, conditions: conditions)
    var settings = Settings()
    settings.notifyInterval = what.notifyInterval
    cluster.startHosts(what.hosts, settings: settings)
    cluster.settle(within: .seconds(60))
    cluster.run(for: .seconds(10))
    try #require(cluster.violation == nil)
    let others = Array(0..<what.hosts - 1)
    let member = what.hosts - 1
    cluster.perform(.impair(FaultID(1), Impairment.partition([[member], others], sparesHTTP: true)))
    let began = cluster.time
    let isDead = cluster.run(until: cluster.time + what.bound) { cluster in
      self.statuses(of: member, in: cluster).allSatisfy { $0 == .dead }
    }
    print("\(what), seed \(seed): dead on all after \((cluster.time - began).inSeconds) s of \(what.bound.inSeconds)")
    let statuses = self.statuses(of: member, in: cluster)
    #expect(isDead, "seed \(seed): after \((cluster.time - began).inSeconds) s the others hold it \(statuses)")
    // The others do not take it back while datagrams are lost.
    let isBack = cluster.run(until: cluster.time + .seconds(30)) { cluster in
      !self.statuses(of: member, in: cluster).allSatisfy { $0 == .dead }
    }
    #expect(!isBack, "seed \(seed)")
    cluster.perform(.end(FaultID(1)))
    // Each contacts an entry of its address book once a second; on a slow network it takes three round trips more.
    let healed = cluster.settle(within: .seconds(30))
    #expect(healed != nil, "seed \(seed): \(cluster.violation.map { "\($0)" } ?? "")")
  }
}
