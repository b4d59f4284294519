// The format of a datagram, byte by byte. Integers are big-endian; nothing is aligned.
//
//   offset  size  clear header (it would be the seal's associated data)
//        0     1  version, 2: the oldest version that understands this datagram
//        1     1  flags: bit 0 sealed
//        2     8  hash of the cluster's name (`Hash.of`)
//                 body
//       10     1  the highest version that the sender understands
//       11     1  kind (`Message.Kind`); from 128 on critical
//       12     1  sender's flags: bit 0 ready, bit 1 wants an introduction, bit 2 held
//                 back (it does not know the value either)
//       13     8  sender's incarnation, 1 … 2^62
//       21     8  stamp: generation, at most 2^53
//       29     8  stamp: value, two's complement
//       37     8  digest of the sender's active members
//       45     8  nonce; 0 if no answer is wanted
//       53     A  sender's address: family (4 or 6), 4 or 16 bytes, port: A is 7 or 19
//     53+A     2  number of bytes that follow for the kind
//              K  by kind:
//                   ping      address of the target
//                   pingRequest  address of the target, 2 bytes of deadline in milliseconds
//                   indirectAck  address of the target, 8 bytes of its incarnation
//                   pull      1 byte (bit 0: an address follows; bits 1-3: how often the buckets were folded),
//                             address to go on after, 128 digests of 8 bytes, halved by each folding
//                   page      1 byte (bit 0: there are more records)
//                   notice    1 byte: `RefusedAddress`
//                   ack, misdirected, join, nack, gossip   nothing
//              1  number of records
//              R  each record: 1 byte, the number of bytes that follow;
//                   address; 8 bytes of incarnation; 1 byte of state (bits 0-1) and "an accuser follows" (bit 2);
//                   accuser's address if so; 2 bytes of HTTP port; 1 byte of length and the name, in UTF-8
//              Z  anything; we write zeros, up to the size that the answer may have
//              4  CRC-32C of everything before it
//
// A datagram is at most 1,232 bytes, with 48 reserved for a seal: key id, boot id, counter and tag. A sealed datagram
// has bit 0 of the flags set and is refused by a node without a key.
//
// Room to grow. A later version may add bits to each byte of flags (header, sender, pull, page, a record's state), kinds,
// bytes behind the known ones of a kind and of a record, and bytes behind the records. A node ignores what it does not
// know: bytes and bits as if they were not there, and an unknown kind as if it were `gossip`. What must not be ignored is
// marked as critical: bits 6 and 7 of each byte of flags, and kinds from 128 on. A datagram with an unknown critical bit
// or kind is dropped; a record with one, or with an address of an unknown family, is skipped. So a node of a later version
// needs another version byte only for those that it knows to understand it (they say the highest that they do), and a
// cluster can be upgraded node by node.
//
// Rejected: a self-describing encoding (as JSON, a ping with a dozen members takes 1,459 bytes; here it takes about 400)
// and variable-length integers (the incarnation, a clock, needs its eight bytes anyway; fixed offsets are easy to check).

/// The format of a datagram: its limits and its encoder. The decoder is `Wire.decode`.
package enum Wire {
  /// The version that this node writes, and the highest that it understands. Version 1 was never released.
  package static let version: UInt8 = 2
  /// The largest datagram that may be sent: IPv6's minimum MTU (1,280) less the headers of IPv6 and UDP.
  package static let maximumSize = 1232
  /// The bytes of each datagram that are reserved for the seal.
  package static let sealSize = 48
  /// The largest datagram that we make, unsealed.
  package static let maximumPlainSize = maximumSize - sealSize
  /// The size that every path lets through, unsealed: a packet of 576 bytes, which every host must accept (RFC 1122,
  /// section 3.3.2), less the headers of IPv4 and UDP and the seal. See `PathSize`.
  package static let modestPlainSize = 576 - 28 - sealSize
  /// The longest name of a member, in bytes of UTF-8: the longest DNS label is 63.
  package static let maximumName = 64
  /// How many digests an unfolded pull has.
  package static let buckets = Membership.bucketCount
  /// How often buckets may be folded, each time the upper half onto the lower. A node that does not know folding drops
  /// such a pull as malformed, and answers unfolded ones.
  package static let foldings = 0...3
  /// No member can have a higher incarnation: a quarter of the range, so that adding to one never overflows.
  package static let maximumIncarnation: UInt64 = 1 << 62
  /// No stamp can have a higher generation: a double holds integers exactly up to here. The ceiling is below it.
  package static let maximumGeneration: UInt64 = 1 << 53
  /// Where the body begins.
  package static let headerSize = 10
  /// Where the highest version is that the sender understands.
  package static let highestVersionOffset = headerSize
  /// Where the kind of message is.
  package static let kindOffset = headerSize + 1
  /// Where the sender's flags are.
  package static let flagsOffset = headerSize + 2
  /// Where the sender's incarnation is.
  package static let incarnationOffset = headerSize + 3
  /// Where the sender's address is.
  package static let addressOffset = headerSize + 43
  /// Bit 0 of the sender's flags.
  static let readyFlag: UInt8 = 1
  package static let checksumSize = 4
  /// Bit 0 of the flags.
  static let sealedFlag: UInt8 = 1
  /// The bits of each byte of flags that a node must not ignore if it does not know them. Two are enough: one for what
  /// comes first, one for what nobody thought of. More would take bits from what may be ignored, which is most.
  static let criticalBits: UInt8 = 0xC0
  /// The first kind that a node must not take for `gossip` if it does not know it.
  static let firstCriticalKind: UInt8 = 128
  /// The size that a request for an introduction is padded to, so that its answer may be as large: 79 bytes before the
  /// records, and two records of at most 115 with the longest names, the answerer's own and an accusation.
  package static let introductionSize = 312

  /// The name cut to at most `maximumName` bytes, between characters.
  package static func truncated(_ name: String) -> String {
    var name = name
    while name.utf8.count > maximumName { name.removeLast() }
    return name
  }
}
