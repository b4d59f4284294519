// The name server that all hosts ask: what it lists for a name, in which order, and whether that is true.
//
// A name stands for hosts, and the answer lists their addresses at the time of the question. The server chooses the
// order, how many it leaves out, and which addresses it lists that nobody has. None of this may matter for long.
// Rejected: a server for each host. A host that should be told something else has other hosts behind its seeds.

internal import Gossip

/// The state of the name server.
struct NameServer {
  var naming = Naming()
  private var silent: [FaultID] = []
  private var lies: [(id: FaultID, lie: NameLie)] = []
  private var questions = 0
  private var generator: Generator

  init(seed: UInt64) { generator = Generator(seed: seed, for: "name server") }

  /// Whether every name stands for all that it should, and for nobody else.
  var isHonest: Bool { silent.isEmpty && lies.isEmpty && naming == Naming() }

  mutating func fallSilent(_ id: FaultID) { silent.append(id) }

  mutating func lie(_ id: FaultID, _ lie: NameLie) { lies.append((id, lie)) }

  mutating func end(_ id: FaultID) {
    silent.removeAll { $0 == id }
    lies.removeAll { $0.id == id }
  }

  /// The answer for a name that stands for these addresses; nil when there is none.
  mutating func resolve(_ addresses: [Address]) -> [Address]? {
    guard silent.isEmpty else { return nil }
    // Others ask it as well. If only our nodes asked, a node that asks once a second, in step with the others, might
    // see the same part of the list for ever.
    questions += 1 + generator.below(3)
    var listed = (0..<naming.strays).map { NameServer.stray($0) }
    switch lies.last?.lie {
    case .foreign: listed += addresses.indices.map { NameServer.stray(naming.strays + $0) }
    case .stale: listed += addresses.map { NameServer.former($0) }
    case nil: listed += addresses
    }
    switch naming.order {
    case .given: break
    case .rotated: listed = listed.indices.map { listed[($0 + questions) % listed.count] }
    case .shuffled: generator.shuffle(&listed)
    }
    return Array(listed.prefix(naming.most ?? listed.count))
  }

  /// 172.16.0.1 and up: no host has it.
  private static func stray(_ number: Int) -> Address {
    Address(ipv4: 0xAC10_0001 + UInt32(number), port: DefaultPort.gossip)
  }

  /// 172.17 in place of 10.0.
  private static func former(_ address: Address) -> Address {
    Address(ipv4: 0xAC11_0000 | UInt32(truncatingIfNeeded: address.low) & 0xFFFF, port: DefaultPort.gossip)
  }
}
