// The meaning of a decoded head: what it asks for, what follows it, and what becomes of the connection.
//
// It depends only on the head's bytes, and all but the command depends only on the fields, so a connection may keep
// what its fields meant (see `KnownFields`). To decide whether a request belongs on the fast path, the whole of it is
// compared: a list of what makes a request plain would miss the field that somebody adds next year.

import NIOHTTP1

/// A request, and what to do about it.
struct ParsedRequest: Equatable {
  /// What follows a head on the connection.
  enum Framing: Equatable {
    case none
    case length(Int)
    /// Only the decoder knows where it ends.
    case chunked
  }

  /// What the request asks for, or why it is refused.
  let outcome: Result<RoutedRequest, HTTPError>
  let framing: Framing
  let persistence: Persistence
  let isHead: Bool
  /// The client waits for `100 Continue` before it sends the body.
  let awaitsContinue: Bool
  /// The stamps that the client already has, from `If-None-Match`.
  let knownTags: String?

  /// Whether the answer is made for this request, with a line or more for each member.
  var isPage: Bool {
    guard case .success(let request) = outcome else { return false }
    return request.command == .members || request.command == .metrics
  }

  /// A request on the fast path, whose fields ask for nothing.
  init(_ request: FastPathRequest) {
    outcome = .success(RoutedRequest(command: request.command, form: .text))
    framing = .none
    persistence = .keep
    isHead = false
    awaitsContinue = false
    knownTags = nil
  }

  /// `GET /get` in text, on a connection that is kept.
  static let plainGet = ParsedRequest(FastPathRequest.get)

  init(_ head: HTTPRequestHead) {
    let fields = Fields(head.headers)
    isHead = head.method == .HEAD
    awaitsContinue = fields.expect?.lowercased() == "100-continue" && head.version != .http1_0
    knownTags = fields.ifNoneMatch
    let httpError = ParsedRequest.httpError(head, fields)
    let (framing, badLength) = ParsedRequest.framing(fields)
    self.framing = framing
    // The client offers or asks for a second protocol, at which the decoder stops; or only the decoder knows the end of
    // the body, and it may have taken bytes of the next request; or the head is suspect.
    let mustEnd = head.method == .CONNECT || fields.upgrade || framing == .chunked || httpError != nil || badLength
    if mustEnd || !head.isKeepAlive {
      persistence = .close
    } else {
      persistence = head.version == .http1_0 ? .keepExplicitly : .keep
    }
    do throws(HTTPError) {
      if let httpError { throw httpError }
      if badLength { throw HTTPError(.badRequest, "Content-Length is not a number.") }
      outcome = .success(
        try Routes.route(method: head.method.rawValue, target: head.uri, accept: fields.accept))
    } catch {
      outcome = .failure(error)
    }
  }

  /// What is wrong with a head, whatever its target.
  private static func httpError(_ head: HTTPRequestHead, _ fields: Fields) -> HTTPError? {
    // RFC 9112, section 3.2: without exactly one Host the message may be meant for another.
    if head.version != .http1_0, fields.hosts != 1 {
      return HTTPError(
        .badRequest, "An HTTP/1.1 request has exactly one Host field, and this one has \(fields.hosts).")
    }
    if fields.contentLength != nil, fields.isChunked {
      return HTTPError(
        .badRequest, "A request has either Content-Length or Transfer-Encoding, and this one has both.")
    }
    if let expect = fields.expect, expect.lowercased() != "100-continue" {
      return HTTPError(.expectationFailed, "The only Expect that is supported is 100-continue.")
    }
    return nil
  }

  private static func framing(_ fields: Fields) -> (Framing, isBad: Bool) {
    if fields.isChunked { return (.chunked, false) }
    guard let text = fields.contentLength else { return (.none, false) }
    guard let length = Int(text), length >= 0 else { return (.none, true) }
    return (length == 0 ? .none : .length(length), false)
  }

  /// The few fields that matter, found in one pass.
  private struct Fields {
    var hosts = 0
    var expect: String?
    var accept: String?
    var upgrade = false
    var contentLength: String?
    var isChunked = false
    var ifNoneMatch: String?

    init(_ headers: HTTPHeaders) {
      for (name, value) in headers {
        // The length distinguishes almost all of them, without a look at the letters.
        switch name.utf8.count {
        case 4 where name.lowercased() == "host": hosts += 1
        case 6 where name.lowercased() == "expect": expect = value
        case 6 where name.lowercased() == "accept": accept = accept.map { $0 + "," + value } ?? value
        case 7 where name.lowercased() == "upgrade": upgrade = true
        case 13 where name.lowercased() == "if-none-match":
          ifNoneMatch = ifNoneMatch.map { $0 + "," + value } ?? value
        case 14 where name.lowercased() == "content-length": contentLength = value
        case 17 where name.lowercased() == "transfer-encoding": isChunked = true
        default: break
        }
      }
    }
  }
}
