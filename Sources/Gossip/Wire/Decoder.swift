// Bytes from the network become a message here and nowhere else. Every length is checked before it is used, every
// impossible value is refused with a reason of its own, and no allocation depends on a size that a datagram claims. What a
// later version adds is ignored, or refused where it is marked as critical (see "Room to grow" in `Wire`).

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
    try requireKnown(bytes[1])
    let end = bytes.count - checksumSize
    var trailer = Reader(bytes, from: end, to: bytes.count)
    guard try trailer.integer(UInt32.self) == Checksum.crc32c(bytes[..<end]) else { throw DecodeError(.corrupted) }
    var reader = Reader(bytes, from: 2, to: end)
    guard try reader.integer(UInt64.self) == cluster else { throw DecodeError(.cluster) }
    return try reader.message()
  }

  /// Refuses flags with a critical bit: this version knows none.
  fileprivate static func requireKnown(_ flags: UInt8) throws(DecodeError) {
    guard flags & criticalBits == 0 else { throw DecodeError(.unsupported) }
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
    let highestVersion = try integer(UInt8.self)
    let kind = try integer(UInt8.self)
    guard kind < Wire.firstCriticalKind else { throw DecodeError(.unsupported) }
    let flags = try integer(UInt8.self)
    try Wire.requireKnown(flags)
    let incarnation = try self.incarnation()
    let stamp = Stamp(generation: try integer(), value: Int64(bitPattern: try integer()))
    guard stamp.generation <= Wire.maximumGeneration else { throw DecodeError(.stamp) }
    let digest = try integer(UInt64.self)
    let nonce = try integer(UInt64.self)
    var sender = Message.Sender(
      address: try address(), incarnation: incarnation, isReady: flags & 1 != 0, wantsIntroduction: flags & 2 != 0,
      isHeldBack: flags & 4 != 0)
    sender.highestVersion = highestVersion
    var bodyReader = try part(ofSize: Int(try integer(UInt16.self)))
    let body: Message.Body =
      if let kind = Message.Kind(rawValue: kind) { try bodyReader.body(of: kind) } else { .gossip }
    var message = Message(sender: sender, stamp: stamp, digest: digest, nonce: nonce, body: body)
    let records = Int(try integer(UInt8.self))
    for _ in 0..<records {
      var recordReader = try part(ofSize: Int(try integer(UInt8.self)))
      if let record = try recordReader.record() { message.rumours.append(record) }
    }
    message.paddedSize = position < end ? end + Wire.checksumSize : 0
    return message
  }

  /// Takes so many bytes as a part of their own, which need not be read to its end.
  private mutating func part(ofSize size: Int) throws(DecodeError) -> Reader {
    guard end - position >= size else { throw DecodeError(.malformed) }
    defer { position += size }
    return Reader(bytes, from: position, to: position + size)
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
    case .pull: return try pull()
    case .page:
      let flags = try integer(UInt8.self)
      try Wire.requireKnown(flags)
      return .page(more: flags & 1 != 0)
    // Of a reason that we do not know we can say nothing.
    case .notice: return RefusedAddress(rawValue: try integer()).map { .notice($0) } ?? .gossip
    }
  }

  private mutating func pull() throws(DecodeError) -> Message.Body {
    let flags = try integer(UInt8.self)
    try Wire.requireKnown(flags)
    let foldings = Int(flags >> 1 & 7)
    guard Wire.foldings.contains(foldings) else { throw DecodeError(.malformed) }
    let after = flags & 1 != 0 ? try address() : nil
    var buckets: [UInt64] = []
    let count = Wire.buckets >> foldings
    buckets.reserveCapacity(count)
    for _ in 0..<count { buckets.append(try integer()) }
    return .pull(after: after, buckets: buckets)
  }

  /// Nil for a record that this version cannot understand.
  private mutating func record() throws(DecodeError) -> Record? {
    guard position < end, bytes[position] == 4 || bytes[position] == 6 else { return nil }
    let address = try self.address()
    let incarnation = try self.incarnation()
    let bits = try integer(UInt8.self)
    guard bits & Wire.criticalBits == 0 else { return nil }
    guard let state = Record.State(rawValue: bits & 3) else { throw DecodeError(.malformed) }
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
}
