// A node's counters. A counter is a field or an array slot: the core needs no names, no locks and no library for it.

/// Whether a datagram was sent or received.
package enum Direction: String, CaseIterable, Sendable {
  case sent, received
}

/// All counters of one node. They only grow.
package struct Counters: Equatable, Sendable {
  private var datagrams = [UInt64](repeating: 0, count: Message.Kind.allCases.count * Direction.allCases.count)
  private var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)
  /// Probes that ended without an answer, direct or indirect.
  package var failedProbes: UInt64 = 0
  /// Accusations of ourselves that we outbid.
  package var refutations: UInt64 = 0
  /// Suspicions that we raised or passed on.
  package var suspicions: UInt64 = 0
  /// Deaths that we declared.
  package var deaths: UInt64 = 0
  /// Stalls of this process that we noticed.
  package var stalls: UInt64 = 0
  /// How often another process said that our advertised address does not lead to us.
  package var addressNotices: UInt64 = 0
  /// Pulls that we sent.
  package var pulls: UInt64 = 0
  /// Bytes of datagrams, without UDP and IP headers.
  package var bytesSent: UInt64 = 0
  package var bytesReceived: UInt64 = 0

  package init() {}

  package func datagrams(_ kind: Message.Kind, _ direction: Direction) -> UInt64 {
    datagrams[Counters.slot(kind, direction)]
  }

  package func dropped(_ reason: DropReason) -> UInt64 { drops[reason.index] }

  mutating func count(_ kind: Message.Kind, _ direction: Direction, bytes: Int) {
    datagrams[Counters.slot(kind, direction)] += 1
    switch direction {
    case .sent: bytesSent += UInt64(bytes)
    case .received: bytesReceived += UInt64(bytes)
    }
  }

  /// A header went out alone, in answer to a node that we cannot understand.
  mutating func countHeader() { bytesSent += UInt64(Wire.headerSize) }

  mutating func drop(_ reason: DropReason) { drops[reason.index] += 1 }

  private static func slot(_ kind: Message.Kind, _ direction: Direction) -> Int {
    (Int(kind.rawValue) - 1) * Direction.allCases.count + (direction == .sent ? 0 : 1)
  }
}
