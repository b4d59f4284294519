// What a later version may add to a datagram, and what this version makes of it: it ignores what is not marked as
// critical, and reads the rest as if the addition were not there.

import Testing

@testable import Gossip

@Suite struct RoomToGrowTests {
  private static let cluster = Hash.of("unum")
  private static let v4 = Address(ipv4: 0x0A00_0001, port: 7946)

  /// A datagram of each kind, with records.
  private static let messages = GoldenDatagramsTests.messages.map { _, message in
    var message = message
    message.rumours = GoldenDatagramsTests.records
    message.paddedSize = 0
    return message
  }

  // In datagrams of `v4`: where the number of bytes for the kind is, which stand behind it.
  private static let bodySize = 60
  private static let body = 62

  /// What is read from the datagram of a message after a change, with the checksum made good.
  private static func read(
    _ message: Message, _ change: (inout [UInt8]) -> Void
  ) -> Result<Message, DecodeError> {
    var bytes = Array(Wire.encode(message, cluster: cluster).dropLast(Wire.checksumSize))
    change(&bytes)
    bytes += Checksum.crc32c(bytes[...]).bigEndianBytes
    return Result { () throws(DecodeError) in try Wire.decode(bytes, cluster: cluster) }
  }

  /// Where each record begins, with the byte that says its size.
  private static func records(in message: Message) -> [Int] {
    var position = Wire.size(of: message) - Wire.checksumSize
    return message.rumours.map { record in
      defer { position += Wire.size(of: record) }
      return position
    }
  }

  @Test(arguments: [Wire.flagsOffset, 1])
  func `unknown flags are ignored, and critical ones refused`(offset: Int) {
    let known: UInt8 = offset == 1 ? 1 : 7
    for message in Self.messages {
      for bit in (0..<8).map({ UInt8(1) << $0 }) where bit & known == 0 {
        let read = Self.read(message) { $0[offset] |= bit }
        #expect(read == (bit < 64 ? .success(message) : .failure(DecodeError(.unsupported))), "\(bit)")
      }
    }
  }

  @Test func `an unknown kind is news and nothing else, and a critical one is refused`() {
    for message in Self.messages {
      for kind in UInt8.min...UInt8.max where Message.Kind(rawValue: kind) == nil {
        var news = message
        news.body = .gossip
        let read = Self.read(message) { $0[Wire.kindOffset] = kind }
        #expect(read == (kind < 128 ? .success(news) : .failure(DecodeError(.unsupported))), "\(kind)")
      }
    }
  }

  @Test func `more bytes for a kind are ignored`() {
    for message in Self.messages {
      for more in [1, 5, 255] {
        let read = Self.read(message) { bytes in
          let size = Int(bytes[Self.bodySize]) << 8 | Int(bytes[Self.bodySize + 1])
          bytes.insert(contentsOf: Array(repeating: 0xAB, count: more), at: Self.body + size)
          bytes[Self.bodySize] = UInt8((size + more) >> 8)
          bytes[Self.bodySize + 1] = UInt8((size + more) & 0xFF)
        }
        #expect(read == .success(message), "\(message.body.kind)")
      }
    }
  }

  @Test func `flags of a kind are ignored, and critical ones refused`() {
    for (message, known) in zip(Self.messages, Self.messages.map { $0.body.kind == .pull ? UInt8(15) : 1 })
    where [.pull, .page].contains(message.body.kind) {
      for bit in (0..<8).map({ UInt8(1) << $0 }) where bit & known == 0 {
        let read = Self.read(message) { $0[Self.body] |= bit }
        #expect(read == (bit < 64 ? .success(message) : .failure(DecodeError(.unsupported))), "\(bit)")
      }
    }
  }

  @Test func `a notice with an unknown reason is news and nothing else`() throws {
    var message = try #require(Self.messages.first { $0.body.kind == .notice })
    let read = Self.read(message) { $0[Self.body] = 3 }
    message.body = .gossip
    #expect(read == .success(message))
  }

  @Test func `more bytes in a record are ignored`() {
    for message in Self.messages {
      for (index, start) in Self.records(in: message).enumerated() {
        let read = Self.read(message) { bytes in
          let size = Int(bytes[start])
          bytes.insert(contentsOf: [1, 2, 3, 4, 5], at: start + 1 + size)
          bytes[start] = UInt8(size + 5)
        }
        #expect(read == .success(message), "record \(index)")
      }
    }
  }

  @Test func `a record that we cannot understand is skipped, and the others are read`() throws {
    let message = try #require(Self.messages.first { $0.body.kind == .ack })
    var without = message
    without.rumours.removeFirst()
    let start = Self.records(in: message)[0]
    let changes: [(inout [UInt8]) -> Void] = [
      { $0[start + 1] = 9 }, { $0[start + 16] |= 0x40 }, { $0[start + 16] |= 0x80 },
      { bytes in
        bytes.removeSubrange(start + 1...start + Int(bytes[start]))
        bytes[start] = 0
      },
    ]
    for change in changes { #expect(Self.read(message, change) == .success(without)) }
    for bit in 3...5 { #expect(Self.read(message) { $0[start + 16] |= 1 << bit } == .success(message)) }
  }

  @Test func `bytes behind the records are ignored, whatever they are`() {
    for message in Self.messages {
      for more in [1, 40] {
        let read = Self.read(message) { $0 += Array(repeating: 0xCD, count: more) }
        var expected = message
        expected.paddedSize = Wire.size(of: message) + message.rumours.reduce(0) { $0 + Wire.size(of: $1) } + more
        #expect(read == .success(expected), "\(message.body.kind)")
      }
    }
  }

  @Test func `a datagram says the highest version that its sender understands`() {
    for message in Self.messages {
      #expect(Wire.encode(message, cluster: Self.cluster)[Wire.highestVersionOffset] == Wire.version)
      var later = message
      later.sender.highestVersion = 9
      #expect(Self.read(message) { $0[Wire.highestVersionOffset] = 9 } == .success(later))
    }
  }

  /// It may come from a member of a later version, which may ask something that we cannot answer.
  @Test func `a member's unknown kind brings its stamp and its news, and draws no refusal`() {
    var stage = Stage()
    stage.join([Peer(1)])
    var peer = Peer(1)
    peer.stamp = Stamp(generation: 9, value: 99)
    let message = peer.message(.ping(target: Peer(0).address), nonce: 77, rumours: [Peer(2).record()])
    var bytes = Array(Wire.encode(message, cluster: Stage.cluster).dropLast(Wire.checksumSize))
    bytes[Wire.kindOffset] = 100
    bytes += Checksum.crc32c(bytes[...]).bigEndianBytes
    _ = stage.handle(.received(bytes, from: Peer(1).address))
    #expect(stage.node.stamp == Stamp(generation: 9, value: 99))
    #expect(stage.member(Peer(2))?.status == .alive)
    #expect(DropReason.allCases.allSatisfy { stage.node.counters.dropped($0) == 0 })
    // Marked as critical it brings nothing.
    bytes[Wire.kindOffset] = 200
    bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: Checksum.crc32c(bytes.dropLast(4)).bigEndianBytes)
    _ = stage.handle(.received(bytes, from: Peer(1).address))
    #expect(stage.node.counters.dropped(.unsupported) == 1)
  }
}
