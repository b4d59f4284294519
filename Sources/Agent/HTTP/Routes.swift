// What a request asks for: a pure function from method, target and Accept to a command or an error.
//
// So the whole HTTP surface is in one place, and is tested as a table without a socket. Rejected: a table of handlers,
// which hides the answers behind the registrations.

package import Gossip

/// A kind of request, for metrics.
package enum Route: String, CaseIterable, Sendable {
  case get, set, notify, members, livez, readyz, metrics
  /// Not a route of ours, or a request that was refused before its target was known.
  case other
}

/// What a client wants.
package enum Command: Equatable, Sendable {
  case get
  case set(Int64)
  case notify(Stamp, by: String)
  case members
  case livez
  case readyz
  case metrics

  package var route: Route {
    switch self {
    case .get: .get
    case .set: .set
    case .notify: .notify
    case .members: .members
    case .livez: .livez
    case .readyz: .readyz
    case .metrics: .metrics
    }
  }
}

/// The form of the answer: text for people, JSON for programs.
package enum Form: Equatable, Sendable {
  case text, json
}

/// A refused request, and why: one sentence that says what was wrong and what would be right.
package struct HTTPError: Error, Equatable, Sendable {
  package var status: HTTPStatus
  package var sentence: String
  package var route: Route
  package var form: Form
  /// The methods that would have been right, for 405.
  package var allow: String?
  /// Seconds after which to try again, for 503.
  package var retryAfter: Int?

  package init(
    _ status: HTTPStatus, _ sentence: String, route: Route = .other, form: Form = .text, allow: String? = nil,
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.sentence = sentence
    self.route = route
    self.form = form
    self.allow = allow
    self.retryAfter = retryAfter
  }
}

/// A request as its route understands it.
package struct RoutedRequest: Equatable, Sendable {
  package var command: Command
  package var form: Form
}

/// The routes.
package enum Routes {
  /// Finds what a request asks for.
  /// - Parameters:
  ///   - method: as on the request line; methods are case-sensitive.
  ///   - target: path and query, as on the request line.
  ///   - accept: all Accept fields, joined by commas.
  package static func route(
    method: String, target: String, accept: String? = nil
  ) throws(HTTPError) -> RoutedRequest {
    guard let parts = RequestTarget(target) else { throw unknown(target, form: form(nil, accept)) }
    let form = form(parts, accept)
    let arguments = parts.segments.dropFirst()
    switch (parts.segments.first ?? "", arguments.count) {
    case ("set", _):
      try check(method, in: writing, route: .set, form: form)
      try refuseWaiting(parts, form: form)
      return RoutedRequest(command: .set(try value(arguments, form: form)), form: form)
    case ("notify", _):
      try check(method, in: notifying, route: .notify, form: form)
      let stamp = try stamp(Array(arguments), form: form)
      // It is cut and not refused: a name that is too long is no reason to lose the value that comes with it.
      let notifier = ForeignText.prefix(parts.parameter("notifier") ?? "", bytes: Wire.maximumName)
      return RoutedRequest(command: .notify(stamp, by: notifier), form: form)
    case (let name, 0):
      guard let command = readable(name) else { throw unknown(target, form: form) }
      try check(method, in: reading, route: command.route, form: form)
      return RoutedRequest(command: command, form: form)
    default:
      throw unknown(target, form: form)
    }
  }

  private static let reading = ["GET", "HEAD"]
  // GET writes because it did in the original and every reader of the tutorial types it. HEAD never writes, because
  // crawlers and monitors send it in the belief that it is harmless.
  private static let writing = ["GET", "POST", "PUT"]
  private static let notifying = ["GET", "POST"]

  private static func readable(_ name: String) -> Command? {
    switch name {
    case "get": .get
    case "members": .members
    case "livez": .livez
    case "readyz": .readyz
    case "metrics": .metrics
    default: nil
    }
  }

  private static func check(
    _ method: String, in allowed: [String], route: Route, form: Form
  ) throws(HTTPError) {
    guard !allowed.contains(method) else { return }
    let list = allowed.joined(separator: ", ")
    throw HTTPError(
      .methodNotAllowed, "\(ForeignText.visible(method)) is not a method of /\(route.rawValue); it takes \(list).",
      route: route, form: form, allow: list)
  }

  private static func unknown(_ target: String, form: Form) -> HTTPError {
    HTTPError(
      .notFound,
      "There is no \(ForeignText.visible(target)) here; the paths are /get, /set/<n>, /notify/<value>/<generation>, "
        + "/members, /livez, /readyz and /metrics.", form: form)
  }

  /// Unknown parameters are ignored, but this one asks for a promise, and 200 would seem to give it.
  private static func refuseWaiting(_ target: RequestTarget, form: Form) throws(HTTPError) {
    guard let wait = target.parameter("wait") else { return }
    throw HTTPError(
      .badRequest,
      "Nothing was written: wait=\(ForeignText.visible(wait)) asks for copies on other nodes, but /set answers as soon "
        + "as this node holds the value; leave it out.", route: .set, form: form)
  }

  private static func value(_ arguments: ArraySlice<String>, form: Form) throws(HTTPError) -> Int64 {
    let text = arguments.joined(separator: "/")
    guard let value = Int64(text) else {
      throw HTTPError(
        .badRequest, "A value is \(integer), as in /set/5, and \"\(ForeignText.visible(text))\" is not.",
        route: .set, form: form)
    }
    return value
  }

  private static func stamp(_ arguments: [String], form: Form) throws(HTTPError) -> Stamp {
    func refuse(_ sentence: String) -> HTTPError {
      HTTPError(.badRequest, sentence, route: .notify, form: form)
    }
    guard arguments.count == 2 else {
      throw refuse("A notify is /notify/<value>/<generation>?notifier=<name>, with exactly these two numbers.")
    }
    guard let value = Int64(arguments[0]) else {
      throw refuse("A value is \(integer), and \"\(ForeignText.visible(arguments[0]))\" is not.")
    }
    guard let generation = UInt64(arguments[1]) else {
      throw refuse(
        "A generation is an integer from 0 to \(UInt64.max), and \"\(ForeignText.visible(arguments[1]))\" is not.")
    }
    return Stamp(generation: generation, value: value)
  }

  private static let integer = "an integer from \(Int64.min) to \(Int64.max)"

  /// `?format=` decides, then whether `Accept` names JSON without refusing it. Everything else is text, which is what
  /// curl (`*/*`) and browsers should see.
  private static func form(_ target: RequestTarget?, _ accept: String?) -> Form {
    switch target?.parameter("format") {
    case "json": return .json
    case "text": return .text
    default: break
    }
    guard let accept, accept != "*/*" else { return .text }
    return accept.split(separator: ",").contains(where: namesJSON) ? .json : .text
  }

  /// Whether one element of Accept is JSON with a weight above zero (RFC 9110, section 12.5.1).
  private static func namesJSON(_ element: Substring) -> Bool {
    let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
    guard parts.first == "application/json" || parts.first == "application/problem+json" else { return false }
    return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
  }
}
