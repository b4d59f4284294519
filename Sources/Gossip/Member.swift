// One member, as this node knows it: what is said of it (the record, which is gossiped) and what we saw of it ourselves
// (which is not).

/// A member of the cluster in a node's list.
struct Member: Sendable {
  /// What is believed of it. Its accuser is always nil here: accusers belong to the suspicion.
  var record: Record
  /// Since when it has this state.
  var since: Instant
  /// When it was last heard, by any datagram that we believe to be its own.
  var heard: Instant?
  /// The stamp that it had then.
  var stamp: Stamp?
  /// Measured on our own questions.
  var roundTrip = RoundTrip()
  /// It once answered a question of ours: worth an entry in the address book when it is gone.
  var hasAnswered = false

  init(record: Record, since: Instant) {
    self.record = record
    self.record.accuser = nil
    self.since = since
  }

  var address: Address { record.address }
  var state: Record.State { record.state }
  /// Alive or suspect: it is probed, pushed to and part of the digest.
  var isLive: Bool { state < .dead }
}

/// A smoothed round-trip time and its deviation, as TCP keeps them (RFC 6298, section 2).
struct RoundTrip: Equatable, Sendable {
  /// What is expected of an unknown member, in microseconds: the distance of two pings of a probe.
  private static let expected: Int64 = 70_000
  /// Microseconds; 0 is "not measured".
  private var smoothed: Int64 = 0
  private var deviation: Int64 = 0
  /// When an answer last was slower than expected.
  private var slow: Instant?

  /// Nil until it was measured.
  var estimate: Duration? { smoothed == 0 ? nil : .microseconds(smoothed) }

  /// By when all but few answers come, in microseconds: the estimate and four deviations; 0 when nothing is known.
  var bound: Int64 { smoothed + 4 * deviation }

  /// Takes in one measurement: an eighth of it into the estimate, a quarter into the deviation.
  ///
  /// A measurement counts for at most twice what was expected. An answer that waited two seconds in the socket of a
  /// stopped process says nothing of the network, and would make us wait for that member for minutes. And a dozen of
  /// them, all that waited there, say it only once: what is slower than expected counts once a period. A network that
  /// really is slow is believed after a few periods.
  mutating func measured(_ duration: Duration, at now: Instant, period: Duration) {
    let isSlow = duration.microseconds > max(bound, RoundTrip.expected)
    if isSlow {
      if let slow, now - slow < period { return }
      slow = now
    }
    let sample = min(max(1, duration.microseconds), 2 * max(bound, RoundTrip.expected))
    if smoothed == 0 {
      (smoothed, deviation) = (sample, sample / 2)
    } else {
      deviation += (abs(sample - smoothed) - deviation) / 4
      smoothed = max(1, smoothed + (sample - smoothed) / 8)
    }
  }
}
