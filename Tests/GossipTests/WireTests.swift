// The format of datagrams: what goes out comes in the same, and the decoder refuses everything else by name.
//
// The checksum catches damage to a real datagram, but an attacker computes the right one. So each refusal of a field is
// tested on a datagram whose checksum was corrected.

import Testing

@testable import Gossip

@Suite struct WireTests {
  static let cluster = Hash.of("unum")
  private static let v4 = Address(ipv4: 0x0A00_0001, port: 7946)
  private static let v6 = Address(high: 0xFD00_0000_0000_0000, low: 0x1234, port: 65_535)
  private static let longName = String(repeating: "é", count: 32)

  static let records: [Record] = {
    var records: [Record] = []
    for address in [v4, v6] {
      for state in Record.State.allCases {
        for accuser in [nil, v4, v6] {
          for (name, incarnation) in [("", UInt64(1)), (longName, Wire.maximumIncarnation)] {
            records.append(
              Record(
                address: address, incarnation: incarnation, state: state, name: name,
                httpPort: incarnation == 1 ? 0 : 65_535, accuser: accuser))
          }
        }
      }
    }
    return records
  }()

  static let bodies: [Message.Body] = [
    .ping(target: v4), .ping(target: v6), .ack, .misdirected, .join, .pingRequest(target: v4, deadline: 0),
    .pingRequest(target: v6, deadline: .max), .indirectAck(target: v4, incarnation: 1),
    .indirectAck(target: v6, incarnation: Wire.maximumIncarnation), .nack, .gossip,
    .pull(after: nil, buckets: .init(repeating: 0, count: 128)),
    .pull(after: v4, buckets: .init(repeating: .max, count: 128)),
    .pull(after: v6, buckets: (0..<128).map { $0 * 0x0101_0101 }),
    .pull(after: v6, buckets: (0..<64).map { $0 * 0x0101_0101 }),
    .pull(after: nil, buckets: .init(repeating: 7, count: 32)),
    .pull(after: v4, buckets: .init(repeating: .max, count: 16)), .page(more: false), .page(more: true),
    .notice(.unreachable), .notice(.taken),
  ]

  /// One message with each body, with the boundary values of the header in turn.
  static let messages: [Message] = bodies.flatMap { body -> [Message] in
    [(v4, UInt64(0), Int64.min, UInt64(1)), (v6, 1 << 53, .max, 1 << 62)].flatMap {
      address, generation, value, number in
      // A record of the greatest length does not fit beside the longest pull.
      [[], Array(records.prefix(1)), body.kind == .pull ? [] : Array(records.suffix(1))].map { rumours in
        Message(
          sender: .init(
            address: address, incarnation: number, isReady: generation == 0, wantsIntroduction: number != 1,
            isHeldBack: number == 1),
          stamp: Stamp(generation: generation, value: value), digest: number &- 1, nonce: .max &* generation,
          body: body,
          rumours: rumours)
      }
    }
  }

  private static let small = Message(
    sender: .init(address: v4, incarnation: 77), stamp: Stamp(generation: 3, value: -4), digest: 5, nonce: 6,
    body: .ping(target: v6), rumours: [records[9]])

  /// The reason of the refusal, or nil when it was accepted.
  static func refusal(_ bytes: [UInt8]) -> DropReason? {
    do {
      _ = try Wire.decode(bytes, cluster: cluster)
      return nil
    } catch {
      return error.reason
    }
  }

  /// The same bytes with the correct checksum.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let body = bytes.dropLast(4)
    let checksum = Checksum.crc32c(body)
    return body + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
  }

  /// The datagram of a message, changed, with the correct checksum.
  private static func forged(_ message: Message = small, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes = Wire.encode(message, cluster: cluster)
    change(&bytes)
    return sealed(bytes)
  }

  /// Expects this refusal for a message with changed bytes.
  private static func check(
    _ expected: DropReason?, _ message: Message = small, at location: SourceLocation = #_sourceLocation,
    _ change: (inout [UInt8]) -> Void
  ) {
    #expect(refusal(forged(message, change)) == expected, sourceLocation: location)
  }

  @Test func `every kind of message comes back from its bytes, with every boundary value`() throws {
    #expect(Message.Kind.allCases.allSatisfy { kind in Self.bodies.contains { $0.kind == kind } })
    for message in Self.messages {
      let bytes = Wire.encode(message, cluster: Self.cluster)
      #expect(try Wire.decode(bytes, cluster: Self.cluster) == message)
      let size = message.rumours.reduce(Wire.size(of: message)) { $0 + Wire.size(of: $1) }
      #expect(bytes.count == size)
      #expect(bytes.count <= Wire.maximumPlainSize)
    }
  }

  @Test func `every record comes back from its bytes, in every state, with and without an accuser`() throws {
    for record in Self.records {
      var message = Self.small
      message.rumours = [record, record]
      let bytes = Wire.encode(message, cluster: Self.cluster)
      #expect(try Wire.decode(bytes, cluster: Self.cluster) == message)
      #expect(bytes.count == Wire.size(of: message) + 2 * Wire.size(of: record))
    }
  }

  @Test func `questions keep the size that they are filled up to`() throws {
    for body in Self.bodies {
      for size in [Wire.introductionSize, Wire.maximumPlainSize] {
        var message = Self.small
        message.body = body
        if body.kind == .pull { message.rumours = [] }
        guard [.ping, .join, .pull].contains(body.kind), size > Wire.size(of: message) else { continue }
        message.paddedSize = size
        let bytes = Wire.encode(message, cluster: Self.cluster)
        #expect(bytes.count == size)
        #expect(try Wire.decode(bytes, cluster: Self.cluster) == message)
      }
    }
  }

  @Test func `a pull says how often it is folded, and one folded too often is refused`() {
    var message = Self.small
    message.rumours = []
    // Where the body begins. An ack has none, so there only the number of records follows.
    message.body = .ack
    let offset = Wire.size(of: message) - Wire.checksumSize - 1
    for (after, flag) in [(nil, 0), (Self.v4, 1)] as [(Address?, UInt8)] {
      message.body = .pull(after: after, buckets: .init(repeating: 7, count: 128))
      #expect(Wire.encode(message, cluster: Self.cluster)[offset] == flag)
      for (foldings, count) in [(1, 64), (2, 32), (3, 16)] as [(UInt8, Int)] {
        message.body = .pull(after: after, buckets: .init(repeating: 7, count: count))
        #expect(Wire.encode(message, cluster: Self.cluster)[offset] == flag | foldings << 1)
      }
      // Of zeros, which a shorter list of buckets would be filled up with.
      message.body = .pull(after: after, buckets: .init(repeating: 0, count: 128))
      for foldings in 4...7 as ClosedRange<UInt8> {
        let bytes = Self.forged(message) { $0[offset] = flag | foldings << 1 }
        #expect(Self.refusal(bytes) == .malformed)
      }
    }
  }

  @Test func `every truncation of every message is refused`() {
    for message in Self.messages {
      let bytes = Wire.encode(message, cluster: Self.cluster)
      // The long messages differ from the short ones only in their buckets.
      for length in 0..<bytes.count where bytes.count < 300 || length % 97 < 3 {
        #expect(Self.refusal(Array(bytes[..<length])) != nil)
      }
    }
  }

  @Test func `every truncation with its checksum made good is refused`() {
    for message in Self.messages where message.body.kind != .pull {
      let bytes = Wire.encode(message, cluster: Self.cluster)
      for length in 14..<bytes.count {
        #expect(Self.refusal(Self.sealed(Array(bytes[..<length]))) != nil, "\(message.body.kind) cut to \(length)")
      }
    }
  }

  @Test func `every single flipped bit is refused`() {
    for body in Self.bodies where body.kind != .pull {
      var message = Self.small
      message.body = body
      let bytes = Wire.encode(message, cluster: Self.cluster)
      for bit in 0..<bytes.count * 8 {
        var flipped = bytes
        flipped[bit / 8] ^= 1 << (bit % 8)
        #expect(Self.refusal(flipped) != nil, "\(body.kind), bit \(bit)")
      }
    }
  }

  @Test func `each refusal has its reason`() {
    let bytes = Wire.encode(Self.small, cluster: Self.cluster)
    #expect(Self.refusal([]) == .malformed)
    #expect(Self.refusal([UInt8]("hello".utf8)) == .malformed)
    #expect(Self.refusal([UInt8](repeating: 1, count: Wire.maximumSize + 1)) == .oversized)
    #expect(Self.refusal([UInt8](repeating: 0, count: 1 << 16)) == .oversized)
    Self.check(.version) { $0[0] = 3 }
    Self.check(.sealed) { $0[1] = 1 }
    Self.check(.cluster) { $0[2] ^= 1 }
    #expect(Self.refusal(Wire.encode(Self.small, cluster: Hash.of("other"))) == .cluster)
    #expect(Self.refusal(bytes.dropLast() + [bytes[bytes.count - 1] ^ 1]) == .corrupted)
    Self.check(.incarnation) { $0.replaceSubrange(13..<21, with: [UInt8](repeating: 0, count: 8)) }
    Self.check(.incarnation) { $0[13] = 0x40 }
    Self.check(.stamp) { $0.replaceSubrange(21..<24, with: [0, 0x20, 1]) }
    Self.check(.malformed) { $0[53] = 5 }
    Self.check(.address) { $0.replaceSubrange(58..<60, with: [0, 0]) }
    Self.check(.address) { $0.replaceSubrange(54..<58, with: [224, 0, 0, 1]) }
    // A ping's 19 bytes of body: one too few for its address, and more than there are.
    Self.check(.malformed) { $0[61] = 18 }
    Self.check(.malformed) { $0[60] = 1 }
  }

  @Test func `an IPv4 address in IPv6 clothes is refused, or one member would have two spellings`() {
    var message = Self.small
    message.body = .ack
    message.sender.address = Self.v6
    message.rumours = []
    let mapped = Self.forged(message) {
      $0.replaceSubrange(54..<70, with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1])
    }
    #expect(Self.refusal(mapped) == .address)
  }

  @Test func `a record's impossible fields are refused`() {
    var message = Self.small
    message.body = .ack
    message.rumours = [Record(address: Self.v4, incarnation: 9, state: .alive, name: "ab", httpPort: 1)]
    // 62 is the number of records, 63 the record's size, 64 the address, 71 the incarnation, 79 the state, 80 the port,
    // 82 the name.
    Self.check(nil, message) { _ in }
    Self.check(.malformed, message) { $0[62] = 2 }
    Self.check(.malformed, message) { $0[62] = 255 }
    Self.check(.malformed, message) { $0[63] = 20 }
    Self.check(.malformed, message) { $0[63] = 22 }
    Self.check(.incarnation, message) { $0[78] = 0 }
    Self.check(.malformed, message) { $0[79] = 4 }
    Self.check(.malformed, message) { $0[82] = 3 }
    Self.check(.malformed, message) { $0[82] = 65 }
    Self.check(.malformed, message) { $0[83] = 0xC3 }
    // The bytes are there, but one too many all the same.
    for (count, refusal) in [(64, nil), (65, .malformed)] as [(UInt8, DropReason?)] {
      Self.check(refusal, message) {
        $0.replaceSubrange(82..<85, with: [count] + Array(repeating: UInt8(ascii: "a"), count: Int(count)))
        $0[63] = 19 + count
      }
    }
  }

  @Test func `random bytes are refused and never trap, also when all but the body is right`() throws {
    var generator = Generator(seed: 7)
    for _ in 0..<4_000 {
      let random = (0..<generator.below(200)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      #expect(Self.refusal(random) != nil)
      // With a correct header and checksum, whatever decodes is a message like any other.
      var bytes = Array(Wire.encode(Self.small, cluster: Self.cluster)[..<11])
      bytes.append(UInt8(1 + generator.below(11)))
      bytes += [UInt8(generator.below(4)), 0, 0] + random + [0, 0, 0, 0]
      if let message = try? Wire.decode(Self.sealed(bytes), cluster: Self.cluster) {
        #expect(try Wire.decode(Wire.encode(message, cluster: Self.cluster), cluster: Self.cluster) == message)
      }
    }
  }

  @Test func `long names are cut at a whole character`() {
    #expect(Wire.truncated("short") == "short")
    #expect(Wire.truncated(String(repeating: "a", count: 65)).utf8.count == 64)
    #expect(Wire.truncated("a" + String(repeating: "é", count: 40)).utf8.count == 63)
    #expect(Wire.truncated(String(repeating: "👩‍👩‍👧‍👦", count: 4)).utf8.count == 50)
  }
}
