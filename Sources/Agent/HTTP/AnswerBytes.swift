// Puts an answer's bytes together, piece by piece, with room for all of it.
//
// Rejected: text, which is checked and may be copied for each piece, and a `ByteBuffer`, which checks for each piece
// whether it owns enough room. For ten pieces of ten bytes both take five times as long.

import NIOCore

/// Bytes that grow.
struct AnswerBytes {
  private var bytes: [UInt8] = []

  /// - Parameter capacity: how many bytes to expect. It also takes more.
  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func add(_ text: StaticString) {
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @_disfavoredOverload
  mutating func add(_ text: String) {
    guard unsafe text.utf8.withContiguousStorageIfAvailable({ unsafe bytes.append(contentsOf: $0) }) == nil else {
      return
    }
    bytes.append(contentsOf: text.utf8)
  }

  /// A number in decimal.
  mutating func add(_ number: Int) {
    // This covers the lengths of nearly all bodies that are not pages.
    guard (0..<10).contains(number) else { return add(String(number)) }
    bytes.append(UInt8(ascii: "0") + UInt8(number))
  }

  /// The bytes added so far.
  var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }
}
