// How a cluster with given settings on a given network behaves, in figures: what `unum simulate` is for, and what stands
// beside the protocol's constants.

package import Gossip

/// A cluster to be measured.
package struct Laboratory: Sendable {
  package var hosts: Int
  package var conditions: Conditions
  package var settings: Settings
  package var seed: UInt64

  package init(
    hosts: Int, conditions: Conditions = .lan, settings: Settings = Settings(), seed: UInt64 = 1
  ) {
    self.hosts = hosts
    self.conditions = conditions
    self.settings = settings
    // Nobody reads the summaries, and they are most of a quiet node's work.
    self.settings.reportInterval = .zero
    self.seed = seed
  }

  /// A cluster that has come up and been quiet for a while.
  package func cluster() -> Cluster {
    var cluster = Cluster(seed: seed, conditions: conditions)
    cluster.startHosts(hosts, settings: settings)
    cluster.run(for: .seconds(3))
    cluster.settle(within: .seconds(120))
    cluster.run(for: .seconds(10))
    return cluster
  }

  // MARK: Failures

  /// From the end of a process to its death in everybody's list, so many times.
  package func crashes(_ times: Int) throws(Violation) -> Distribution {
    var cluster = cluster()
    var dice = Generator(seed: seed, for: "measurement")
    var found = Distribution()
    for _ in 0..<times {
      cluster.run(for: .milliseconds(5000 + dice.below(2000)))
      let host = dice.below(hosts)
      let start = cluster.time
      let deaths = cluster.census.trueDeaths
      cluster.perform(.crash(host))
      let wanted = deaths + hosts - 1
      if cluster.run(until: start + .seconds(120), or: { $0.census.trueDeaths >= wanted }) {
        found.add((cluster.time - start).inSeconds)
      }
      cluster.run(for: .seconds(1))
      cluster.perform(.start(host))
      cluster.run(for: .seconds(3))
      cluster.settle(within: .seconds(120))
      try cluster.check()
    }
    return found
  }

  /// Running members called suspect and dead while nothing happens for so long.
  package func falseAlarms(for duration: Duration) throws(Violation) -> (suspicions: Int, deaths: Int) {
    var cluster = cluster()
    let (suspicions, deaths) = (cluster.census.falseSuspicions, cluster.census.falseDeaths)
    cluster.run(for: duration)
    try cluster.check()
    return (cluster.census.falseSuspicions - suspicions, cluster.census.falseDeaths - deaths)
  }

  // MARK: The value

  /// From a write on one node to all nodes holding it, so many times.
  package func writes(_ times: Int) throws(Violation) -> Distribution {
    var cluster = cluster()
    var dice = Generator(seed: seed, for: "measurement")
    var found = Distribution()
    for number in 0..<times {
      cluster.run(for: .milliseconds(1000 + dice.below(1000)))
      let host = dice.below(hosts)
      let start = cluster.time
      cluster.perform(.set(host, Int64(number)))
      let stamp = cluster.stamp(of: host)
      let isDone = cluster.run(until: start + .seconds(60)) { cluster in
        cluster.hosts.indices.allSatisfy { cluster.stamp(of: $0) >= stamp }
      }
      if isDone { found.add((cluster.time - start).inSeconds) }
      try cluster.check()
    }
    return found
  }

  /// Writes on one node after the other, each on top of the one before, so far apart: how many of them were told as
  /// lost. None was.
  package func falseLosses(of writes: Int, apart gap: Duration) throws(Violation) -> Int {
    var cluster = cluster()
    let time = cluster.time
    for number in 0..<writes {
      cluster.perform(.set(number % hosts, Int64(number)))
      cluster.run(until: time + gap * (number + 1))
    }
    cluster.run(for: .seconds(2))
    try cluster.check()
    return cluster.running.reduce(0) { $0 + Int(cluster.status(of: $1).lostWrites) }
  }

  /// How long a node that was cut off from all others takes to hold them all dead.
  package func isolation() throws(Violation) -> Duration? {
    var cluster = cluster()
    cluster.perform(.impair(FaultID(1), Impairment.partition([[0], Array(1..<hosts)])))
    let start = cluster.time
    let isAlone = cluster.run(until: start + .seconds(300)) { $0.liveMembers(of: 0) == 1 }
    try cluster.check()
    return isAlone ? cluster.time - start : nil
  }

  // MARK: Traffic

  /// What one node sends in a second while nothing happens: datagrams, and bytes with the headers of Ethernet, IPv4 and
  /// UDP.
  package func idleTraffic(for duration: Duration) throws(Violation) -> (datagrams: Double, bytes: Double) {
    var cluster = cluster()
    let before = cluster.sent
    cluster.run(for: duration)
    try cluster.check()
    let share = Double(hosts) * duration.inSeconds
    let datagrams = Double(cluster.sent.datagrams - before.datagrams)
    let bytes = Double(cluster.sent.bytes - before.bytes)
    return (datagrams / share, (bytes + Laboratory.headers * datagrams) / share)
  }

  /// 14 bytes of Ethernet, 20 of IPv4, 8 of UDP.
  package static let headers = 42.0

  // MARK: Healing and joining

  /// How long two halves that were apart for so long take to be one again.
  package func heal(after duration: Duration) throws(Violation) -> Duration {
    var cluster = cluster()
    let half = Array(0..<hosts / 2)
    let other = Array(hosts / 2..<hosts)
    cluster.perform(.impair(FaultID(1), Impairment.partition([half, other])))
    cluster.run(for: duration / 2)
    cluster.perform(.set(0, 1))
    cluster.perform(.set(hosts - 1, 2))
    cluster.run(for: duration / 2)
    cluster.perform(.end(FaultID(1)))
    let time = cluster.settle(within: .seconds(600))
    try cluster.check()
    return time ?? .zero
  }

  /// How long one more node takes until all agree with it.
  package func joinOfOne() throws(Violation) -> Duration {
    var cluster = cluster()
    let host = cluster.addHost(seeds: [[0]], settings: settings)
    cluster.perform(.start(host))
    let time = cluster.settle(within: .seconds(600))
    try cluster.check()
    return time ?? .zero
  }

  /// How long all take that start together.
  package func joinOfAll() throws(Violation) -> Duration {
    var cluster = Cluster(seed: seed, conditions: conditions)
    cluster.startHosts(hosts, settings: settings)
    let time = cluster.settle(within: .seconds(600))
    try cluster.check()
    return time ?? .zero
  }

  /// What a stop of one process does.
  package struct PauseOutcome: Sendable {
    /// How many of the others called it dead.
    package var calledDead = 0
    /// From the end of the stop until all agree again.
    package var back = Duration.zero
    /// How often others, who never stopped, were called suspect or dead from the stop until a quarter minute after.
    package var othersSuspected = 0
    package var othersCalledDead = 0

    package init() {}
  }

  /// Stops one process for so long.
  package func pause(for duration: Duration) throws(Violation) -> PauseOutcome {
    var cluster = cluster()
    let address = cluster.hosts[1].address
    let first = cluster.census.changes.count
    cluster.perform(.pause(1))
    cluster.run(for: duration)
    cluster.perform(.resume(1))
    var outcome = PauseOutcome()
    outcome.back = cluster.settle(within: .seconds(600)) ?? .zero
    cluster.run(for: .seconds(15))
    try cluster.check()
    for change in cluster.census.changes[first...] {
      switch (change.to, change.address == address) {
      case (.dead, true): outcome.calledDead += 1
      case (.dead, false): outcome.othersCalledDead += 1
      case (.suspect, false): outcome.othersSuspected += 1
      default: break
      }
    }
    return outcome
  }

  /// How long the crash of a process takes to be known to all that was stopped for so long, so long before.
  package func crash(afterPauseOf pause: Duration, quietFor quiet: Duration) throws(Violation) -> Duration? {
    var cluster = cluster()
    cluster.perform(.pause(1))
    cluster.run(for: pause)
    cluster.perform(.resume(1))
    cluster.settle(within: .seconds(600))
    cluster.run(for: quiet)
    let start = cluster.time
    let wanted = cluster.census.trueDeaths + hosts - 1
    cluster.perform(.crash(1))
    let isFound = cluster.run(until: start + .seconds(300)) { $0.census.trueDeaths >= wanted }
    try cluster.check()
    return isFound ? cluster.time - start : nil
  }
}

extension Violation: Error {}

extension Cluster {
  /// Throws the rule that was broken, if one was: figures of such a run mean nothing.
  package func check() throws(Violation) {
    if let violation { throw violation }
  }

  /// Everything that all hosts sent.
  package var sent: (datagrams: Int, bytes: Int) {
    (hosts.reduce(0) { $0 + $1.datagramsSent }, hosts.reduce(0) { $0 + $1.bytesSent })
  }
}
