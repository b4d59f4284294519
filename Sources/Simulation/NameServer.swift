// The name server that all hosts ask: what it lists for a name, in which order, and whether that is so.
//
// A name stands for hosts; what is answered are addresses, at the time of the question. In which order they come, how
// many are left out and which are listed that nobody has is the server's choice and must never matter for long.
// Rejected: a server for each host. A host that is to be told something else has other hosts behind its seeds.

internal import Gossip

/// How the name server answers.
package struct Naming: Equatable, Sendable {
  package enum Order: Equatable, Sendable {
    /// As the seeds are written, each time.
    case given
    /// The first one goes to the end at each question, as round-robin name servers do.
    case rotated
    /// Anew at each question.
    case shuffled
  }

  package var order: Order
  /// The most addresses of an answer; nil is no limit.
  package var most: Int?
  /// Addresses that nobody has, listed before the others.
  package var strays: Int

  package init(order: Order = .given, most: Int? = nil, strays: Int = 0) {
    self.order = order
    self.most = most
    self.strays = strays
  }
}

/// What the name server says in place of the truth.
package enum NameLie: Equatable, Sendable {
  /// The addresses that hosts had before they moved, or would have had.
  case stale
  /// Addresses of another network.
  case foreign
}

/// The state of the name server.
struct NameServer {
  var naming = Naming()
  private var silent: [FaultID] = []
  private var lies: [(id: FaultID, lie: NameLie)] = []
  private var questions = 0
  private var dice: Generator

  init(seed: UInt64) { dice = Generator(seed: seed, for: "name server") }

  /// Whether every name stands for all that it should, and for nobody else.
  var isHonest: Bool { silent.isEmpty && lies.isEmpty && naming == Naming() }

  mutating func fallSilent(_ id: FaultID) { silent.append(id) }

  mutating func lie(_ id: FaultID, _ lie: NameLie) { lies.append((id, lie)) }

  mutating func end(_ id: FaultID) {
    silent.removeAll { $0 == id }
    lies.removeAll { $0.id == id }
  }

  /// What it answers for a name that stands for these addresses; nil when it does not answer.
  mutating func answer(_ addresses: [Address]) -> [Address]? {
    guard silent.isEmpty else { return nil }
    // Others ask it as well. Were it asked by us alone, a node that asks once a second while others do so too might see
    // the same part of the list for ever.
    questions += 1 + dice.below(3)
    var listed = (0..<naming.strays).map { NameServer.stray($0) }
    switch lies.last?.lie {
    case .foreign: listed += addresses.indices.map { NameServer.stray(naming.strays + $0) }
    case .stale: listed += addresses.map { NameServer.former($0) }
    case nil: listed += addresses
    }
    switch naming.order {
    case .given: break
    case .rotated: listed = listed.indices.map { listed[($0 + questions) % listed.count] }
    case .shuffled: dice.shuffle(&listed)
    }
    return Array(listed.prefix(naming.most ?? listed.count))
  }

  /// 172.16.0.1 and up: no host has it.
  private static func stray(_ number: Int) -> Address {
    Address(ipv4: 0xAC10_0001 + UInt32(number), port: Host.udpPort)
  }

  /// 172.17 in place of 10.0.
  private static func former(_ address: Address) -> Address {
    Address(ipv4: 0xAC11_0000 | UInt32(truncatingIfNeeded: address.low) & 0xFFFF, port: Host.udpPort)
  }
}
