// Hosts behind a port mapping: their datagrams leave from elsewhere than where they are reached.

internal import Gossip

/// The port mappings that are in force.
struct Mappings {
  private var list: [(id: FaultID, host: Int, mapping: Mapping)] = []

  mutating func begin(_ id: FaultID, _ host: Int, _ mapping: Mapping) { list.append((id, host, mapping)) }

  mutating func end(_ id: FaultID) { list.removeAll { $0.id == id } }

  func concern(_ host: Int) -> Bool { list.contains { $0.host == host } }

  /// Where a datagram of a host at this address seems to come from; the last mapping counts.
  func source(of host: Int, at address: Address, to destination: Address) -> Address {
    guard let mapping = list.last(where: { $0.host == host })?.mapping else { return address }
    switch mapping {
    case .port: return address.with(port: Mappings.port)
    case .gateway: return Mappings.gateway(of: host, port: Mappings.port)
    case .symmetric:
      let hash = Hash.mix(destination.high ^ destination.low ^ UInt64(destination.port))
      return Mappings.gateway(of: host, port: Mappings.port + 1 + UInt16(hash % 10_000))
    }
  }

  /// The host that a datagram to this address reaches through a mapping.
  func host(at address: Address, ownerOf: (Address) -> Int?) -> Int? {
    for (_, host, mapping) in list.reversed() {
      switch mapping {
      case .port:
        if address.port == Mappings.port, ownerOf(address.with(port: DefaultPort.gossip)) == host { return host }
      case .gateway: if address == Mappings.gateway(of: host, port: Mappings.port) { return host }
      case .symmetric:
        if address.port > Mappings.port, address == Mappings.gateway(of: host, port: address.port) { return host }
      }
    }
    return nil
  }

  private static let port: UInt16 = 40_000

  /// 203.0.113.0/24, which is nobody's.
  private static func gateway(of host: Int, port: UInt16) -> Address {
    Address(ipv4: 0xCB00_7100 + UInt32(host), port: port)
  }
}
