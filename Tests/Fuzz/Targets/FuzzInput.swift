// Turns bytes of the fuzzer into decisions: which member, which kind of message, how much later.
//
// The fuzzer changes bytes without knowing what they mean, so each decision takes a small, fixed number of them. Bytes
// beyond the end read as zero, so any prefix of an input is an input. Values that the code compares against (a clock, a
// ceiling, a power of two) are choices, because eight random bytes would never hit them.

@testable import Gossip

struct FuzzInput {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  var isEmpty: Bool { bytes.isEmpty }

  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  mutating func flag() -> Bool { byte() & 1 == 1 }

  mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

  mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
    (0..<Integer.bitWidth / 8).reduce(0) { value, _ in (value << 8) | Integer(truncatingIfNeeded: byte()) }
  }

  /// Up to so many of the remaining bytes.
  mutating func take(_ count: Int) -> [UInt8] {
    defer { bytes = bytes.dropFirst(count) }
    return Array(bytes.prefix(count))
  }

  /// Mostly one of the members that the fuzzer plays; otherwise the node itself, an IPv6 address, or anything.
  mutating func address() -> Address {
    let choice = byte()
    switch choice {
    case 0..<200: return FuzzInput.member(Int(choice % 8))
    case 200..<220: return FuzzInput.node
    case 220..<240: return Address(high: 0xFD00 << 48, low: UInt64(choice), port: 7946)
    case 240..<248: return Address(ipv4: integer(), port: integer())
    default: return Address(high: integer(), low: integer(), port: integer())
    }
  }

  /// The node under test.
  static let node = Address(ipv4: 0x0A00_0001, port: 7946)
  static func member(_ number: Int) -> Address { Address(ipv4: 0x0A00_0010 + UInt32(number), port: 7946) }
  static let cluster = Hash.of(Settings().cluster)
  static let wall: UInt64 = 1_795_300_000_000_000

  /// A value near the limits that the code compares against, or anything.
  mutating func number(near clock: UInt64) -> UInt64 {
    let ceiling = Ceiling(wall: clock, released: Settings().released)
    switch below(12) {
    case 0: return 0
    case 1...4: return clock &+ UInt64(byte())
    case 5: return clock &- UInt64(byte())
    case 6: return ceiling.forStrangers &- 2 &+ UInt64(below(4))
    case 7: return ceiling.forMembers &- 2 &+ UInt64(below(4))
    case 8: return Wire.maximumGeneration &- 1 &+ UInt64(below(3))
    case 9: return Wire.maximumIncarnation &- 2 &+ UInt64(below(4))
    case 10: return UInt64(byte())
    default: return integer()
    }
  }

  mutating func stamp(near clock: UInt64) -> Stamp {
    let generation = flag() ? UInt64(byte()) : number(near: clock)
    return Stamp(generation: generation, value: flag() ? Int64(byte()) : integer())
  }

  mutating func name() -> String {
    String(decoding: take(below(80)).prefix(Wire.maximumName), as: UTF8.self)
  }

  mutating func record(near clock: UInt64) -> Record {
    let bits = byte()
    var record = Record(
      address: address(), incarnation: number(near: clock), state: Record.State(rawValue: bits & 3) ?? .alive,
      name: Wire.truncated(name()), httpPort: bits & 8 == 0 ? 8080 : integer())
    if bits & 4 != 0 { record.accuser = address() }
    return record
  }

  /// A message of any kind whose datagram is not longer than allowed.
  mutating func message(from sender: Address, nonce: UInt64?, near clock: UInt64) -> Message {
    let bits = byte()
    var message = Message(
      sender: Message.Sender(
        address: sender, incarnation: bits & 4 == 0 ? FuzzInput.wall : number(near: clock), isReady: bits & 1 == 0,
        wantsIntroduction: bits & 2 != 0),
      stamp: stamp(near: clock), digest: bits & 8 == 0 ? 0 : integer(), nonce: nonce ?? integer(),
      body: body(near: clock))
    var room = Wire.maximumPlainSize - Wire.size(of: message)
    for _ in 0..<below(24) {
      let record = record(near: clock)
      room -= Wire.size(of: record)
      if room >= 0 { message.rumours.append(record) }
    }
    return message
  }

  private mutating func body(near clock: UInt64) -> Message.Body {
    switch Message.Kind.allCases[below(Message.Kind.allCases.count)] {
    case .ping: .ping(target: address())
    case .ack: .ack
    case .misdirected: .misdirected
    case .join: .join
    case .pingRequest: .pingRequest(target: address(), deadline: integer())
    case .indirectAck: .indirectAck(target: address(), incarnation: number(near: clock))
    case .nack: .nack
    case .gossip: .gossip
    case .pull: .pull(after: flag() ? address() : nil, buckets: buckets())
    case .page: .page(more: flag())
    case .notice: .notice(flag() ? .taken : .unreachable)
    }
  }

  /// Digests, all alike or of alternating kinds, of all buckets or of folded ones.
  mutating func buckets() -> [UInt64] {
    let pattern = byte()
    return (0..<Wire.buckets >> (pattern >> 6)).map { UInt64(pattern) &* UInt64($0 & 3) }
  }
}

extension Wire {
  /// A datagram of our cluster around these bytes. Its header and checksum are correct, or the fuzzer would never get
  /// past them.
  static func framed(_ body: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = [version, 0]
    for shift in stride(from: 56, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: FuzzInput.cluster >> UInt64(shift)))
    }
    bytes += body
    let checksum = Checksum.crc32c(bytes[...])
    for shift in stride(from: 24, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: checksum >> UInt32(shift)))
    }
    return bytes
  }
}
