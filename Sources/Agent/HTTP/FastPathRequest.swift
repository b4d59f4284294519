// The fast path: the requests that are asked most, known by their bytes: `GET /get` and `GET`, `POST` or `PUT /set/<n>`.
//
// A client that keeps its connection sends the same fields with every request, and between two requests the same bytes
// mean the same. So what the decoder once said about the fields of such a request is kept, and the next request is
// compared: its line with the few forms below, its fields with those. That is a thirtieth of the work of decoding them.
// Whatever does not match in every byte is the decoder's, which stays the only one to say what fields mean. Tests and
// the fuzzer run both ways side by side. Rejected: knowing the last head as a whole, which `/set` with another value
// each time never meets again; and a matcher that judges fields too, a second opinion on what a request is.

import NIOCore
import Platform

/// A request line that is known by its bytes.
enum FastPathRequest: Equatable {
  case get
  case set(Int64)

  /// Reads the line that these bytes begin with.
  /// - Returns: the request and the length of its line, line end included; nil for every other line, also for those that
  ///   only the decoder can say more about.
  static func line(_ bytes: Span<UInt8>) -> (request: FastPathRequest, length: Int)? {
    // The shortest one with a value: anything shorter is either `GET /get` or has not come whole.
    guard bytes.count >= getLine.count else { return nil }
    if starts(bytes, at: 0, with: getLine) { return (.get, getLine.count) }
    for start in setStarts where starts(bytes, at: 0, with: start) {
      guard let (value, end) = integer(bytes, at: start.count), starts(bytes, at: end, with: lineEnd) else {
        return nil
      }
      return (.set(value), end + lineEnd.count)
    }
    return nil
  }

  /// What the request asks for, as its route says it.
  var command: Command {
    switch self {
    case .get: .get
    case .set(let value): .set(value)
    }
  }

  private static let getLine: StaticString = "GET /get HTTP/1.1\r\n"
  private static let lineEnd: StaticString = " HTTP/1.1\r\n"
  private static let setStarts: [StaticString] = ["GET /set/", "POST /set/", "PUT /set/"]
  /// Of a 64-bit integer. A longer text may still be one, with zeros in front: the decoder's.
  private static let maximumDigits = 19

  private static func starts(_ bytes: Span<UInt8>, at offset: Int, with text: StaticString) -> Bool {
    guard bytes.count - offset >= text.count else { return false }
    return unsafe bytes.withUnsafeBytes { raw in
      guard let start = raw.baseAddress else { return false }
      return unsafe Memory.isEqual(start + offset, text.utf8Start, count: text.count)
    }
  }

  /// A decimal integer and where it ends; nil when there is none, or none of 64 bits.
  private static func integer(_ bytes: Span<UInt8>, at offset: Int) -> (Int64, end: Int)? {
    let isNegative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
    let start = isNegative ? offset + 1 : offset
    var index = start
    var magnitude: UInt64 = 0
    while index < bytes.count, index - start < maximumDigits {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      magnitude = magnitude * 10 + UInt64(digit)
      index += 1
    }
    guard index > start else { return nil }
    // 19 digits are below 2^64, so the sum did not overflow; whether 63 bits hold it is asked here.
    if isNegative, magnitude == Int64.min.magnitude { return (.min, index) }
    guard let value = Int64(exactly: magnitude) else { return nil }
    return (isNegative ? -value : value, index)
  }
}

extension StaticString {
  fileprivate var count: Int { utf8CodeUnitCount }
}

/// The fields of a connection's last request of the fast path that the decoder has judged.
struct KnownFields {
  private var bytes = ByteBuffer()

  /// Longer fields are not kept. All connections together keep at most half a megabyte so.
  private static let longest = 512

  /// Removes a request of the fast path from the front of the input, if one stands there with these fields. The input must begin
  /// where a request begins.
  func take(from input: inout ByteBuffer) -> FastPathRequest? {
    let length = bytes.readableBytes
    guard length > 0, let (request, lineLength) = FastPathRequest.line(input.readableBytesUInt8Span),
      input.readableBytes >= lineLength + length, isKnown(input, at: lineLength)
    else { return nil }
    input.moveReaderIndex(forwardBy: lineLength + length)
    return request
  }

  /// Keeps the fields of a head that was a whole request, if the fast path knows it and the decoder understood it just so: a
  /// plain request in text on a connection that stays.
  mutating func remember(_ head: ByteBuffer, _ parsed: ParsedRequest) {
    guard let (request, lineLength) = FastPathRequest.line(head.readableBytesUInt8Span),
      parsed == ParsedRequest(request),
      let fields = head.getSlice(at: head.readerIndex + lineLength, length: head.readableBytes - lineLength),
      fields.readableBytes <= KnownFields.longest
    else { return }
    // A copy: the head is a piece of a reading buffer, which would be held as a whole.
    bytes.clear()
    bytes.writeImmutableBuffer(fields)
  }

  /// Whether the fields stand in the input, which is long enough, so many bytes behind its front.
  private func isKnown(_ input: ByteBuffer, at offset: Int) -> Bool {
    unsafe bytes.withUnsafeReadableBytes { known in
      unsafe input.withUnsafeReadableBytes { raw in
        guard let ours = known.baseAddress, let theirs = raw.baseAddress else { return false }
        return unsafe Memory.isEqual(ours, theirs + offset, count: known.count)
      }
    }
  }
}
