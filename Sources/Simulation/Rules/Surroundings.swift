// What rules may see of the hosts.

internal import Gossip

/// The hosts at one moment, as rules may see them.
struct Surroundings {
  let hosts: [Host]
  let mappings: Mappings
  let time: Instant

  /// Whether nothing is wrong with a host itself.
  func isWell(_ host: Int) -> Bool {
    hosts[host].activity == .running && !hosts[host].isLeaving && hosts[host].lateness == .zero
      && hosts[host].advertised == nil && !mappings.concern(host)
  }
}
