// What the adversary may see.

internal import Gossip

/// What the adversary can see of the hosts.
struct Targets {
  let hosts: [Host]
  let incarnations: Incarnations
  let time: Instant

  /// The address of a host.
  func address(of host: Int) -> Address { hosts[host].address }

  /// The wall clock of a host.
  func wall(of host: Int) -> UInt64 { hosts[host].clock.now(at: time).wall }

  /// The cluster of a host, as datagrams name it.
  func cluster(of host: Int) -> UInt64 { Hash.of(hosts[host].settings.cluster) }

  /// Whether a host has this address now.
  func isHost(_ address: Address) -> Bool { hosts.contains { $0.address == address } }
}
