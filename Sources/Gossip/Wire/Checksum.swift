// Detects damaged datagrams. Rejected: UDP's own checksum, which has sixteen bits and is optional over IPv4, and a
// keyed hash, which also detects forgeries and belongs to the seal.

/// CRC-32C (Castagnoli): it detects every burst error of up to 32 bits, and most wire formats of the field use it.
package enum Checksum {
  /// The checksum of these bytes.
  package static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc = table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
    }
    return ~crc
  }

  /// The remainder of each byte, for the reflected polynomial.
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
  }
}
