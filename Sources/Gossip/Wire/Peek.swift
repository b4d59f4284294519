// What can be read off a datagram without decoding it: for rules and traces, which look at every datagram of a simulation.
// Rejected: decoding each (ten times as dear), and offsets in every place that looks.

/// A few fields of a datagram, at their fixed places. Nothing is checked but its length: it may be anybody's noise.
package struct Peek: Sendable {
  /// Nil for one that this version does not know.
  package let kind: Message.Kind?
  /// The sender vouches for its stamp.
  package let vouches: Bool
  /// The sender's.
  package let incarnation: UInt64

  /// Nil for what is too short to have a sender.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= Wire.incarnationOffset + 8 else { return nil }
    kind = Message.Kind(rawValue: bytes[Wire.kindOffset])
    vouches = bytes[Wire.flagsOffset] & Wire.readyFlag != 0
    incarnation = bytes[Wire.incarnationOffset..<Wire.incarnationOffset + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
