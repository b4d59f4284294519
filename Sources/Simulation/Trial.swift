// One run: a cluster comes up, meets a schedule of faults, and must come together when they have ended.

package import Gossip

/// What is run. The same trial has the same outcome, to the last bit of its hash.
package struct Trial: Sendable {
  package var seed: UInt64
  package var hosts: Int
  package var kinds: [FaultKind]
  /// How long there are faults.
  package var faults: Duration
  package var settings = Settings()
  /// Whether each kind of fault comes more or less often as the seed says (see `Schedule`).
  package var drawsRates = false

  package init(seed: UInt64, hosts: Int = 5, kinds: [FaultKind] = FaultKind.common, faults: Duration = .seconds(60)) {
    self.seed = seed
    self.hosts = hosts
    self.kinds = kinds
    self.faults = faults
  }

  /// What came of it.
  package struct Outcome: Sendable {
    /// The rule that was broken; nil when all held.
    package var violation: Violation?
    /// How long the cluster took to come together when the faults had ended.
    package var settling: Duration?
    package var trace: Trace
    package var census: Census
    /// The simulated time.
    package var time: Instant
    /// How often each kind of fault set in.
    package var faults: [(kind: FaultKind, episodes: Int)]
  }

  /// Runs it, and writes down what happens when it is said how.
  package func run(telling: Trace.Telling? = nil, tampering: Tampering? = nil) -> Outcome {
    var cluster = Cluster(seed: seed, telling: telling)
    cluster.tampering = tampering
    // The first three know each other, the others know one of them: seeds as people write them.
    let first = (0..<min(3, hosts)).map { [$0] }
    for host in 0..<hosts { cluster.addHost(seeds: host < 3 ? first : [[host % 3]], settings: settings) }
    for host in 0..<hosts { cluster.perform(.start(host)) }
    let schedule = Schedule(
      seed: seed, hosts: hosts, kinds: kinds, start: cluster.time + .seconds(3), duration: faults,
      drawsRates: drawsRates)
    for (time, action) in schedule.planned { cluster.schedule(action, at: time) }
    cluster.run(until: schedule.end + .microseconds(1))
    // What the network held up is a fault that ends when it arrives: it may bring a stamp whose every holder has gone,
    // and which is the greatest then.
    let stragglers = cluster.lastArrival + .seconds(1)
    let settling = cluster.settle(within: settings.settlingTime(hosts: hosts))
    cluster.run(until: max(cluster.lastEcho, stragglers))
    // All may have agreed for a moment while the last news of the faults was still on its way to them.
    cluster.settle(within: settings.settlingTime(hosts: hosts))
    cluster.proveCalm()
    return Outcome(
      violation: cluster.violation, settling: settling, trace: cluster.trace, census: cluster.census,
      time: cluster.time, faults: schedule.counts)
  }
}

extension Settings {
  /// By when a cluster has come together after all faults have ended. The sum of what can stand in the way one after
  /// the other: the longest pause between pulls or refutations, twenty entries of the address book in the wrong order,
  /// and two rounds of probes at the worst local health. In 300 runs with every kind of fault the median was 0.4 s and
  /// the most 16 s; a smaller bound would call rare bad luck a fault.
  fileprivate func settlingTime(hosts: Int) -> Duration {
    pullBackoff + contactInterval * 20 + period * (1 + maximumLocalHealth) * 2 * hosts
  }
}

extension Cluster {
  /// Until when an accusation may be an echo of the faults: a probe whose pings all went out under them fails when they
  /// are over, at the worst local health and after slow round trips half a minute later. That is asked of each node, as a
  /// bound for all of them would excuse half a minute of every trial. A second more lets the accused say that it lives.
  fileprivate var lastEcho: Instant {
    let ends = running.compactMap { host in nodes[host].probeEnd.map { hosts[host].clock.trueTime(of: $0) } }
    return max(ends.max() ?? time, time) + .seconds(1)
  }
}
