// What clients see without asking the node.
//
// It has its own lock, which is held only for nanoseconds, so that `/get` never waits for the protocol. The price is
// that two threads may carry out effects in another order than the node decided. Each rule here deals with that.

import Gossip

/// The value and the readiness as last published.
struct PublishedState {
  private(set) var stamp = Stamp.initial
  private(set) var readiness = ReadinessState.starting
  /// `Node.retractions` when the last retraction was published.
  private var retractions: UInt64 = 0

  /// Publishes a stamp that the node held after so many retractions. This merges, because an older stamp may come
  /// later; and a stamp from before a published retraction comes too late.
  mutating func publish(_ stamp: Stamp, retractions: UInt64) {
    if self.stamp < stamp, self.retractions <= retractions { self.stamp = stamp }
  }

  /// Publishes what the node holds now, though it is less than what was published.
  mutating func retract(to stamp: Stamp, retractions: UInt64) {
    self.stamp = stamp
    self.retractions = retractions
  }

  /// Publishes the node's readiness. A stop shows at once, before the node hears of it, and stays.
  mutating func show(_ readiness: ReadinessState) {
    if self.readiness != .leaving { self.readiness = readiness }
  }
}
