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
  /// Whether the seed also says how often each kind of fault comes (see `Schedule`).
  package var drawsRates = false
  /// How many of the first hosts have no seeds; the seeds of the others name them.
  package var seedless = 0
  /// Only the last host has seeds, which are all the others. It brings them together and leaves for ever before the
  /// first fault, so nothing but their address books holds them together. A process that was started anew would know
  /// nobody, so kinds of fault that end processes are left out.
  package var isIntroduced = false {
    didSet { if isIntroduced { kinds.removeAll(where: \.endsProcesses) } }
  }

  package init(seed: UInt64, hosts: Int = 5, kinds: [FaultKind] = FaultKind.common, faults: Duration = .seconds(60)) {
    self.seed = seed
    self.hosts = hosts
    self.kinds = kinds
    self.faults = faults
  }

  /// What came of a trial.
  package struct Outcome: Sendable {
    /// The rule that was broken; nil when all held.
    package var violation: Violation?
    /// How long the cluster took to come together when the faults had ended.
    package var settling: Duration?
    package var trace: Trace
    package var membershipLog: MembershipLog
    /// The simulated time.
    package var time: Instant
    /// How often each kind of fault set in.
    package var faults: [(kind: FaultKind, episodes: Int)]
  }

  /// Runs the trial.
  ///
  /// - Parameters:
  ///   - mutation: a planted bug.
  ///   - ignored: rules that are left out.
  package func run(
    telling: Trace.Telling? = nil, mutation: Mutation? = nil, ignoring ignored: Set<Violation.Rule> = []
  ) -> Outcome {
    var cluster = Cluster(configuration, telling: telling, mutation: mutation, ignoring: ignored)
    let start = cluster.time + .seconds(3)
    if isIntroduced { cluster.schedule(.leave(hosts - 1), at: start - .seconds(1)) }
    let schedule = Schedule(
      seed: seed, hosts: staying, kinds: kinds, start: start, duration: faults, drawsRates: drawsRates,
      isWantedInTheEnd: isWantedInTheEnd)
    for (time, action) in schedule.planned { cluster.schedule(action, at: time) }
    cluster.run(until: schedule.end + .microseconds(1))
    let settling = settle(&cluster, after: schedule)
    QuiescenceCheck.run(on: &cluster)
    return Outcome(
      violation: cluster.violation, settling: settling, trace: cluster.trace, membershipLog: cluster.membershipLog,
      time: cluster.time, faults: schedule.counts)
  }

  /// Waits until the cluster has come together and the last echo of the faults is over.
  /// - Returns: how long it took to come together.
  private func settle(_ cluster: inout Cluster, after schedule: Schedule) -> Duration? {
    // What the network held up is a fault that ends when it arrives: it may bring a stamp that is the greatest then,
    // though every holder of it has gone.
    let stragglers = cluster.lastArrival + .seconds(1)
    let bound = settings.settlingTime(hosts: hosts)
    let settling = cluster.settle(within: bound)
    cluster.run(until: max(cluster.lastEcho, stragglers, schedule.lastStart))
    // All may have agreed for a moment while the last news of the faults was still on its way to them, or before a
    // process that had just left started again.
    cluster.settle(within: bound)
    if settings.tombstoneLifetime < Trial.soon {
      ForgettingCheck.run(on: &cluster, returning: 0..<staying, within: bound, seed: seed)
    }
    return settling
  }
}

extension Trial {
  private var configuration: ClusterConfiguration {
    var configuration = ClusterConfiguration(seed: seed, seeds: (0..<hosts).map { seeds(of: $0) })
    configuration.settings = settings
    return configuration
  }

  /// A trial waits until nodes have forgotten when that takes less than this.
  private static let soon: Duration = .seconds(60)

  /// The first three know each other, and the others know one of them: that is how people write seeds. And some people
  /// start the first nodes without any.
  private func seeds(of host: Int) -> [[Int]] {
    if isIntroduced { return host < staying ? [] : (0..<staying).map { [$0] } }
    if host < seedless { return [] }
    return host < 3 ? (0..<min(3, hosts)).map { [$0] } : [[host % 3]]
  }

  /// The hosts that faults happen to.
  private var staying: Int { isIntroduced ? hosts - 1 : hosts }

  /// Whether a host has to run when the faults have ended: the only seed of another host, and of several hosts without
  /// seeds the one that names them all. Without it there might be two clusters that nobody's seeds join, and whose
  /// nodes were all started after they last met.
  private func isWantedInTheEnd(_ host: Int) -> Bool {
    host == 0 || (host < 3 && host + 3 < hosts) || (host == 2 && seedless > 1)
  }
}

extension Settings {
  /// How long a cluster may take to come together after all faults have ended. It is the sum of what can stand in the
  /// way, one after the other: the longest pause between pulls or refutations, twenty entries of the address book in
  /// the wrong order, and two rounds of probes at the worst local health. In 300 runs with every kind of fault the
  /// median was 0.4 s and the longest 16 s. A smaller bound would call rare bad luck a fault.
  fileprivate func settlingTime(hosts: Int) -> Duration {
    pullBackoff + contactInterval * (longGoneAfter < .seconds(60) ? 200 : 20) + period * (1 + maximumLocalHealth) * 2
      * hosts
  }
}
