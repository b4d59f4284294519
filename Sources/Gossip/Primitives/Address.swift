// The address where a member is reached. It is also the member's identity.
//
// Two words and a port compare in a few nanoseconds and allocate nothing; IPv4 is stored in its IPv6-mapped form, so
// that a dual-stack socket's `::ffff:10.0.0.1` and `10.0.0.1` are one member. Rejected: text (many spellings of one
// address) and names (they move, and two nodes may claim one).

/// An IP address and a port.
package struct Address: Comparable, Hashable, Sendable {
  /// The first 64 bits of the IPv6 address, most significant first.
  package var high: UInt64
  /// The last 64 bits.
  package var low: UInt64
  /// The port: UDP or TCP, depending on where it is used.
  package var port: UInt16

  package init(high: UInt64, low: UInt64, port: UInt16) {
    self.high = high
    self.low = low
    self.port = port
  }

  /// An IPv4 address, most significant byte first in `ipv4`.
  package init(ipv4: UInt32, port: UInt16) {
    self.init(high: 0, low: Address.mapped | UInt64(ipv4), port: port)
  }

  package var isIPv4: Bool { high == 0 && low & ~0xFFFF_FFFF == Address.mapped }

  /// The same address with another port.
  package func with(port: UInt16) -> Address { Address(high: high, low: low, port: port) }

  /// Whether a datagram may be sent there at all. Port 0 and the unspecified, multicast and broadcast addresses belong
  /// to nobody: sending to one fails at best and reaches strangers at worst.
  package var isReachable: Bool {
    guard port != 0 else { return false }
    if isIPv4 {
      let ipv4 = UInt32(truncatingIfNeeded: low)
      return ipv4 >> 24 != 0 && ipv4 >> 28 < 0xE
    }
    let isUnspecified = high == 0 && low == 0
    let isMulticast = high >> 56 == 0xFF
    return !isUnspecified && !isMulticast
  }

  /// Whether only this machine can reach it (127.0.0.0/8 or ::1).
  package var isLoopback: Bool {
    isIPv4 ? UInt32(truncatingIfNeeded: low) >> 24 == 127 : high == 0 && low == 1
  }

  package static func < (left: Address, right: Address) -> Bool {
    (left.high, left.low, left.port) < (right.high, right.low, right.port)
  }

  private static let mapped: UInt64 = 0xFFFF_0000_0000
}

extension Address: CustomStringConvertible {
  /// `10.0.0.1:7946` or `[fd00::1]:7946`.
  package var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  /// The address without its port, with IPv6 in the form that RFC 5952 (section 4) recommends.
  package var host: String {
    if isIPv4 {
      return [24, 16, 8, 0].map { String((low >> $0) & 0xFF) }.joined(separator: ".")
    }
    let groups = [high, low].flatMap { word in [48, 32, 16, 0].map { (word >> $0) & 0xFFFF } }
    let zeros = Address.longestZeroRun(groups)
    let hex = { (part: ArraySlice<UInt64>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard zeros.count > 1 else { return hex(groups[...]) }
    return hex(groups[..<zeros.lowerBound]) + "::" + hex(groups[zeros.upperBound...])
  }

  /// The first of the longest runs of zero groups, which `::` stands for.
  private static func longestZeroRun(_ groups: [UInt64]) -> Range<Int> {
    var longest = 0..<0
    var start = 0
    for (index, group) in groups.enumerated() {
      if group != 0 { start = index + 1 } else if index + 1 - start > longest.count { longest = start..<(index + 1) }
    }
    return longest
  }
}
