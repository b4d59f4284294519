// How much was sent. Bytes are counted with headers, because a network carries these too; this is the one place that
// adds them.

/// Datagrams that were sent, and the bytes in them.
package struct Traffic: Equatable, Sendable {
  package var datagrams = 0
  /// Without headers.
  package var bytes = 0

  package init() {}

  /// What one sender, or all of them, sends in a second or for a write.
  package struct Rate: Equatable, Sendable {
    package var packets = 0.0
    /// With headers.
    package var bytes = 0.0
  }

  /// 14 bytes of Ethernet, 20 of IPv4, 8 of UDP.
  private static let headers = 42

  mutating func add(bytes: Int) {
    datagrams += 1
    self.bytes += bytes
  }

  /// This traffic, divided by so many seconds, nodes or both.
  package func divided(by shares: Double) -> Rate {
    Rate(packets: Double(datagrams) / shares, bytes: Double(bytes + Traffic.headers * datagrams) / shares)
  }

  static func + (one: Traffic, other: Traffic) -> Traffic {
    var sum = one
    sum.datagrams += other.datagrams
    sum.bytes += other.bytes
    return sum
  }

  package static func - (later: Traffic, earlier: Traffic) -> Traffic {
    var difference = later
    difference.datagrams -= earlier.datagrams
    difference.bytes -= earlier.bytes
    return difference
  }
}
