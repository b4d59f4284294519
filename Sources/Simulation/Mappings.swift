// Addresses that are not what they seem: a host behind a port mapping, whose datagrams leave from elsewhere than where it
// is reached, and a process that advertises an address which is another's.
//
// Both are configuration more than faults, so that half of the mappings stay into the quiet: with them a cluster must come
// together as well. A process at another's address never can, and ends with its episode.

internal import Gossip

/// Where the datagrams of a host behind a gateway come from. What is sent there reaches the host, and so does what is sent
/// to its own address.
package enum Mapping: Equatable, Sendable, CaseIterable {
  /// The host's own IP address at another port.
  case port
  /// Another IP address, the gateway's.
  case gateway
  /// The gateway's, at another port for each destination.
  case symmetric
}

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

  /// The host that what is sent to this address reaches by a mapping.
  func host(at address: Address, owner: (Address) -> Int?) -> Int? {
    for (_, host, mapping) in list.reversed() {
      switch mapping {
      case .port:
        if address.port == Mappings.port, owner(address.with(port: Host.udpPort)) == host { return host }
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

extension Cluster {
  /// The host that a datagram to this address reaches.
  func receiver(at address: Address) -> Int? {
    owner(of: address) ?? mappings.host(at: address) { owner(of: $0) }
  }
}

extension Schedule {
  mutating func planMappings() {
    planEpisodes(every: 40, lasting: 20) { schedule, begin, end in
      let id = schedule.nextID()
      let host = schedule.dice.below(schedule.hosts)
      let mapping = Mapping.allCases[schedule.dice.below(Mapping.allCases.count)]
      let stays = schedule.dice.chance(0.5)
      schedule.add(.map(id, host, mapping), at: begin)
      if !stays { schedule.add(.end(id), at: end) }
    }
  }

  mutating func planDuplicates() {
    planEpisodes(every: 40, lasting: 15) { schedule, begin, end in
      let host = schedule.dice.below(schedule.hosts)
      let other = schedule.dice.below(schedule.hosts)
      guard other != host else { return }
      for (advertised, time) in [(other, begin), (nil, end)] as [(Int?, Instant)] {
        schedule.add(.crash(host), at: time)
        schedule.add(.advertise(host, as: advertised), at: time)
        schedule.add(.start(host), at: time)
      }
    }
  }
}
