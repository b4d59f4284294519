// A few fields read from a datagram without decoding it, for rules and traces, which look at every datagram of a
// simulation. Rejected: decoding each one (it costs ten times as much), and offsets in every place that reads a field.

/// A few fields of a datagram, at their fixed offsets. Only its length is checked: it may be anybody's noise.
package struct Peek: Sendable {
  /// Nil for a kind that this version does not know.
  package let kind: Message.Kind?
  /// The sender vouches for its stamp.
  package let vouches: Bool
  /// The sender's incarnation.
  package let incarnation: UInt64

  /// Nil for a datagram that is too short to name a sender.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= Wire.incarnationOffset + 8 else { return nil }
    kind = Message.Kind(rawValue: bytes[Wire.kindOffset])
    vouches = bytes[Wire.flagsOffset] & Wire.readyFlag != 0
    incarnation = bytes[Wire.incarnationOffset..<Wire.incarnationOffset + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
