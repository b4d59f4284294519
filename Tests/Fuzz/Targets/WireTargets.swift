// The datagram's decoder and encoder alone.

@testable import Gossip

/// Decodes any bytes, once as they are and once with a correct header and checksum. The decoder must refuse them by
/// name, or they must be within every limit.
func fuzzDecoder(_ bytes: [UInt8]) throws(BrokenRule) {
  for datagram in [bytes, Wire.framed(bytes)] {
    guard let message = try? Wire.decode(datagram, cluster: FuzzInput.cluster) else { continue }
    try checkLimits(message, size: datagram.count)
  }
}

private func checkLimits(_ message: Message, size: Int) throws(BrokenRule) {
  try expect(size <= Wire.maximumSize, "\(size) bytes were decoded")
  try checkIncarnation(message.sender.incarnation)
  try checkAddress(message.sender.address)
  try expect(message.stamp.generation <= Wire.maximumGeneration, "generation \(message.stamp.generation)")
  try expect(message.rumours.count * Wire.smallestRecord <= size, "\(message.rumours.count) records in \(size) bytes")
  try expect(message.paddedSize == 0 || message.paddedSize == size, "\(message.paddedSize) is not the size \(size)")
  switch message.body {
  case .ping(let target), .pingRequest(let target, _): try checkAddress(target)
  case .indirectAck(let target, let incarnation):
    try checkAddress(target)
    try checkIncarnation(incarnation)
  case .pull(let after, let buckets):
    if let after { try checkAddress(after) }
    try expect([128, 64, 32, 16].contains(buckets.count), "\(buckets.count) buckets")
  case .ack, .misdirected, .join, .nack, .gossip, .page, .notice: break
  }
  for record in message.rumours {
    try checkAddress(record.address)
    try checkIncarnation(record.incarnation)
    if let accuser = record.accuser { try checkAddress(accuser) }
    try expect(record.name.utf8.count <= Wire.maximumName, "a name of \(record.name.utf8.count) bytes")
  }
}

private func checkAddress(_ address: Address) throws(BrokenRule) {
  try expect(address.isReachable, "\(address) was decoded, and nobody can be there")
}

private func checkIncarnation(_ incarnation: UInt64) throws(BrokenRule) {
  try expect((1...Wire.maximumIncarnation).contains(incarnation), "incarnation \(incarnation)")
}

extension Wire {
  /// A size, an IPv4 address and port, an incarnation, a state, an HTTP port and an empty name.
  fileprivate static let smallestRecord = 20
}

/// Each message has one encoding of ours: whatever encodes decodes to the same message, and has the computed length.
/// Whatever else decodes to it is a later version's, with something that we do not know, and is no shorter.
func fuzzRoundTrip(_ bytes: [UInt8]) throws(BrokenRule) {
  let datagram = Wire.framed(bytes)
  if datagram.count <= Wire.maximumPlainSize, let message = try? Wire.decode(datagram, cluster: FuzzInput.cluster) {
    let again = Wire.encode(message, cluster: FuzzInput.cluster)
    try expect(again.count <= datagram.count, "\(message) takes \(again.count) bytes, and took \(datagram.count)")
    try expect(
      (try? Wire.decode(again, cluster: FuzzInput.cluster)) == message, "\(message) changes when it is sent on")
  }
  var input = FuzzInput(bytes)
  let message = input.message(from: input.address(), nonce: nil, near: FuzzInput.wall)
  let encoded = Wire.encode(message, cluster: FuzzInput.cluster)
  let size = message.rumours.reduce(Wire.size(of: message)) { $0 + Wire.size(of: $1) }
  try expect(encoded.count == size, "\(encoded.count) bytes, computed as \(size)")
  do {
    let decoded = try Wire.decode(encoded, cluster: FuzzInput.cluster)
    try expect(decoded == message, "\(message) became \(decoded)")
  } catch let error as DecodeError {
    try expect(!isSound(message), "\(message) was refused as \(error.reason)")
  } catch let error as BrokenRule {
    throw error
  } catch {
    throw BrokenRule("\(error)")
  }
}

/// Whether a message has no field that the decoder must refuse.
private func isSound(_ message: Message) -> Bool {
  var addresses = [message.sender.address]
  var incarnations = [message.sender.incarnation]
  switch message.body {
  case .ping(let target), .pingRequest(let target, _): addresses.append(target)
  case .indirectAck(let target, let incarnation):
    addresses.append(target)
    incarnations.append(incarnation)
  case .pull(let after, _): if let after { addresses.append(after) }
  case .ack, .misdirected, .join, .nack, .gossip, .page, .notice: break
  }
  for record in message.rumours {
    addresses.append(record.address)
    incarnations.append(record.incarnation)
    if let accuser = record.accuser { addresses.append(accuser) }
  }
  return addresses.allSatisfy(\.isReachable)
    && incarnations.allSatisfy((1...Wire.maximumIncarnation).contains)
    && message.stamp.generation <= Wire.maximumGeneration
}
