// A made-up later version of the wire format: what its nodes would send to nodes of ours.
//
// Clusters are upgraded node by node, so this version has to live with the next, which does not exist yet. So we take a
// datagram of ours and add whatever a later version may add: a higher highest version, flags, a kind, and bytes behind
// the body, each record and the records. A node that ignores all of it behaves as if nobody had been upgraded.
//
// Rejected: a second encoder, which would have to follow every change of the first.

internal import Gossip

/// The made-up version. Its nodes are nodes of ours whose datagrams pass through here.
package enum LaterVersion {
  package static let number = Wire.version + 1
  /// How it writes `gossip`. A node that does not know a kind takes it for that.
  package static let kind: UInt8 = 77

  /// A datagram of ours as a node of the made-up version would send it. It has the same size if it was padded, and is
  /// no longer than a node sends on this path; where there is no room for more bytes, only kinds and flags are new.
  package static func rewritten(_ bytes: [UInt8]) -> [UInt8] {
    guard let parts = Parts(of: bytes) else { return bytes }
    let added = moreOfBody + parts.records.count * moreOfRecord + moreAtEnd
    let hasRoom = parts.end + added + Wire.checksumSize <= limit(bytes.count, isPadded: parts.isPadded(bytes))
    var result = Array(bytes[..<parts.bodySize])
    result[1] |= 0b10
    result[Wire.highestVersionOffset] = number
    result[Wire.flagsOffset] |= 0b1000
    if result[Wire.kindOffset] == Message.Kind.gossip.rawValue { result[Wire.kindOffset] = kind }
    let body = Array(bytes[parts.bodySize + 2..<parts.bodyEnd]) + filler(hasRoom ? moreOfBody : 0)
    result += [UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    result.append(UInt8(parts.records.count))
    for span in parts.records {
      var record = Array(bytes[span]) + filler(hasRoom ? moreOfRecord : 0)
      record[0] = UInt8(record.count - 1)
      result += record
    }
    result += filler(hasRoom ? moreAtEnd : 0)
    let padding = bytes.count - Wire.checksumSize - result.count
    if padding > 0 { result += Array(repeating: 0, count: padding) }
    let checksum = Checksum.crc32c(result[...])
    return result + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
  }

  private static func limit(_ size: Int, isPadded: Bool) -> Int {
    if isPadded { return size }
    return size <= Wire.modestPlainSize ? Wire.modestPlainSize : Wire.maximumPlainSize
  }

  // About the bytes that a flag, an address and a lineage would take.
  private static let moreOfBody = 3
  private static let moreOfRecord = 5
  private static let moreAtEnd = 16

  /// Bytes that are no zeros, and so no padding.
  private static func filler(_ count: Int) -> [UInt8] { Array(repeating: 0xA5, count: count) }

  /// Where the parts of a datagram of ours begin and end.
  private struct Parts {
    /// Where the number of bytes of the body is.
    let bodySize: Int
    let bodyEnd: Int
    /// Each record, with the byte that says its size.
    var records: [Range<Int>] = []
    /// Where the padding begins.
    var end: Int

    func isPadded(_ bytes: [UInt8]) -> Bool { end + Wire.checksumSize < bytes.count }

    /// Nil for a header alone.
    init?(of bytes: [UInt8]) {
      guard bytes.count > Wire.addressOffset else { return nil }
      bodySize = Wire.addressOffset + (bytes[Wire.addressOffset] == 4 ? 7 : 19)
      bodyEnd = bodySize + 2 + Int(bytes[bodySize]) << 8 + Int(bytes[bodySize + 1])
      end = bodyEnd + 1
      for _ in 0..<bytes[bodyEnd] {
        let begin = end
        end = begin + 1 + Int(bytes[begin])
        records.append(begin..<end)
      }
    }
  }
}
