// Bytes in, complete requests out, one at a time.
//
// Bytes wait here until a head is complete (see `HeadScanner`). NIO's decoder gets only that head, then the body that
// it announces, and nothing behind that. So every limit is exact, and while a connection handles a request, the next
// ones wait as plain bytes.
//
// In the channel's pipeline the connection has two places: before the decoder, where bytes come in and answers go out, and
// behind it, where requests come out. Both handlers only pass on what they get.

import NIOCore
import NIOHTTP1

/// The reading side of one connection. A class, because the decoder calls back while it is being fed.
final class RequestReader {
  enum Reading {
    /// There is no complete request yet.
    case incomplete
    /// The client waits for permission to send the body.
    case awaitsContinue
    /// This request is complete.
    case request(ParsedRequest)
    /// This one too, recognised by its bytes.
    case fastPath(FastPathRequest)
    /// The input is refused, and nobody knows where the next request would begin.
    case refused(HTTPError)
  }

  private let limits: HTTPLimits
  private var scanner: HeadScanner
  private var known = KnownFields()
  /// Off only in tests that compare both ways.
  private let usesFastPath: Bool
  private var decoded = DecodedRequest()
  /// Input that is not used yet.
  private var input = ByteBuffer()
  /// The request whose body is being skipped, and how many bytes of it may still come.
  private var body: (request: ParsedRequest, room: Int)?
  /// The decoder's complaint.
  private var failure: HTTPError?

  init(limits: HTTPLimits, usesFastPath: Bool) {
    self.limits = limits
    self.usesFastPath = usesFastPath
    scanner = HeadScanner(limits: limits)
  }

  /// Whether nothing of a request has arrived.
  var isBetweenRequests: Bool { body == nil && !hasBytes }

  /// Whether bytes wait here.
  var hasBytes: Bool { input.readableBytes > 0 }

  func takeIn(_ bytes: consuming ByteBuffer) {
    if hasBytes { input.writeBuffer(&bytes) } else { input = bytes }
  }

  /// Throws away the waiting bytes.
  func clear() { input = ByteBuffer() }

  /// The decoder found a part of a request.
  func take(_ part: HTTPServerRequestPart) { decoded.take(part) }

  /// The decoder refused its input. It takes nothing more, so this is final.
  func fail(_ error: HTTPParserError) {
    if failure == nil { failure = limits.httpError(for: error) }
  }

  /// Reads on. Call it again until the result is incomplete.
  /// - Parameter decode: feeds the decoder, which calls `take` and `fail` before this returns.
  func next(decode: (ByteBuffer) -> Void) -> Reading {
    // The channel reuses a read buffer if nobody else holds it.
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
    // The decoder waits for a body that we know nothing about.
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

  /// Gives the decoder the body, whose end only it knows, and nothing behind it if the length is known.
  private func readBody(of request: ParsedRequest, room: Int, _ decode: (ByteBuffer) -> Void) -> Reading {
    let length = min(room, input.readableBytes)
    guard let bytes = input.readSlice(length: length) else { return .incomplete }
    decode(bytes)
    // This comes first: what the decoder thinks of bytes behind the last chunk says nothing against the request before
    // them, and its answer must not depend on whether they arrived with it. It is the last answer either way.
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

/// What the decoder has said since it got the head of a request.
private struct DecodedRequest {
  private(set) var head: HTTPRequestHead?
  /// The request, with its body, has ended.
  private(set) var hasEnded = false
  /// A second request began within what looked like one head. So the decoder and `HeadScanner` read the bytes
  /// differently, and nobody knows which of them a proxy in between would agree with.
  private(set) var isTooMuch = false

  mutating func take(_ part: HTTPServerRequestPart) {
    switch part {
    case .head(let head):
      isTooMuch = self.head != nil
      self.head = head
    // Bodies are bounded and skipped, because no route reads one.
    case .body: break
    case .end: hasEnded = true
    }
  }
}

// MARK: Its places in the pipeline

/// The side of the socket.
final class ConnectionBytes: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: HTTPConnection

  init(_ connection: HTTPConnection) { self.connection = connection }

  func channelActive(context: ChannelHandlerContext) {
    connection.opened(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.ended()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.received(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    connection.readDidComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    connection.writabilityChanged()
  }

  /// The end of input stays here, because the decoder would take no request after it, and some may still wait for a turn.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      connection.inputDidEnd()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.failed(error)
  }
}

/// The side of the decoder.
final class ConnectionParts: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let connection: HTTPConnection

  init(_ connection: HTTPConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.decoded(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.failed(error)
  }
}

extension HTTPConnection {
  /// Puts the connection's two sides into a channel's pipeline, with the decoder between them. The channel must not
  /// read by itself, because the connection requests each read.
  func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
    // The reader counts bytes. The decoder only bounds the number of fields, and so the allocations.
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderListSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderFieldCount = limits.fieldCount
    try pipeline.addHandlers([
      ConnectionBytes(self),
      ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)),
      ConnectionParts(self),
    ])
  }
}
