// Bytes from the network become a message here and nowhere else. Every length is checked before it is used, every
// impossible value is refused with a reason of its own, and no allocation depends on a size that a datagram claims.

/// Why a datagram was refused before it reached the protocol. Each reason has a counter (`DropReason`).
package struct DecodeError: Error, Equatable {
  package var reason: DropReason
  package init(_ reason: DropReason) { self.reason = reason }
}

extension Wire {
  /// Decodes one datagram of the cluster with this hash.
  package static func decode(_ bytes: [UInt8], cluster: UInt64) throws(DecodeError) -> Message {
    guard bytes.count <= maximumSize else { throw DecodeError(.oversized) }
    // These come first: of another version, or of another cluster in answer to ours, we may understand no more.
    guard bytes.count >= headerSize else { throw DecodeError(.malformed) }
    guard bytes[0] == version else { throw DecodeError(.version) }
    if bytes.count == headerSize, Header(bytes)?.cluster != cluster { throw DecodeError(.cluster) }
    guard bytes.count >= headerSize + checksumSize else { throw DecodeError(.malformed) }
    guard bytes[1] & sealedFlag == 0 else { throw DecodeError(.sealed) }
    guard bytes[1] == 0 else { throw DecodeError(.malformed) }
    let end = bytes.count - checksumSize
    var trailer = Reader(bytes, from: end, to: bytes.count)
    guard try trailer.integer(UInt32.self) == Checksum.crc32c(bytes[..<end]) else { throw DecodeError(.corrupted) }
    var reader = Reader(bytes, from: 2, to: end)
    guard try reader.integer(UInt64.self) == cluster else { throw DecodeError(.cluster) }
    return try reader.message()
  }
}

/// Reads the fields of a datagram, in order.
private struct Reader {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  init(_ bytes: [UInt8], from start: Int, to end: Int) {
    self.bytes = bytes
    position = start
    self.end = end
  }

  mutating func message() throws(DecodeError) -> Message {
    guard let kind = Message.Kind(rawValue: try integer()) else { throw DecodeError(.malformed) }
    let flags = try integer(UInt8.self)
    guard flags & ~7 == 0 else { throw DecodeError(.malformed) }
    let incarnation = try self.incarnation()
    let stamp = Stamp(generation: try integer(), value: Int64(bitPattern: try integer()))
    guard stamp.generation <= Wire.maximumGeneration else { throw DecodeError(.stamp) }
    let digest = try integer(UInt64.self)
    let nonce = try integer(UInt64.self)
    let sender = Message.Sender(
      address: try address(), incarnation: incarnation, isReady: flags & 1 != 0, wantsIntroduction: flags & 2 != 0,
      isHeldBack: flags & 4 != 0)
    let body = try body(of: kind)
    var message = Message(sender: sender, stamp: stamp, digest: digest, nonce: nonce, body: body)
    let records = Int(try integer(UInt8.self))
    for _ in 0..<records { message.rumours.append(try record()) }
    message.paddedSize = try filling(allowed: kind == .ping || kind == .join || kind == .pull)
    return message
  }

  private mutating func body(of kind: Message.Kind) throws(DecodeError) -> Message.Body {
    switch kind {
    case .ping: return .ping(target: try address())
    case .ack: return .ack
    case .misdirected: return .misdirected
    case .join: return .join
    case .pingRequest: return .pingRequest(target: try address(), deadline: try integer())
    case .indirectAck: return .indirectAck(target: try address(), incarnation: try incarnation())
    case .nack: return .nack
    case .gossip: return .gossip
    case .pull:
      let flags = try integer(UInt8.self)
      guard Wire.foldings.contains(Int(flags >> 1)) else { throw DecodeError(.malformed) }
      let after = flags & 1 != 0 ? try address() : nil
      var buckets: [UInt64] = []
      let count = Wire.buckets >> Int(flags >> 1)
      buckets.reserveCapacity(count)
      for _ in 0..<count { buckets.append(try integer()) }
      return .pull(after: after, buckets: buckets)
    case .page: return .page(more: try flag())
    case .notice:
      guard let refused = RefusedAddress(rawValue: try integer()) else { throw DecodeError(.malformed) }
      return .notice(refused)
    }
  }

  private mutating func record() throws(DecodeError) -> Record {
    let address = try self.address()
    let incarnation = try self.incarnation()
    let bits = try integer(UInt8.self)
    guard bits & ~7 == 0, let state = Record.State(rawValue: bits & 3) else { throw DecodeError(.malformed) }
    let accuser = bits & 4 != 0 ? try self.address() : nil
    let httpPort = try integer(UInt16.self)
    let name = try text(limit: Wire.maximumName)
    return Record(
      address: address, incarnation: incarnation, state: state, name: name, httpPort: httpPort, accuser: accuser)
  }

  mutating func integer<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self
  ) throws(DecodeError) -> Integer {
    let size = Integer.bitWidth / 8
    guard end - position >= size else { throw DecodeError(.malformed) }
    var value: Integer = 0
    for byte in bytes[position..<position + size] { value = (value << 8) | Integer(byte) }
    position += size
    return value
  }

  private mutating func flag() throws(DecodeError) -> Bool {
    let byte = try integer(UInt8.self)
    guard byte <= 1 else { throw DecodeError(.malformed) }
    return byte == 1
  }

  private mutating func incarnation() throws(DecodeError) -> UInt64 {
    let incarnation = try integer(UInt64.self)
    guard (1...Wire.maximumIncarnation).contains(incarnation) else { throw DecodeError(.incarnation) }
    return incarnation
  }

  private mutating func address() throws(DecodeError) -> Address {
    let address: Address
    switch try integer(UInt8.self) {
    case 4: address = Address(ipv4: try integer(), port: try integer())
    case 6:
      address = Address(high: try integer(), low: try integer(), port: try integer())
      guard !address.isIPv4 else { throw DecodeError(.address) }
    default: throw DecodeError(.malformed)
    }
    guard address.isReachable else { throw DecodeError(.address) }
    return address
  }

  private mutating func text(limit: Int) throws(DecodeError) -> String {
    let length = Int(try integer(UInt8.self))
    guard length <= limit, end - position >= length else { throw DecodeError(.malformed) }
    defer { position += length }
    guard let text = String(validating: bytes[position..<position + length], as: UTF8.self) else {
      throw DecodeError(.malformed)
    }
    return text
  }

  /// Reads the padding at the end and returns the whole datagram's size, or 0 when there is none.
  private mutating func filling(allowed: Bool) throws(DecodeError) -> Int {
    guard position < end else { return 0 }
    guard allowed, bytes[position..<end].allSatisfy({ $0 == 0 }) else { throw DecodeError(.malformed) }
    position = end
    return end + Wire.checksumSize
  }
}
