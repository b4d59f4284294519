// Waits that double: for attempts and reports that repeat, and matter less the longer they go on. Rejected: waits of one
// length, which are too short for ever or too long at first.

/// How long to wait before the next attempt or report.
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

  /// Goes back to the first wait.
  mutating func reset() { next = first }
}
