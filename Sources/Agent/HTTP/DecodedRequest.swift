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
