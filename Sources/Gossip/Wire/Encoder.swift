// A message becomes bytes here and nowhere else, and only this file knows how many: the header, the body and the
// records each have their own function. Rejected: counting the bytes after they are written (code that adds records has
// to know the remaining room before).

extension Wire {
  /// The bytes of one datagram.
  package static func encode(_ message: Message, cluster: UInt64) -> [UInt8] {
    var writer = Writer()
    writer.put(version)
    writer.put(UInt8(0))
    writer.put(cluster)
    writer.put(message.sender.highestVersion)
    writer.put(message.body.kind.rawValue)
    writer.put(
      UInt8(message.sender.isReady ? readyFlag : 0) | (message.sender.wantsIntroduction ? 2 : 0)
        | (message.sender.isHeldBack ? 4 : 0))
    writer.put(message.sender.incarnation)
    writer.put(message.stamp.generation)
    writer.put(UInt64(bitPattern: message.stamp.value))
    writer.put(message.digest)
    writer.put(message.nonce)
    writer.put(message.sender.address)
    writer.put(UInt16(size(of: message.body)))
    writer.put(message.body)
    writer.put(UInt8(message.rumours.count))
    for record in message.rumours { writer.put(record) }
    writer.pad(to: message.paddedSize - checksumSize)
    writer.put(Checksum.crc32c(writer.bytes[...]))
    precondition(writer.bytes.count <= maximumPlainSize, "a datagram of ours is too long")
    return writer.bytes
  }

  /// The size of a message without rumours, so that the code that adds them knows how much room is left.
  package static func size(of message: Message) -> Int {
    addressOffset + size(of: message.sender.address) + 2 + size(of: message.body) + 1 + checksumSize
  }

  /// The size of one record, with the byte that says it.
  package static func size(of record: Record) -> Int {
    1 + size(of: record.address) + 12 + record.name.utf8.count + (record.accuser.map { size(of: $0) } ?? 0)
  }

  private static func size(of address: Address) -> Int { address.isIPv4 ? 7 : 19 }

  private static func size(of body: Message.Body) -> Int {
    switch body {
    case .ping(let target): size(of: target)
    case .pingRequest(let target, _): size(of: target) + 2
    case .indirectAck(let target, _): size(of: target) + 8
    case .pull(let after, let buckets): 1 + (after.map { size(of: $0) } ?? 0) + buckets.count * 8
    case .page, .notice: 1
    case .ack, .misdirected, .join, .nack, .gossip: 0
    }
  }
}

/// Writes the fields of a datagram, in order.
private struct Writer {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(160) }

  mutating func put<Integer: FixedWidthInteger>(_ value: Integer) {
    for shift in stride(from: Integer.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> Integer(shift)))
    }
  }

  mutating func put(_ address: Address) {
    if address.isIPv4 {
      put(UInt8(4))
      put(UInt32(truncatingIfNeeded: address.low))
    } else {
      put(UInt8(6))
      put(address.high)
      put(address.low)
    }
    put(address.port)
  }

  mutating func put(_ body: Message.Body) {
    switch body {
    case .ping(let target):
      put(target)
    case .pingRequest(let target, let deadline):
      put(target)
      put(deadline)
    case .indirectAck(let target, let incarnation):
      put(target)
      put(incarnation)
    case .pull(let after, let buckets):
      let foldings = Wire.foldings.first { Wire.buckets >> $0 == buckets.count }
      guard let foldings else { preconditionFailure("\(buckets.count) buckets are no folding of all") }
      put(UInt8(after == nil ? 0 : 1) | UInt8(foldings) << 1)
      if let after { put(after) }
      for digest in buckets { put(digest) }
    case .page(let more):
      put(UInt8(more ? 1 : 0))
    case .notice(let refused):
      put(refused.rawValue)
    case .ack, .misdirected, .join, .nack, .gossip:
      break
    }
  }

  mutating func put(_ record: Record) {
    put(UInt8(Wire.size(of: record) - 1))
    put(record.address)
    put(record.incarnation)
    put(record.state.rawValue | (record.accuser == nil ? 0 : 4))
    if let accuser = record.accuser { put(accuser) }
    put(record.httpPort)
    put(UInt8(record.name.utf8.count))
    bytes.append(contentsOf: record.name.utf8)
  }

  mutating func pad(to size: Int) {
    if bytes.count < size { bytes.append(contentsOf: repeatElement(0, count: size - bytes.count)) }
  }
}
