// One runner for everything that is measured. It builds a cluster, lets it come up, hands it over, and throws the rule
// that was broken meanwhile: figures of such a run would mean nothing.
//
// What is measured stands beside it: detection, the value, and how a cluster joins and heals. `Scenario` plays a longer
// story on the same runner. A trial asks whether a cluster survives, not how fast it is, and has a runner of its own.

package import Gossip

/// A cluster to be measured.
package struct Experiment: Sendable {
  package var configuration: ClusterConfiguration

  package init(
    hosts: Int, conditions: Conditions = .lan, settings: Settings = Settings(), seed: UInt64 = 1
  ) {
    configuration = ClusterConfiguration(seed: seed, hosts: hosts)
    configuration.conditions = conditions
    configuration.settings = settings
    // Nobody reads the summaries, and they are most of a quiet node's work.
    configuration.settings.reportInterval = .zero
  }

  package var hosts: Int { configuration.seeds.count }
  package var settings: Settings { configuration.settings }

  // MARK: Clusters

  /// A cluster whose processes have all just started.
  package func started() -> Cluster { Cluster(configuration) }

  /// A cluster that has come up and been quiet for a while.
  package func settled() -> Cluster {
    var cluster = started()
    cluster.run(for: .seconds(3))
    cluster.settle(within: Experiment.timeLimit)
    cluster.run(for: .seconds(10))
    return cluster
  }

  // MARK: Runs

  /// Measures a settled cluster once.
  package func measure<Result>(_ body: (inout Cluster) -> Result) throws(Violation) -> Result {
    try measure(settled(), body)
  }

  /// Measures a cluster once.
  package func measure<Result>(
    _ cluster: consuming Cluster, _ body: (inout Cluster) -> Result
  ) throws(Violation) -> Result {
    let result = body(&cluster)
    try cluster.check()
    return result
  }

  /// Measures one settled cluster so many times, on a host that is drawn, at moments that are related to no period.
  ///
  /// - Parameters:
  ///   - gap: milliseconds before each time.
  ///   - body: gets the host and the number of the time; nil when what is measured did not happen.
  func repeated(
    _ times: Int, every gap: Range<Int>, _ body: (inout Cluster, _ host: Int, _ number: Int) -> Duration?
  ) throws(Violation) -> Distribution {
    var generator = self.generator
    return try measure { cluster in
      var found = Distribution()
      for number in 0..<times where cluster.violation == nil {
        cluster.run(for: .milliseconds(gap.lowerBound + generator.below(gap.count)))
        if let duration = body(&cluster, generator.below(hosts), number) { found.add(duration.inSeconds) }
      }
      return found
    }
  }

  /// What draws hosts and moments.
  var generator: Generator { Generator(seed: configuration.seed, for: "measurement") }

  /// The longest wait for a cluster to settle before it is measured.
  static let timeLimit: Duration = .seconds(120)
}
