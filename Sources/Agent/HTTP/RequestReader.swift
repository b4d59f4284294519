// Bytes in, whole requests out, one at a time.
//
// Bytes wait here until a head is whole (see `HeadScanner`). NIO's decoder gets that head alone, then the body that it
// announced, and nothing of what is behind. So every limit is exact, and a connection that has a request in hand can
// let the others wait as the bytes that they are.

import NIOCore
import NIOHTTP1

/// The reading side of one connection. A class, because the decoder calls back while it is being fed.
final class RequestReader {
  enum Reading {
    /// There is no whole request yet.
    case incomplete
    /// The client waits to be told that it may send the body.
    case awaitsContinue
    /// This request has come whole.
    case request(ParsedRequest)
    /// This one too, known by its bytes.
    case fastPath(FastPathRequest)
    /// What came is refused; where the next request would begin is not known.
    case refused(HTTPRefusal)
  }

  private let limits: HTTPLimits
  private var scanner: HeadScanner
  private var known = KnownFields()
  /// Off only where both ways are compared.
  private let usesFastPath: Bool
  private var decoded = DecodedRequest()
  /// What came and is not used yet.
  private var input = ByteBuffer()
  /// The request whose body is being skipped, and how many bytes of it may still come.
  private var body: (request: ParsedRequest, room: Int)?
  /// What the decoder complained of.
  private var failure: HTTPRefusal?

  init(limits: HTTPLimits, usesFastPath: Bool) {
    self.limits = limits
    self.usesFastPath = usesFastPath
    scanner = HeadScanner(limits: limits)
  }

  /// Whether nothing of a request has come.
  var isBetweenRequests: Bool { body == nil && !hasBytes }

  /// Whether bytes wait here.
  var hasBytes: Bool { input.readableBytes > 0 }

  func takeIn(_ bytes: consuming ByteBuffer) {
    if hasBytes { input.writeBuffer(&bytes) } else { input = bytes }
  }

  /// Throws away what waits.
  func clear() { input = ByteBuffer() }

  /// The decoder found a part of a request.
  func take(_ part: HTTPServerRequestPart) { decoded.take(part) }

  /// The decoder refused what it was fed. It takes nothing more, so this stands.
  func fail(_ error: HTTPParserError) {
    if failure == nil { failure = limits.refusal(of: error) }
  }

  /// Reads on. Ask again until it is incomplete.
  /// - Parameter decode: feeds the decoder, which answers by `take` and `fail` before this returns.
  func next(decode: (ByteBuffer) -> Void) -> Reading {
    // The channel uses a reading buffer again when nobody else holds it.
    defer { if !hasBytes { input = ByteBuffer() } }
    guard hasBytes else { return .incomplete }
    if let body { return readBody(of: body.request, room: body.room, decode) }
    if scanner.scanned == 0, let request = known.take(from: &input) { return .fastPath(request) }
    switch scanner.scan(input.readableBytesUInt8Span) {
    case .incomplete: return .incomplete
    case .complete(let length):
      scanner.reset()
      return readHead(length: length, decode)
    case .lineTooLong: return .refused(limits.lineTooLong)
    case .fieldsTooLong: return .refused(limits.fieldsTooLong)
    case .malformed: return .refused(limits.malformed)
    }
  }

  private func readHead(length: Int, _ decode: (ByteBuffer) -> Void) -> Reading {
    guard let bytes = input.readSlice(length: length) else { return .incomplete }
    decoded = DecodedRequest()
    decode(bytes)
    if let failure { return .refused(failure) }
    guard let head = decoded.head, !decoded.isTooMuch else { return .refused(limits.malformed) }
    let request = ParsedRequest(head)
    if decoded.hasEnded {
      if usesFastPath { known.remember(bytes, request) }
      return .request(request)
    }
    switch request.framing {
    // The decoder waits for a body that we know nothing of.
    case .none: return .refused(limits.malformed)
    case .length(let length):
      guard length <= limits.body else { return .refused(limits.bodyTooLong) }
      body = (request, room: length)
    case .chunked:
      body = (request, room: limits.body)
    }
    if hasBytes { return next(decode: decode) }
    return request.awaitsContinue ? .awaitsContinue : .incomplete
  }

  /// Lets the decoder see the body, whose end it alone knows, and nothing behind it when its length is known.
  private func readBody(of request: ParsedRequest, room: Int, _ decode: (ByteBuffer) -> Void) -> Reading {
    let length = min(room, input.readableBytes)
    guard let bytes = input.readSlice(length: length) else { return .incomplete }
    decode(bytes)
    // First: what the decoder thinks of bytes behind the last chunk says nothing against the request before them, whose
    // answer must not depend on whether they came with it. It is the last answer either way.
    if decoded.hasEnded {
      body = nil
      return .request(request)
    }
    if failure != nil { return .refused(limits.malformedBody) }
    guard length < room else { return .refused(limits.bodyTooLong) }
    body = (request, room: room - length)
    return .incomplete
  }
}
