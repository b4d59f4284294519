// What a cluster is before its first moment. Whoever builds one says it here, in one place.

package import Gossip

/// A cluster to be built: its seed, its network, and what each host is started with.
package struct ClusterConfiguration: Sendable {
  package var seed: UInt64
  package var conditions = Conditions.lan
  /// Of every host; but the names of its seeds come from `seeds`.
  package var settings = Settings()
  /// For each host, the hosts that each of its seeds' names stands for.
  package var seeds: [[[Int]]]

  package init(seed: UInt64, seeds: [[[Int]]]) {
    self.seed = seed
    self.seeds = seeds
  }

  /// So many hosts that know the first one by name.
  package init(seed: UInt64, hosts: Int) {
    self.init(seed: seed, seeds: ClusterConfiguration.joiningFirst(hosts))
  }

  /// The seeds of so many hosts that know the first one by name.
  static func joiningFirst(_ hosts: Int) -> [[[Int]]] { (0..<hosts).map { $0 == 0 ? [] : [[0]] } }
}
