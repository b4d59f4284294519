// The limits on what a client may cost. Every bound of the HTTP server is here, with its reason.
//
// A node's HTTP port is open to anyone who can reach it, and it shares the machine's memory with others. Each limit has
// an answer that names it, because a closed connection teaches nobody anything.

import NIOHTTP1

/// The bounds of the HTTP server. Only tests make them smaller.
package struct HTTPLimits: Sendable {
  /// Bytes of the request line, including empty lines before it. Our longest request, a notify with a fully encoded
  /// name, has 300. This is half of what RFC 9112 (section 3) recommends, because our targets are numbers.
  package var requestLine = 4096
  /// Bytes of all fields. Browsers send 1 to 2 KiB, or up to 8 with cookies for other ports of the host.
  package var fields = 16_384
  /// Bytes of a body, including the framing of chunks. No route reads one. Clients may send one anyway, but a larger
  /// one is a mistake.
  package var body = 65_536
  /// Seconds within which a request must have arrived in full. Slow radio links need two. A client that drips bytes to
  /// hold connections can hold each for this long.
  package var requestSeconds = 10
  /// Seconds after which a silent connection is closed. Notifies come every two seconds, and monitors every 15 to 60. A
  /// shorter time makes them reconnect; a longer one keeps the connections of clients that are gone.
  package var idleSeconds = 60
  /// Seconds that a client has to read our last answer and close. If we closed while bytes of the client are unread,
  /// the kernel would reset the connection, and the answer might be lost on the way (RFC 9112, section 9.6).
  package var lingerSeconds = 2
  /// Open connections. A cluster of a hundred nodes and its monitors opens a few hundred. With more, one careless
  /// client could take the memory that the machine's other work needs.
  package var connections = HTTPLimits.mostConnections
  /// Connections above the limit that get a 503 before they are closed. Beyond these, connections are closed without a
  /// word, or the refusals themselves would become a flood.
  package var refusals = 64
  /// Fields of one request, as a bound on allocations. Browsers send 15.
  package var fieldCount = 100

  /// Requests that one connection gets answered before all others on its loop get a turn; a page about all members
  /// fills a turn by itself. It is more than well-meaning clients pipeline, and takes less than a millisecond of the
  /// loop. Between two turns there is a pause (`TurnQueue.pause`), so fewer would slow down a client that is alone.
  package var requestsPerTurn = 16

  package init() {}

  /// The limits of each node in a process that has so many nodes and may open so many files.
  package init(openFiles: Int, nodes: Int = 1) {
    let files = openFiles / max(nodes, 1)
    let spare = max(files - HTTPLimits.ownFiles, 2)
    connections = min(HTTPLimits.mostConnections, max(spare - refusals - HTTPLimits.room, spare / 2))
    refusals = min(refusals, spare - connections)
  }

  private static let mostConnections = 1024
  /// Files that a node needs for itself: some twenty for its sockets, loops, log, look-ups and notifies. If it opened
  /// more connections than the rest, the system would refuse to accept the next one, which would wait and never be told
  /// why, while the loop that accepts is woken all the time.
  private static let ownFiles = 32
  /// Files left over where there are enough of them. Where there are not, admitted and refused connections get half of
  /// the rest each.
  private static let room = 32
}

// The answers when a limit is exceeded, or the input is not a request at all.
extension HTTPLimits {
  var lineTooLong: HTTPError {
    HTTPError(.targetTooLong, "A request line has at most \(requestLine) bytes.")
  }

  var fieldsTooLong: HTTPError {
    HTTPError(.fieldsTooLarge, "The header fields of a request have at most \(fields) bytes.")
  }

  var bodyTooLong: HTTPError {
    HTTPError(.contentTooLarge, "A body has at most \(body) bytes, and none is needed.")
  }

  var tooSlow: HTTPError {
    HTTPError(.requestTimeout, "The request did not arrive in full within \(requestSeconds) seconds.")
  }

  var tooManyConnections: HTTPError {
    HTTPError(
      .unavailable, "This node has \(connections) connections open, which is its limit.", retryAfter: 1)
  }

  var malformed: HTTPError {
    HTTPError(.badRequest, "This is not an HTTP request, whose lines end in CR and LF.")
  }

  /// If a body or its trailers have two faults, the decoder names one or the other, depending on how the bytes were
  /// cut. The answer must not depend on that, so it names neither.
  var malformedBody: HTTPError {
    HTTPError(.badRequest, "The body of this request does not match its head, and none is needed.")
  }

  /// What an error of the decoder means to the client; nil if there is no client any more.
  func httpError(for error: HTTPParserError) -> HTTPError? {
    switch error {
    case .invalidVersion:
      HTTPError(
        .versionNotSupported, "This server speaks only HTTP/1.1 and HTTP/1.0, in lines that end in CR and LF.")
    // The bytes were counted before the decoder saw them.
    case .headerOverflow: HTTPError(.fieldsTooLarge, "A request has at most \(fieldCount) header fields.")
    case .invalidEOFState: nil
    default: HTTPError(.badRequest, "This is not an HTTP request: \(error).")
    }
  }
}
