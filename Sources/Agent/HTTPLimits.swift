// What a client may cost. Every bound of the HTTP server is here, with its reason.
//
// A node's HTTP port is open to whoever can reach it, and its memory is its neighbours' too. Each limit has an answer
// that names it, because a closed connection teaches nobody anything.

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
  /// Connections at once. Each costs about 10 KiB, so all cost what the rest of the node does, and the usual limit
  /// of 1,024 descriptors is the first thing that an operator raises.
  package var connections = 1024
  /// Connections above the limit that are answered 503 before they are closed; still more are closed without a word,
  /// or the refusals themselves would be the flood.
  package var refusals = 64
  /// Fields of one request, as a bound on allocations. Browsers send 15.
  package var fieldCount = 100

  package init() {}
}
