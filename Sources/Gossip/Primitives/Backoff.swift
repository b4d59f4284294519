// Waits that double: for what is tried or said again as long as it fails, and need not be when it has failed for long.
// Rejected: a wait of fixed length, which is either too often for ever or too rarely at first.

/// How long to wait before the next attempt.
struct Backoff: Sendable {
  private let first: Duration
  private let longest: Duration
  private var next: Duration

  init(from first: Duration, to longest: Duration) {
    (self.first, self.longest) = (first, longest)
    next = first
  }

  /// The wait that begins now. The one after it is twice as long, up to the longest.
  mutating func wait() -> Duration {
    defer { next = min(next * 2, longest) }
    return next
  }

  /// Begins anew with the first wait.
  mutating func reset() { next = first }
}
