// What NIO's decoder said about one request, and what it said before about the same bytes.

import NIOCore
import NIOHTTP1

/// What the decoder said since it was given the head of a request.
struct DecodedRequest {
  private(set) var head: HTTPRequestHead?
  /// The request, with its body, has ended.
  private(set) var hasEnded = false
  /// A second request began within what was taken for one head: the decoder and `HeadScanner` read the bytes
  /// differently, and there is no telling which of them a proxy in between agreed with.
  private(set) var isTooMuch = false

  mutating func take(_ part: HTTPServerRequestPart) {
    switch part {
    case .head(let head):
      isTooMuch = self.head != nil
      self.head = head
    // Bodies are bounded and skipped; no route reads one.
    case .body: break
    case .end: hasEnded = true
    }
  }
}

/// The last head of a connection that had no body, and what it meant.
///
/// A client that keeps its connection mostly sends the same bytes again, and between two requests the same bytes mean
/// the same; comparing them is far cheaper than decoding them. Rejected: a matcher of our own for the requests that
/// are asked most, which would be a second opinion on what a request is.
struct KnownHead {
  private var bytes = ByteBuffer()
  private var plan: RequestPlan?

  /// Longer heads are not kept. All connections together keep at most half a megabyte so.
  private static let longest = 512

  /// Removes the head from the front of the input, if it stands there again, and gives what it means. The input must
  /// begin where a request begins.
  func take(from input: inout ByteBuffer) -> RequestPlan? {
    guard let plan else { return nil }
    let length = bytes.readableBytes
    guard input.readableBytes >= length, input.getSlice(at: input.readerIndex, length: length) == bytes else {
      return nil
    }
    input.moveReaderIndex(forwardBy: length)
    return plan
  }

  /// Keeps a head that was a whole request, unless nothing may follow it.
  mutating func remember(_ head: ByteBuffer, _ plan: RequestPlan) {
    guard plan.persistence != .close, head.readableBytes <= KnownHead.longest else { return }
    // A copy: the head is a piece of a reading buffer, which would be held as a whole.
    bytes.clear()
    bytes.writeImmutableBuffer(head)
    self.plan = plan
  }
}
