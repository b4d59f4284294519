// The answers to commands, in words, once the node has decided.

import Gossip

/// Answers commands. It is pure, except for what it asks of the backend.
enum Responder {
  /// Asks the node, and answers through `completion`: exactly once, on any thread, and at once unless the node delays a
  /// write.
  /// - Parameters:
  ///   - knownTags: the request's `If-None-Match`.
  ///   - counts: those of the server that answers, which `/metrics` shows.
  static func respond(
    to request: RoutedRequest, from backend: any Backend, knownTags: String?, counts: RequestCounts,
    completion: @escaping @Sendable (HTTPAnswer) -> Void
  ) {
    let form = request.form
    switch request.command {
    case .set(let value): backend.set(value) { completion(set($0, form: form)) }
    case .notify(let stamp, let notifier):
      backend.notify(stamp, by: notifier) { completion(notify(stamp, $0, form: form)) }
    case .get: completion(value(backend.published, form: form, knownTags: knownTags))
    case .members: completion(members(backend.status(), form: form))
    case .livez: completion(form == .text ? .text("alive\n", fields: fresh) : .json("{\"alive\":true}", fields: fresh))
    case .readyz: completion(readiness(backend.readiness, form: form))
    case .metrics:
      let shell = backend.shellMetrics() + counts.metrics
      let text = MetricsText.render(backend.status(), backend.readiness, shell: shell)
      completion(HTTPAnswer(status: .ok, type: MetricsText.mediaType, fields: fresh, body: text))
    }
  }

  /// Answers a write of this client.
  private static func set(_ answer: Answer, form: Form) -> HTTPAnswer {
    switch answer {
    case .accepted(let stamp):
      switch form {
      case .text: return .text(String(stamp.value), fields: fresh)
      case .json: return .json(JSON.stamp(stamp), fields: fresh)
      }
    case .aboveCeiling(let ceiling):
      return HTTPAnswer(
        HTTPError(
          .unavailable,
          "The generation of a new value would be above \(ceiling), the highest that this node may write now; the limit "
            + "rises by a million each second, so try again.", route: .set, form: form, retryAfter: 1))
    case .overloaded: return overloaded(.set, form)
    case .heldBack(let obstacle): return heldBack(obstacle, .set, form)
    }
  }

  /// Answers a notify. If it was accepted, the answer is empty: only then can the original's clients reuse a connection.
  private static func notify(_ stamp: Stamp, _ answer: Answer, form: Form) -> HTTPAnswer {
    switch answer {
    case .accepted: return HTTPAnswer(status: .ok)
    case .aboveCeiling(let ceiling):
      return HTTPAnswer(
        HTTPError(
          .badRequest,
          "Generation \(stamp.generation) is above \(ceiling), the highest that a notify may bring now: the clock in "
            + "microseconds since 1970, plus a day.", route: .notify, form: form))
    case .overloaded: return overloaded(.notify, form)
    case .heldBack(let obstacle): return heldBack(obstacle, .notify, form)
    }
  }

  /// No cache may keep an answer, least of all that of a GET that writes.
  private static let fresh = "Cache-Control: no-store\r\n"

  private static func value(_ stamp: Stamp, form: Form, knownTags: String?) -> HTTPAnswer {
    let answer = HTTPAnswer.value(stamp, form: form)
    guard let knownTags, matches(HTTPAnswer.entityTag(stamp), knownTags) else { return answer }
    return HTTPAnswer(status: .notModified, fields: answer.fields)
  }

  /// The weak comparison of RFC 9110 (section 8.8.3.2): `W/` in front makes no difference. Our tags hold no commas.
  private static func matches(_ tag: String, _ knownTags: String) -> Bool {
    knownTags.split(separator: ",").contains { element in
      let text = element.filter { $0 != " " && $0 != "\t" }
      return text == "*" || text == tag || text == "W/" + tag
    }
  }

  private static func members(_ status: StatusSnapshot, form: Form) -> HTTPAnswer {
    switch form {
    case .text: .text(MembersText.text(status), fields: fresh)
    case .json: .json(MembersText.json(status), fields: fresh)
    }
  }

  private static func readiness(_ state: ReadinessState, form: Form) -> HTTPAnswer {
    let (isReady, reason) = words(for: state)
    let status: HTTPStatus = isReady ? .ok : .unavailable
    switch form {
    case .text: return .text("\(isReady ? "ready" : "not ready"): \(reason)\n", status: status, fields: fresh)
    case .json:
      guard isReady else {
        return HTTPAnswer(HTTPError(status, "Not ready: \(reason).", route: .readyz, form: .json))
      }
      return .json(JSON.object([("ready", "true"), ("reason", JSON.string(reason))]), fields: fresh)
    }
  }

  private static func words(for state: ReadinessState) -> (Bool, String) {
    switch state {
    case .starting: (false, "starting, and waiting to hear the cluster's value")
    case .unreachable(.unreachable, let member):
      (false, "member \(member) cannot reach this node at its advertised address (ADVERTISE_ADDR)")
    case .unreachable(.taken, let member):
      (false, "member \(member) finds another process at this node's advertised address (ADVERTISE_ADDR)")
    case .heldBack(let obstacle): (false, obstacle.inWords)
    case .leaving: (false, "leaving the cluster")
    case .ready(.synchronised): (true, "has the cluster's value")
    case .ready(.first): (true, "has no seeds but itself")
    case .ready(.alone): (true, "no ready member answered in time, so it went on with its own copy")
    }
  }

  private static func heldBack(_ obstacle: Obstacle, _ route: Route, _ form: Form) -> HTTPAnswer {
    HTTPAnswer(
      HTTPError(
        .unavailable,
        "This node does not know the cluster's value: \(obstacle.inWords). Write to another node, or see /readyz.",
        route: route, form: form, retryAfter: 1))
  }

  private static func overloaded(_ route: Route, _ form: Form) -> HTTPAnswer {
    HTTPAnswer(
      HTTPError(
        .unavailable, "Too many writes already wait for this node to hear the cluster's value; try again in a second.",
        route: route, form: form, retryAfter: 1))
  }
}
