// How fast a write spreads, a cluster joins and heals, and what a quiet node sends.

internal import Gossip

extension Experiment {
  // MARK: The value

  /// From a write on one node to all nodes holding it, so many times.
  package func writes(_ times: Int) throws(Violation) -> Distribution {
    try repeated(times, every: 1000..<2000) { cluster, host, number in
      let start = cluster.time
      cluster.perform(.set(host, Int64(number)))
      let stamp = cluster.stamp(of: host)
      let isDone = cluster.run(until: start + .seconds(60)) { cluster in
        cluster.hosts.indices.allSatisfy { cluster.stamp(of: $0) >= stamp }
      }
      return isDone ? cluster.time - start : nil
    }
  }

  /// Writes so many times, so many a second.
  package func stream(_ writes: Int, perSecond rate: Double) throws(Violation) -> WriteStream {
    var generator = self.generator
    return try measure { WriteStream.run(on: &$0, writes: writes, perSecond: rate, using: &generator) }
  }

  /// Writes on one node after the other, each on top of the one before, so far apart: how many of them were reported as
  /// lost. None was.
  package func falseLosses(of writes: Int, apart gap: Duration) throws(Violation) -> Int {
    try measure { cluster in
      let time = cluster.time
      for number in 0..<writes {
        cluster.perform(.set(number % hosts, Int64(number)))
        cluster.run(until: time + gap * (number + 1))
      }
      cluster.run(for: .seconds(2))
      return cluster.running.reduce(0) { $0 + Int(cluster.status(of: $1).lostWrites) }
    }
  }

  // MARK: Traffic

  /// What one node sends in a second while nothing happens.
  package func idleTraffic(for duration: Duration) throws(Violation) -> Traffic.Rate {
    try measure { cluster in
      let before = cluster.sent
      cluster.run(for: duration)
      return (cluster.sent - before).divided(by: Double(hosts) * duration.inSeconds)
    }
  }

  // MARK: Healing and joining

  /// How long two halves that were apart for so long take to be one again.
  package func heal(after duration: Duration) throws(Violation) -> Duration {
    try measure { cluster in
      let (half, other) = (Array(0..<hosts / 2), Array(hosts / 2..<hosts))
      cluster.perform(.impair(FaultID(1), Impairment.partition([half, other])))
      cluster.run(for: duration / 2)
      cluster.perform(.set(0, 1))
      cluster.perform(.set(hosts - 1, 2))
      cluster.run(for: duration / 2)
      cluster.perform(.end(FaultID(1)))
      return Experiment.settling(&cluster)
    }
  }

  /// How long one more node takes until all agree with it.
  package func joinOfOne() throws(Violation) -> Duration {
    try measure { cluster in
      let host = cluster.addHost(seeds: [[0]], settings: settings)
      cluster.perform(.start(host))
      return Experiment.settling(&cluster)
    }
  }

  /// How long all take that start together.
  package func joinOfAll() throws(Violation) -> Duration { try measure(started(), Experiment.settling) }

  private static func settling(_ cluster: inout Cluster) -> Duration { cluster.settle(within: .seconds(600)) ?? .zero }
}
