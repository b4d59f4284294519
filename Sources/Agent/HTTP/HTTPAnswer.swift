// An answer, and its bytes.
//
// An answer is one buffer that is written at once: status line, fields and body. The answer to `GET /get` is made once
// for each value that a client asks for (see `PreparedAnswer`). Rejected: response parts through NIO's encoder, which
// allocates for each field and costs a third of the throughput. There is no Date field, though RFC 9110 (section 6.6.1)
// wants one: it dates what caches keep, every answer here forbids keeping, and the prebuilt answer would have to be
// rebuilt each second.

package import Gossip
package import NIOCore

/// The statuses of this server's answers.
package enum HTTPStatus: Int, CaseIterable, Sendable {
  case ok = 200
  case notModified = 304
  case badRequest = 400
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case contentTooLarge = 413
  case targetTooLong = 414
  case expectationFailed = 417
  case fieldsTooLarge = 431
  case unavailable = 503
  case versionNotSupported = 505

  /// The text of the status line (RFC 9110, section 15).
  package var reason: String {
    switch self {
    case .ok: "OK"
    case .notModified: "Not Modified"
    case .badRequest: "Bad Request"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .contentTooLarge: "Content Too Large"
    case .targetTooLong: "URI Too Long"
    case .expectationFailed: "Expectation Failed"
    case .fieldsTooLarge: "Request Header Fields Too Large"
    case .unavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }
}

/// What becomes of the connection after an answer.
package enum Persistence: Equatable, Sendable {
  /// It stays, which is the default of HTTP/1.1.
  case keep
  /// It stays, and the answer says so: an HTTP/1.0 client asked for it.
  case keepExplicitly
  /// It is closed.
  case close
}

/// An answer before it has a connection.
package struct HTTPAnswer: Equatable, Sendable {
  package var status: HTTPStatus
  /// The media type; nil for an answer without a body.
  package var type: String?
  /// More fields, each with its line end.
  package var fields = ""
  package var body = ""

  private static let plainText = "text/plain; charset=utf-8"

  /// Text for people. A value comes bare, as in the original; sentences end with a newline.
  package static func text(_ text: String, status: HTTPStatus = .ok, fields: String = "") -> HTTPAnswer {
    HTTPAnswer(status: status, type: plainText, fields: fields, body: text)
  }

  /// JSON for programs.
  package static func json(_ json: String, status: HTTPStatus = .ok, fields: String = "") -> HTTPAnswer {
    HTTPAnswer(status: status, type: "application/json", fields: fields, body: json + "\n")
  }

  /// An error: a sentence, or problem details (RFC 9457) for programs.
  package init(_ httpError: HTTPError) {
    status = httpError.status
    if let allow = httpError.allow { fields += "Allow: \(allow)\r\n" }
    if let seconds = httpError.retryAfter { fields += "Retry-After: \(seconds)\r\n" }
    switch httpError.form {
    case .text:
      type = HTTPAnswer.plainText
      body = httpError.sentence + "\n"
    case .json:
      // There is no `type` member: it would be "about:blank", which RFC 9457 (section 4.2.1) implies if it is missing.
      type = "application/problem+json"
      body = JSON.object([
        ("title", JSON.string(status.reason)), ("status", "\(status.rawValue)"),
        ("detail", JSON.string(httpError.sentence)),
      ])
      body += "\n"
    }
  }

  package init(status: HTTPStatus, type: String? = nil, fields: String = "", body: String = "") {
    self.status = status
    self.type = type
    self.fields = fields
    self.body = body
  }

  /// Bytes of the longest head, without the added fields. With less it would be copied once; more is never used.
  private static let headRoom = 192

  /// The bytes of the answer. A HEAD request gets the fields that GET would have given, and no body.
  package func serialized(_ persistence: Persistence, isHead: Bool = false) -> ByteBuffer {
    var bytes = AnswerBytes(capacity: HTTPAnswer.headRoom + fields.utf8.count + body.utf8.count)
    if status == .ok, type == HTTPAnswer.plainText {
      // Nearly every answer that is not prebuilt is one to a write.
      bytes.add("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8")
    } else {
      addHead(to: &bytes)
    }
    // A 304 has no body, and its length would be that of the 200; RFC 9110 (section 8.6) allows leaving it out.
    if status != .notModified {
      bytes.add("\r\nContent-Length: ")
      bytes.add(body.utf8.count)
    }
    bytes.add("\r\n")
    bytes.add(fields)
    switch persistence {
    case .keep: bytes.add("\r\n")
    case .keepExplicitly: bytes.add("Connection: keep-alive\r\n\r\n")
    case .close: bytes.add("Connection: close\r\n\r\n")
    }
    if !isHead { bytes.add(body) }
    return bytes.buffer
  }

  /// The status line and the media type.
  private func addHead(to bytes: inout AnswerBytes) {
    bytes.add("HTTP/1.1 ")
    bytes.add(status.rawValue)
    bytes.add(" ")
    bytes.add(status.reason)
    guard let type else { return }
    bytes.add("\r\nContent-Type: ")
    bytes.add(type)
  }
}

extension HTTPAnswer {
  /// The value itself. Clients may keep it only to ask whether it is still the same.
  package static func value(_ stamp: Stamp, form: Form) -> HTTPAnswer {
    let fields = "ETag: " + entityTag(stamp) + "\r\nCache-Control: no-cache\r\n"
    switch form {
    case .text: return .text(String(stamp.value), fields: fields)
    case .json: return .json(JSON.stamp(stamp), fields: fields)
    }
  }

  /// Names one stamp, as a strong validator.
  package static func entityTag(_ stamp: Stamp) -> String {
    "\"" + String(stamp.generation) + "." + String(stamp.value) + "\""
  }
}
