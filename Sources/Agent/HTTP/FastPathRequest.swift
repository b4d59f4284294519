// The fast path recognises the most frequent requests by their bytes: `GET /get`, and `GET`, `POST` or `PUT /set/<n>`.
//
// A client that keeps its connection sends the same fields with every request, and the same bytes mean the same. So the
// connection remembers what the decoder said about the fields of such a request, and compares the next request: its
// line with the few forms below, its fields with the remembered ones. That is a thirtieth of the work of decoding.
// Whatever does not match in every byte goes to the decoder, which alone decides what fields mean. Tests and the fuzzer
// compare both ways. Rejected: remembering the last head as a whole, which `/set` with a new value each time never
// repeats; and a matcher that also judges fields, which would be a second opinion on what a request is.

import NIOCore
import Platform

/// A request line that was recognised by its bytes.
enum FastPathRequest: Equatable {
  case get
  case set(Int64)

  /// Reads the request line at the front of these bytes.
  /// - Returns: the request and the length of its line, with the line end; nil for every other line, including those that only
  ///   the decoder can judge.
  static func line(_ bytes: Span<UInt8>) -> (request: FastPathRequest, length: Int)? {
    // The shortest line with a value. Anything shorter is either `GET /get` or incomplete.
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

  /// The command, as its route gives it.
  var command: Command {
    switch self {
    case .get: .get
    case .set(let value): .set(value)
    }
  }

  private static let getLine: StaticString = "GET /get HTTP/1.1\r\n"
  private static let lineEnd: StaticString = " HTTP/1.1\r\n"
  private static let setStarts: [StaticString] = ["GET /set/", "POST /set/", "PUT /set/"]
  /// The most digits of a 64-bit integer. A longer text may still be one, with leading zeros; the decoder handles that.
  private static let maximumDigits = 19

  private static func starts(_ bytes: Span<UInt8>, at offset: Int, with text: StaticString) -> Bool {
    guard bytes.count - offset >= text.count else { return false }
    return unsafe bytes.withUnsafeBytes { raw in
      guard let start = raw.baseAddress else { return false }
      return unsafe Memory.isEqual(start + offset, text.utf8Start, count: text.count)
    }
  }

  /// A decimal integer and where it ends; nil if there is none, or it needs more than 64 bits.
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
    // 19 digits are below 2^64, so the sum did not overflow. This checks whether it fits into 63 bits.
    if isNegative, magnitude == Int64.min.magnitude { return (.min, index) }
    guard let value = Int64(exactly: magnitude) else { return nil }
    return (isNegative ? -value : value, index)
  }
}

extension StaticString {
  fileprivate var count: Int { utf8CodeUnitCount }
}

/// The fields of a connection's last fast-path request that the decoder has judged.
struct KnownFields {
  private var bytes = ByteBuffer()

  /// Longer fields are not kept, so all connections together keep half a megabyte at most.
  private static let longest = 512

  /// Removes a fast-path request from the front of the input, if there is one with these fields. The input must begin
  /// where a request begins.
  func take(from input: inout ByteBuffer) -> FastPathRequest? {
    let length = bytes.readableBytes
    guard length > 0, let (request, lineLength) = FastPathRequest.line(input.readableBytesUInt8Span),
      input.readableBytes >= lineLength + length, isKnown(input, at: lineLength)
    else { return nil }
    input.moveReaderIndex(forwardBy: lineLength + length)
    return request
  }

  /// Keeps the fields of a head that was a complete request, if the fast path knows it and the decoder agreed: a plain
  /// request for text, on a connection that stays.
  mutating func remember(_ head: ByteBuffer, _ parsed: ParsedRequest) {
    guard let (request, lineLength) = FastPathRequest.line(head.readableBytesUInt8Span),
      parsed == ParsedRequest(request),
      let fields = head.getSlice(at: head.readerIndex + lineLength, length: head.readableBytes - lineLength),
      fields.readableBytes <= KnownFields.longest
    else { return }
    // Copy them, because the head is a piece of a read buffer, which would be kept as a whole.
    bytes.clear()
    bytes.writeImmutableBuffer(fields)
  }

  /// Whether the input, which must be long enough, has these fields at this offset.
  private func isKnown(_ input: ByteBuffer, at offset: Int) -> Bool {
    unsafe bytes.withUnsafeReadableBytes { known in
      unsafe input.withUnsafeReadableBytes { raw in
        guard let ours = known.baseAddress, let theirs = raw.baseAddress else { return false }
        return unsafe Memory.isEqual(ours, theirs + offset, count: known.count)
      }
    }
  }
}
