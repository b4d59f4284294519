// The format on the wire: one datagram of each kind, byte by byte. Nodes of one version must understand each other,
// whichever is newer, so a change here is a change of the version, or a mistake.

import Testing

@testable import Gossip

@Suite struct GoldenDatagramsTests {
  private static let v4 = Address(ipv4: 0x0A00_0001, port: 7946)
  private static let v6 = Address(high: 0xFD00_0000_0000_0000, low: 0x1234, port: 65_535)

  /// A message of this kind with a different value in each field.
  static func message(_ body: Message.Body, _ rumours: [Record] = [], paddedSize: Int = 0) -> Message {
    var message = Message(
      sender: .init(address: v4, incarnation: 0x0102_0304_0506_0708, isReady: true, wantsIntroduction: paddedSize > 0),
      stamp: Stamp(generation: 0x11, value: -2), digest: 0x2122_2324_2526_2728, nonce: 0x3132_3334_3536_3738,
      body: body,
      rumours: rumours)
    message.paddedSize = paddedSize
    return message
  }

  static let records = [
    Record(address: v4, incarnation: 5, state: .suspect, name: "é", httpPort: 8080, accuser: v6),
    Record(address: v6, incarnation: 6, state: .left, name: "", httpPort: 0),
  ]

  /// The datagrams by name, as in the file.
  static let messages: [(name: String, message: Message)] = [
    ("ping", message(.ping(target: v6))), ("ack", message(.ack, records)), ("refusal", message(.misdirected)),
    ("contact", message(.join, paddedSize: 100)), ("request", message(.pingRequest(target: v4, deadline: 250))),
    ("vouch", message(.indirectAck(target: v4, incarnation: 7))), ("nack", message(.nack)),
    ("gossip", message(.gossip, [records[0]])),
    ("pull", message(.pull(after: v4, buckets: (0..<16).map { $0 }))), ("page", message(.page(more: true), records)),
    ("notice", message(.notice(.taken))),
  ]

  private static let golden: [(name: String, bytes: String)] = [
    (
      "ping",
      "0200f13d9f0db8d079f702010101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a001306fd000000000000000000000000001234ffff007ba27458"
    ),
    (
      "ack",
      "0200f13d9f0db8d079f702020101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a00000228040a0000011f0a00000000000000050506fd00000000000000000000"
        + "0000001234ffff1f9002c3a91f06fd000000000000000000000000001234ffff000000000000000603000000c19e"
        + "3745"
    ),
    (
      "refusal",
      "0200f13d9f0db8d079f702030101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a0000001daa632b"
    ),
    (
      "contact",
      "0200f13d9f0db8d079f702040301020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a0000000000000000000000000000000000000000000000000000000000000000"
        + "00000000decbbff3"
    ),
    (
      "request",
      "0200f13d9f0db8d079f702050101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a0009040a0000011f0a00fa00d99cc8c2"
    ),
    (
      "vouch",
      "0200f13d9f0db8d079f702060101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a000f040a0000011f0a000000000000000700dcd079d6"
    ),
    (
      "nack",
      "0200f13d9f0db8d079f702070101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a00000087c95c61"
    ),
    (
      "gossip",
      "0200f13d9f0db8d079f702080101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a00000128040a0000011f0a00000000000000050506fd00000000000000000000"
        + "0000001234ffff1f9002c3a9e167c175"
    ),
    (
      "pull",
      "0200f13d9f0db8d079f702090101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a008807040a0000011f0a00000000000000000000000000000001000000000000"
        + "00020000000000000003000000000000000400000000000000050000000000000006000000000000000700000000"
        + "000000080000000000000009000000000000000a000000000000000b000000000000000c000000000000000d0000"
        + "00000000000e000000000000000f00a61dd62f"
    ),
    (
      "page",
      "0200f13d9f0db8d079f7020a0101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a0001010228040a0000011f0a00000000000000050506fd000000000000000000"
        + "000000001234ffff1f9002c3a91f06fd000000000000000000000000001234ffff0000000000000006030000003c"
        + "fe713a"
    ),
    (
      "notice",
      "0200f13d9f0db8d079f7020b0101020304050607080000000000000011fffffffffffffffe212223242526272831"
        + "32333435363738040a0000011f0a000102003d56d331"
    ),
  ]

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func `each kind of datagram is written as it always was, and read back`() throws {
    #expect(Self.messages.map(\.name) == Message.Kind.allCases.map(\.name))
    #expect(Self.golden.map(\.name) == Self.messages.map(\.name))
    for ((name, bytes), (_, message)) in zip(Self.golden, Self.messages) {
      let written = Wire.encode(message, cluster: Hash.of("unum"))
      #expect(Self.hex(written) == bytes, "\(name)")
      #expect(try Wire.decode(written, cluster: Hash.of("unum")) == message)
    }
  }

  @Test func `a peek sees what decoding sees, and nothing in what is too short`() {
    for (name, message) in Self.messages {
      for isReady in [true, false] {
        var message = message
        message.sender.isReady = isReady
        let bytes = Wire.encode(message, cluster: 1)
        let peek = Peek(bytes)
        #expect(peek?.kind == message.body.kind && peek?.vouches == isReady, "\(name)")
        #expect(peek?.incarnation == message.sender.incarnation)
        #expect(Peek(Array(bytes.prefix(20))) == nil)
      }
    }
    var unknown = [UInt8](repeating: 0, count: 21)
    unknown[Wire.kindOffset] = 200
    #expect(Peek(unknown)?.kind == nil && Peek(unknown) != nil)
  }
}
