// What is drawn of a forecast: how many nodes doubted which member, over time.

internal import Gossip

/// How the views of each member changed over the time that is drawn.
package struct ForecastTimeline: Sendable {
  /// From one moment on, so many of the others held this member …
  package struct Point: Equatable, Sendable {
    /// Counted from the beginning of what is drawn.
    package var time: Duration
    package var suspect: Int
    package var dead: Int
  }

  /// A member that somebody doubted.
  package struct Row: Sendable {
    package var node: Int
    package var points: [Point]
  }

  /// In the order of nodes. A member that all nodes held alive throughout has no row.
  package internal(set) var rows: [Row] = []
  package internal(set) var duration = Duration.zero

  package init() {}

  /// How much a member was doubted: by so many others for so many seconds, added up.
  package func doubt(of row: Row) -> Double {
    row.points.indices.reduce(0.0) { sum, index in
      let point = row.points[index]
      let end = index + 1 < row.points.count ? row.points[index + 1].time : duration
      return sum + Double(point.suspect + point.dead) * (end - point.time).inSeconds
    }
  }
}
