// A rate limit: a number per second in the long run, and a burst after a quiet time.

/// A bucket that fills with time and empties with use.
struct TokenBucket: Sendable {
  private let perSecond: Int
  /// In millionths of a token, so that filling by whole microseconds loses nothing.
  private let capacity: Int64
  private var level: Int64
  private var filled: Instant

  /// Full at the start.
  init(perSecond: Int, burst: Int, at now: Instant) {
    self.perSecond = perSecond
    capacity = Int64(burst) * 1_000_000
    level = capacity
    filled = now
  }

  /// Takes tokens if there are enough and at least `reserve` remain.
  mutating func take(_ count: Int = 1, leaving reserve: Int = 0, at now: Instant) -> Bool {
    fill(at: now)
    let cost = min(Int64(count) * 1_000_000, capacity)
    guard level >= min(Int64(count + reserve) * 1_000_000, capacity) else { return false }
    level -= cost
    return true
  }

  /// When there will be enough tokens.
  func ready(_ count: Int, at now: Instant) -> Instant {
    let missing = min(Int64(count) * 1_000_000, capacity) - level - (now - filled).microseconds * Int64(perSecond)
    guard missing > 0 else { return now }
    return now + .microseconds(missing / Int64(perSecond) + 1)
  }

  private mutating func fill(at now: Instant) {
    let elapsed = min((now - filled).microseconds, 3_600_000_000)
    level = min(capacity, level + elapsed * Int64(perSecond))
    filled = now
  }
}
