// What a node counts. A counter is a case and an array slot: no names, no locks and no library in the core.

/// Whether a datagram went out or came in.
package enum Direction: String, CaseIterable, Sendable {
  case sent, received
}

/// Why something from the network was refused. Each costs one counter and nothing else.
package enum Refusal: String, CaseIterable, Sendable {
  /// Longer than a datagram of ours can be.
  case oversized
  /// Ended too early, had bytes left over, or a field had an impossible value.
  case malformed
  /// Its checksum is wrong.
  case corrupted
  /// Another version of the wire format.
  case version
  /// Another cluster's name.
  case cluster
  /// Sealed with a key that we do not have.
  case sealed
  /// An address that nobody can be reached at.
  case address
  /// An incarnation that no clock and no member can have made.
  case incarnation
  /// A stamp above the ceiling for members.
  case stamp
  /// A notify above the ceiling for strangers.
  case notify
  /// A stranger, above the number that is answered each second.
  case flood
  /// An answer to nothing that we asked, or from somebody else than asked.
  case unsolicited
  /// A request that only members may make.
  case notMember = "not_member"
  /// No room for another member.
  case full
}

/// All counters of one node; they only grow.
package struct Counters: Equatable, Sendable {
  private var datagrams = [UInt64](repeating: 0, count: Message.Kind.allCases.count * Direction.allCases.count)
  private var refusals = [UInt64](repeating: 0, count: Refusal.allCases.count)
  /// Probes that ended without an answer, direct or indirect.
  package var failedProbes: UInt64 = 0
  /// Accusations of ourselves that we outbid.
  package var refutations: UInt64 = 0
  /// Suspicions that we raised or passed on.
  package var suspicions: UInt64 = 0
  /// Deaths that we declared.
  package var deaths: UInt64 = 0
  /// Stalls of this process that were noticed.
  package var stalls: UInt64 = 0
  /// Times that somebody said that our advertised address does not lead to us.
  package var addressRefusals: UInt64 = 0
  /// Pulls that we asked for.
  package var pulls: UInt64 = 0
  /// Bytes of datagrams, without UDP and IP headers.
  package var bytesSent: UInt64 = 0
  package var bytesReceived: UInt64 = 0

  package init() {}

  package func datagrams(_ kind: Message.Kind, _ direction: Direction) -> UInt64 {
    datagrams[Counters.slot(kind, direction)]
  }

  package func refused(_ reason: Refusal) -> UInt64 { refusals[reason.index] }

  mutating func count(_ kind: Message.Kind, _ direction: Direction, bytes: Int) {
    datagrams[Counters.slot(kind, direction)] += 1
    switch direction {
    case .sent: bytesSent += UInt64(bytes)
    case .received: bytesReceived += UInt64(bytes)
    }
  }

  mutating func refuse(_ reason: Refusal) { refusals[reason.index] += 1 }

  private static func slot(_ kind: Message.Kind, _ direction: Direction) -> Int {
    (Int(kind.rawValue) - 1) * Direction.allCases.count + (direction == .sent ? 0 : 1)
  }
}

extension Refusal {
  /// The position of this case among all, without a search.
  fileprivate var index: Int {
    switch self {
    case .oversized: 0
    case .malformed: 1
    case .corrupted: 2
    case .version: 3
    case .cluster: 4
    case .sealed: 5
    case .address: 6
    case .incarnation: 7
    case .stamp: 8
    case .notify: 9
    case .flood: 10
    case .unsolicited: 11
    case .notMember: 12
    case .full: 13
    }
  }
}
