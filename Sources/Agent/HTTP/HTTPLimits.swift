// What a client may cost. Every bound of the HTTP server is here, with its reason.
//
// A node's HTTP port is open to whoever can reach it, and its memory is its neighbours' too. Each limit has an answer
// that names it, because a closed connection teaches nobody anything.

import NIOHTTP1

/// The bounds of the HTTP server. Tests make them smaller; nobody else needs to.
package struct HTTPLimits: Sendable {
  /// Bytes of the request line, with empty lines before it. The longest request of ours, a notify with a name in which
  /// every byte is encoded, has 300. Half of what RFC 9112 (section 3) recommends: our targets are numbers.
  package var requestLine = 4096
  /// Bytes of all fields. Browsers send 1 to 2 KiB, with cookies for other ports of the host up to 8.
  package var fields = 16_384
  /// Bytes of a body, with the framing of chunks. No route reads one; clients that send one anyway are let be, and a
  /// larger one is somebody's mistake.
  package var body = 65_536
  /// Seconds in which a request must have come whole. Slow radio links need two; a client that drips bytes to hold
  /// connections gets each for this long.
  package var requestSeconds = 10
  /// Seconds after which a silent connection is closed. Notifies come every two seconds and monitors every 15 to 60; a
  /// shorter time makes them connect anew, a longer one keeps the connections of clients that are gone.
  package var idleSeconds = 60
  /// Seconds that are given to a client to read our last answer and close. Without it, closing while bytes of the client
  /// are unread makes the kernel reset the connection, and the answer may be lost on the way (RFC 9112, section 9.6).
  package var lingerSeconds = 2
  /// Connections at once. A cluster of a hundred nodes and its monitors open a few hundred; more would let one
  /// careless client take the memory that this machine's other work needs.
  package var connections = HTTPLimits.mostConnections
  /// Connections above the limit that are answered 503 before they are closed; still more are closed without a word,
  /// or the refusals themselves would be the flood.
  package var refusals = 64
  /// Fields of one request, as a bound on allocations. Browsers send 15.
  package var fieldCount = 100

  /// Requests of one connection that are answered before all others of its loop have their turn; a page about all
  /// members fills a turn by itself. More than clients pipeline that mean well, and less than a millisecond of the loop.
  /// Between two turns there is a pause (`TurnQueue.pause`), so that fewer would slow down a client that is alone.
  package var requestsPerTurn = 16

  package init() {}

  /// The limits of each of some nodes in a process that may have so many files open.
  package init(openFiles: Int, nodes: Int = 1) {
    let share = openFiles / max(nodes, 1) - HTTPLimits.otherFiles
    connections = min(HTTPLimits.mostConnections, max(HTTPLimits.fewestConnections, share))
  }

  private static let mostConnections = 1024
  /// Files that a node needs besides admitted connections: 64 connections that are being refused, and some twenty for
  /// its sockets, loops, log, look-ups and notifies, with room to spare. With too few, a new connection is never
  /// accepted, and so never told why.
  private static let otherFiles = 128
  /// Where hardly any files are allowed it is better to be short of them at times than to serve nobody.
  private static let fewestConnections = 64
}

// What is said when a limit is passed, or what came is no request at all.
extension HTTPLimits {
  var lineTooLong: HTTPRefusal {
    HTTPRefusal(.targetTooLong, "A request line has at most \(requestLine) bytes.")
  }

  var fieldsTooLong: HTTPRefusal {
    HTTPRefusal(.fieldsTooLarge, "The fields of a request have at most \(fields) bytes.")
  }

  var bodyTooLong: HTTPRefusal {
    HTTPRefusal(.contentTooLarge, "A body has at most \(body) bytes, and none is needed.")
  }

  var tooSlow: HTTPRefusal {
    HTTPRefusal(.requestTimeout, "The request did not come whole within \(requestSeconds) seconds.")
  }

  var tooManyConnections: HTTPRefusal {
    HTTPRefusal(
      .unavailable, "This node has \(connections) connections open, which is its limit.", retryAfter: 1)
  }

  var malformed: HTTPRefusal {
    HTTPRefusal(.badRequest, "This is no HTTP request, whose lines end in CR and LF.")
  }

  /// Of two faults in a body or its trailers the decoder names one or the other, as the bytes happened to be cut. The
  /// answer must not depend on that, so it names neither.
  var malformedBody: HTTPRefusal {
    HTTPRefusal(.badRequest, "The body of this request is not what its head announces, and none is needed.")
  }

  /// What an error of the decoder means to the client; nil when there is no client any more.
  func refusal(of error: HTTPParserError) -> HTTPRefusal? {
    switch error {
    case .invalidVersion:
      HTTPRefusal(.versionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here, in lines that end in CR and LF.")
    // The bytes were counted before the decoder saw them.
    case .headerOverflow: HTTPRefusal(.fieldsTooLarge, "A request has at most \(fieldCount) fields.")
    case .invalidEOFState: nil
    default: HTTPRefusal(.badRequest, "This is no HTTP request: \(error).")
    }
  }
}
