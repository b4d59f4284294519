// What clients see without asking the node.
//
// It has its own lock, held for nanoseconds only, so that `/get` never waits for the protocol. The price is that two threads
// may carry out effects in another order than the node decided on them, and each rule here is about that.

import Gossip

/// The value and the readiness as last shown.
struct PublishedState {
  private(set) var stamp = Stamp.initial
  private(set) var readiness = ReadinessState.starting
  /// `Node.retractions` when the last retraction was shown.
  private var retractions: UInt64 = 0

  /// Shows a stamp that the node held after so many retractions. A merge, because an older one may come later; and what is
  /// from before a retraction that was shown comes too late.
  mutating func publish(_ stamp: Stamp, retractions: UInt64) {
    if self.stamp < stamp, self.retractions <= retractions { self.stamp = stamp }
  }

  /// Shows what the node holds now, though it is less than what was shown.
  mutating func retract(to stamp: Stamp, retractions: UInt64) {
    self.stamp = stamp
    self.retractions = retractions
  }

  /// Shows what the node says of itself. A stop is shown at once, before the node hears of it, and stays.
  mutating func show(_ readiness: ReadinessState) {
    if self.readiness != .leaving { self.readiness = readiness }
  }
}
