// What to expect of a cluster with given settings on a given network: the figures behind `unum simulate`.

internal import Gossip

/// What came of a scenario.
package struct Forecast: Sendable {
  /// One write: when each node that ran held it, in order, counted from the write.
  package struct Spread: Sendable {
    package var arrivals: [Duration]
    /// All nodes came to hold it before the wait was over.
    package var isComplete: Bool
  }

  /// One killed process.
  package struct Loss: Sendable {
    package var node: Int
    /// When it was killed, counted from the beginning of the second act.
    package var time: Duration
    /// When the first and the last of the nodes that lived to the end marked it dead, counted from the kill; nil when
    /// that did not happen before the wait was over.
    package var first: Duration?
    package var all: Duration?
  }

  package var scenario: Scenario
  /// From the start of all processes until each listed all others; nil when that did not happen.
  package var joining: Duration?
  package var spreads: [Spread] = []
  package var losses: [Loss] = []
  /// How often a node marked a running one suspect, and dead, in the second and third acts …
  package var falseAlarms = FalseAlarms()
  /// … which together were as long as this, for all nodes added up.
  package var nodeTime = Duration.zero
  /// What a node sent in a second of the second act, including the traffic about killed processes.
  package var perSecond = Traffic.Rate()
  /// What came of the writes if they came in a stream; nil when they came one after the other.
  package var stream: WriteStream?
  /// What a write adds to a quiet second, for each node; nil without writes or in a stream of them.
  package var perWrite: Traffic.Rate?
  package var timeline = ForecastTimeline()
  /// Covers everything that happened: two runs with the same hash were the same.
  package var hash: UInt64 = 0

  /// From a write to all nodes holding it, in milliseconds, for the writes that reached all.
  package var convergence: Distribution {
    var found = Distribution()
    for spread in spreads where spread.isComplete { found.add((spread.arrivals.last ?? .zero).inSeconds * 1000) }
    return found
  }

  /// Writes that some nodes did not hold when the wait was over.
  package var unfinishedWrites: Int { spreads.count { !$0.isComplete } }
}
