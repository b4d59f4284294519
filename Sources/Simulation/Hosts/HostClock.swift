// The clocks of one simulated machine. They have their own zero and may run fast or slow, and the wall clock may be
// wrong and be turned. Only the simulation knows the true time; a node sees what its machine shows.

internal import Gossip

/// A machine's two clocks as functions of the true time.
package struct HostClock: Sendable {
  /// What the monotonic clock shows at the true zero: machines were switched on at different times.
  private let origin: Int64
  /// How much too fast both clocks run, in millionths; a cheap quartz is off by less than 100.
  package private(set) var drift: Int64 = 0
  /// How far the wall clock is ahead of the truth, in microseconds; negative is behind.
  private var offset: Int64 = 0

  /// The true wall clock at the simulation's zero, microseconds since 1970 (2026-11-21).
  package static let epoch: UInt64 = 1_795_300_000_000_000

  init(origin: Int64) { self.origin = origin }

  /// What the machine shows at this true time.
  func now(at time: Instant) -> Now {
    let elapsed = time.microseconds + time.microseconds * drift / 1_000_000
    let wall = Int64(HostClock.epoch) + elapsed + offset
    return Now(monotonic: Instant(microseconds: origin + elapsed), wall: UInt64(max(wall, 0)))
  }

  /// The first true time at which the monotonic clock shows this instant or a later one.
  func trueTime(of instant: Instant) -> Instant {
    guard instant < .distantFuture else { return .distantFuture }
    let elapsed = instant.microseconds - origin
    guard drift != 0 else { return Instant(microseconds: elapsed) }
    var time = Instant(microseconds: max(0, elapsed - elapsed * drift / (1_000_000 + drift)) - 2)
    // The division rounds; at most a few steps correct it.
    while now(at: time).monotonic < instant { time = time + .microseconds(1) }
    return time
  }

  /// Turns the wall clock; the monotonic one cannot be turned.
  mutating func turn(by duration: Duration) { offset += duration.microseconds }

  /// From the next start of the machine on, its clocks run so much too fast. A change under a running process would
  /// make its monotonic clock jump.
  mutating func set(drift: Int64) { self.drift = drift }
}
