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
  /// The first so many hosts have no seeds: whoever does names them.
  package var seedless = 0
  /// The last host alone has seeds, all the others; it brings them together and goes for ever before the first fault.
  /// So nothing but their address books holds them together, and who was started anew would know nobody: kinds of fault
  /// that end processes are left out.
  package var isIntroduced = false {
    didSet { if isIntroduced { kinds.removeAll(where: \.endsProcesses) } }
  }

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
    for host in 0..<hosts { cluster.addHost(seeds: seeds(of: host), settings: settings) }
    for host in 0..<hosts { cluster.perform(.start(host)) }
    let start = cluster.time + .seconds(3)
    if isIntroduced { cluster.schedule(.leave(hosts - 1), at: start - .seconds(1)) }
    let schedule = Schedule(
      seed: seed, hosts: staying, kinds: kinds, start: start, duration: faults, drawsRates: drawsRates,
      isWantedInTheEnd: isWantedInTheEnd)
    for (time, action) in schedule.planned { cluster.schedule(action, at: time) }
    cluster.run(until: schedule.end + .microseconds(1))
    // What the network held up is a fault that ends when it arrives: it may bring a stamp whose every holder has gone,
    // and which is the greatest then.
    let stragglers = cluster.lastArrival + .seconds(1)
    let bound = settings.settlingTime(hosts: hosts)
    let settling = cluster.settle(within: bound)
    cluster.run(until: max(cluster.lastEcho, stragglers, schedule.lastStart))
    // All may have agreed for a moment while the last news of the faults was still on its way to them, or before somebody
    // started who had just left.
    cluster.settle(within: bound)
    if settings.tombstoneLifetime < Trial.soon { cluster.proveForgetting(of: 0..<staying, within: bound, seed: seed) }
    cluster.proveCalm()
    return Outcome(
      violation: cluster.violation, settling: settling, trace: cluster.trace, census: cluster.census,
      time: cluster.time, faults: schedule.counts)
  }
}

extension Trial {
  /// Where nodes forget as soon as this, a trial waits until they have.
  private static let soon: Duration = .seconds(60)

  /// The first three know each other, the others know one of them: seeds as people write them. And some people start
  /// the first nodes without any.
  private func seeds(of host: Int) -> [[Int]] {
    if isIntroduced { return host < staying ? [] : (0..<staying).map { [$0] } }
    if host < seedless { return [] }
    return host < 3 ? (0..<min(3, hosts)).map { [$0] } : [[host % 3]]
  }

  /// The hosts that faults happen to.
  private var staying: Int { isIntroduced ? hosts - 1 : hosts }

  /// Whether a host has to run when the faults have ended, or there might be two clusters that nobody's seeds join, and
  /// whose nodes were all started after they last met: the only seed of another, and of several hosts without seeds the
  /// one that names them all.
  private func isWantedInTheEnd(_ host: Int) -> Bool {
    host == 0 || (host < 3 && host + 3 < hosts) || (host == 2 && seedless > 1)
  }
}

extension Settings {
  /// By when a cluster has come together after all faults have ended. The sum of what can stand in the way one after
  /// the other: the longest pause between pulls or refutations, twenty entries of the address book in the wrong order,
  /// and two rounds of probes at the worst local health. In 300 runs with every kind of fault the median was 0.4 s and
  /// the most 16 s; a smaller bound would call rare bad luck a fault.
  fileprivate func settlingTime(hosts: Int) -> Duration {
    pullBackoff + contactInterval * (longGoneAfter < .seconds(60) ? 200 : 20) + period * (1 + maximumLocalHealth) * 2
      * hosts
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
