// Time, as the core sees it: an argument.
//
// The core reads no clock. Whoever owns a node hands it the two clocks with each event: the monotonic clock, which
// schedules everything, and the wall clock, which only bounds generations and dates incarnations. Rejected: one clock
// for both (a wall clock jumps, a monotonic one says nothing to other machines), and timer objects (they need
// identities, cancellation and an owner; a deadline is a number).

/// A point on the monotonic clock of one process. Its zero means nothing; only differences mean something.
package struct Instant: Comparable, Hashable, Sendable {
  /// Microseconds since the clock's own zero. Microseconds in 64 bits last 292,000 years and keep comparisons cheap.
  package var microseconds: Int64

  package init(microseconds: Int64) { self.microseconds = microseconds }

  /// Later than every deadline that a node can have: "nothing is due".
  package static let distantFuture = Instant(microseconds: .max / 2)

  package static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

  package static func + (instant: Instant, duration: Duration) -> Instant {
    Instant(microseconds: instant.microseconds &+ duration.microseconds)
  }

  package static func - (instant: Instant, duration: Duration) -> Instant {
    Instant(microseconds: instant.microseconds &- duration.microseconds)
  }

  package static func - (left: Instant, right: Instant) -> Duration {
    .microseconds(left.microseconds &- right.microseconds)
  }
}

/// The two clocks, read together, once for each event.
package struct Now: Hashable, Sendable {
  /// The monotonic clock; it keeps running while the process is stopped, so that a stall can be detected.
  package var monotonic: Instant
  /// The wall clock: microseconds since 1970, UTC. It may jump either way.
  package var wall: UInt64

  package init(monotonic: Instant, wall: UInt64) {
    self.monotonic = monotonic
    self.wall = wall
  }
}

extension Duration {
  /// The whole microseconds in this duration, rounded towards zero.
  package var microseconds: Int64 {
    // Nearly all durations are below nine seconds and fit. This saves two 128-bit divisions, a tenth of all work.
    if let few = Int64(exactly: attoseconds) { return few / 1_000_000_000_000 }
    let (seconds, attoseconds) = components
    return seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000
  }

  /// This duration in seconds, for people and for metrics.
  package var inSeconds: Double { Double(microseconds) / 1_000_000 }
}
