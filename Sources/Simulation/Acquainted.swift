// A cluster that is whole from its first moment: see `Node.meet`.

package import Gossip

extension Cluster {
  /// Adds so many hosts that know each other, and the first one by name, and starts them all at once.
  package mutating func startAcquainted(_ count: Int, settings: Settings = Settings()) {
    precondition(hosts.isEmpty, "others are there that would not be known")
    for number in 0..<count { addHost(seeds: number == 0 ? [] : [[0]], settings: settings) }
    let records = hosts.indices.map { host in
      Record(
        address: hosts[host].address, incarnation: hosts[host].clock.now(at: time).wall, state: .alive,
        name: "n\(host)", httpPort: Host.httpPort)
    }
    guard let members = Membership(of: records) else { return }
    for number in 0..<count {
      perform(.start(number))
      nodes[number].preload(members)
    }
  }
}
