// Counts answered requests, by route and status, and open connections, on all loops together.
//
// One lock around one array takes tens of nanoseconds of a request's ten microseconds. Rejected: a counter for each loop,
// which would be added up only for display.

import NIOConcurrencyHelpers

/// The counters of one HTTP server.
package final class RequestCounts: Sendable {
  private struct State {
    var answers = [UInt64](repeating: 0, count: Route.allCases.count * HTTPStatus.allCases.count)
    var open = 0
    var refusing = 0
    var refused: UInt64 = 0
  }

  /// What happens to a new connection.
  package enum Admission: Equatable, Sendable {
    case admitted
    /// It is above the limit, and is told so.
    case refused
    /// It is far above the limit, and is closed.
    case dropped
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  /// Counts an answer.
  package func count(_ route: Route, _ status: HTTPStatus) {
    let slot = RequestCounts.slot(route, status)
    state.withLockedValue { $0.answers[slot] += 1 }
  }

  /// How many requests for this route were answered with this status.
  package func answers(_ route: Route, _ status: HTTPStatus) -> UInt64 {
    state.withLockedValue { $0.answers[RequestCounts.slot(route, status)] }
  }

  /// Open connections, except those that are being refused.
  package var open: Int { state.withLockedValue { $0.open } }

  /// Counts a new connection in, if there is room for it.
  package func admit(_ limits: HTTPLimits) -> Admission {
    state.withLockedValue { state in
      if state.open < limits.connections {
        state.open += 1
        return .admitted
      }
      state.refused += 1
      guard state.refusing < limits.refusals else { return .dropped }
      state.refusing += 1
      return .refused
    }
  }

  /// Counts a connection out, by its admission.
  package func release(_ admission: Admission) {
    state.withLockedValue { state in
      switch admission {
      case .admitted: state.open -= 1
      case .refused: state.refusing -= 1
      case .dropped: break
      }
    }
  }

  /// The counters for `/metrics`. A series appears with its first answer, because 96 series of zeros would tell nobody
  /// anything.
  package var metrics: [ShellMetric] {
    let now = state.withLockedValue { $0 }
    var metrics = [
      ShellMetric(
        name: "unum_http_connections", help: "Open HTTP connections.", isCounter: false, value: Double(now.open)),
      ShellMetric(
        name: "unum_http_connections_refused_total", help: "HTTP connections refused because too many were open.",
        value: Double(now.refused)),
    ]
    for route in Route.allCases {
      for status in HTTPStatus.allCases where now.answers[RequestCounts.slot(route, status)] > 0 {
        metrics.append(
          ShellMetric(
            name: "unum_http_requests_total", help: "HTTP requests answered, by route and status.",
            labels: [("route", route.rawValue), ("status", "\(status.rawValue)")],
            value: Double(now.answers[RequestCounts.slot(route, status)])))
      }
    }
    return metrics
  }

  private static func slot(_ route: Route, _ status: HTTPStatus) -> Int {
    route.position * HTTPStatus.allCases.count + status.position
  }
}

extension Route {
  /// The position among all, without a search.
  fileprivate var position: Int {
    switch self {
    case .get: 0
    case .set: 1
    case .notify: 2
    case .members: 3
    case .livez: 4
    case .readyz: 5
    case .metrics: 6
    case .other: 7
    }
  }
}

extension HTTPStatus {
  fileprivate var position: Int {
    switch self {
    case .ok: 0
    case .notModified: 1
    case .badRequest: 2
    case .notFound: 3
    case .methodNotAllowed: 4
    case .requestTimeout: 5
    case .contentTooLarge: 6
    case .targetTooLong: 7
    case .expectationFailed: 8
    case .fieldsTooLarge: 9
    case .unavailable: 10
    case .versionNotSupported: 11
    }
  }
}
