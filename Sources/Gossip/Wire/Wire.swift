// The format of a datagram, byte by byte. Integers are big-endian; nothing is aligned.
//
//   offset  size  clear header (it would be the seal's associated data)
//        0     1  version, 1
//        1     1  flags: bit 0 sealed; the others are zero
//        2     8  hash of the cluster's name (`Hash.of`)
//                 body
//       10     1  kind (`Message.Kind`)
//       11     1  sender's flags: bit 0 ready, bit 1 wants an introduction, bit 2 held
//                 back (it does not know the value either); the others are zero
//       12     8  sender's incarnation, 1 … 2^62
//       20     8  stamp: generation, at most 2^53
//       28     8  stamp: value, two's complement
//       36     8  digest of the sender's active members
//       44     8  nonce; 0 if no answer is wanted
//       52     A  sender's address: family (4 or 6), 4 or 16 bytes, port: A is 7 or 19
//     52+A     K  by kind:
//                   ping      address of the target
//                   pingRequest  address of the target, 2 bytes of deadline in milliseconds
//                   indirectAck  address of the target, 8 bytes of its incarnation
//                   pull      1 byte (bit 0: an address follows; bits 1-3: how often the buckets were folded),
//                             address to go on after, 128 digests of 8 bytes, halved by each folding
//                   page      1 byte: 1 if there are more records
//                   notice    1 byte: `RefusedAddress`
//                   ack, misdirected, join, nack, gossip   nothing
//              1  number of records
//              R  each record:
//                   address; 8 bytes of incarnation; 1 byte of state (bits 0-1) and "an accuser follows" (bit 2);
//                   accuser's address if so; 2 bytes of HTTP port; 1 byte of length and the name, in UTF-8
//              Z  zeros, up to the size that the answer may have (ping, join and pull only)
//              4  CRC-32C of everything before it
//
// A datagram is at most 1,232 bytes, with 48 reserved for a seal: key id, boot id, counter and tag. A sealed datagram
// has bit 0 of the flags set and is refused by a node without a key.
//
// Rejected: a self-describing encoding (as JSON, a ping with a dozen members takes 1,459 bytes; here it takes about 400)
// and variable-length integers (the incarnation, a clock, needs its eight bytes anyway; fixed offsets are easy to check).

/// The format of a datagram: its limits and its encoder. The decoder is `Wire.decode`.
package enum Wire {
  package static let version: UInt8 = 1
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
  /// Where the kind of message is.
  package static let kindOffset = headerSize
  /// Where the sender's flags are.
  package static let flagsOffset = headerSize + 1
  /// Where the sender's incarnation is.
  package static let incarnationOffset = headerSize + 2
  /// Bit 0 of the sender's flags.
  static let readyFlag: UInt8 = 1
  static let checksumSize = 4
  /// Bit 0 of the flags.
  static let sealedFlag: UInt8 = 1
  /// The size that a request for an introduction is padded to, so that its answer may be as large: 76 bytes before the
  /// records, and two records of at most 114 with the longest names, the answerer's own and an accusation.
  package static let introductionSize = 304

  /// The name cut to at most `maximumName` bytes, between characters.
  package static func truncated(_ name: String) -> String {
    var name = name
    while name.utf8.count > maximumName { name.removeLast() }
    return name
  }
}
