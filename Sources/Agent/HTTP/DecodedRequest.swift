// What NIO's decoder said about one request.

import NIOCore
import NIOHTTP1

/// What the decoder has said since it got the head of a request.
struct DecodedRequest {
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
