// What can be wrong with a network as a whole. Conditions are values that are switched on and off, so that a schedule
// of faults is a list that can be printed, replayed and thinned out.

internal import Gossip

/// How the network treats every datagram. Probabilities are of one datagram.
package struct Conditions: Equatable, Sendable {
  /// Lost, each by itself.
  package var loss = 0.0
  /// A burst begins in which everything to one host is lost, as when a queue overflows.
  package var burst = 0.0
  package var burstLength: Duration = .milliseconds(50)
  /// The least one-way delay, and the most that chance adds to it.
  package var delay: Duration = .microseconds(300)
  package var jitter: Duration = .microseconds(700)
  /// Held up for longer: at least `tailDelay`, and k times that with probability 1/k (a Pareto tail).
  package var tail = 0.0
  package var tailDelay: Duration = .milliseconds(20)
  /// Comes twice, the second with a delay of its own.
  package var duplication = 0.0
  /// Overtaken: waits up to `reorderDelay` more.
  package var reordering = 0.0
  package var reorderDelay: Duration = .milliseconds(30)
  /// Some bits are flipped.
  package var corruption = 0.0
  /// The end is cut off.
  package var truncation = 0.0
  /// Some datagram of the past comes once more.
  package var replay = 0.0

  /// A quiet local network: 0.3 to 1 ms one way, nothing lost.
  package static let lan = Conditions()

  /// Nothing wrong and no delay: what other conditions are combined with.
  package static var none: Conditions {
    var conditions = Conditions()
    conditions.delay = .zero
    conditions.jitter = .zero
    return conditions
  }

  /// The worse of the two in every respect.
  func combined(with other: Conditions) -> Conditions {
    var worst = Conditions()
    worst.loss = max(loss, other.loss)
    worst.burst = max(burst, other.burst)
    worst.burstLength = max(burstLength, other.burstLength)
    worst.delay = max(delay, other.delay)
    worst.jitter = max(jitter, other.jitter)
    worst.tail = max(tail, other.tail)
    worst.tailDelay = max(tailDelay, other.tailDelay)
    worst.duplication = max(duplication, other.duplication)
    worst.reordering = max(reordering, other.reordering)
    worst.reorderDelay = max(reorderDelay, other.reorderDelay)
    worst.corruption = max(corruption, other.corruption)
    worst.truncation = max(truncation, other.truncation)
    worst.replay = max(replay, other.replay)
    return worst
  }
}
