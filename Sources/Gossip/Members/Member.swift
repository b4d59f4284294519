// One member, as this node knows it: its record, which is gossiped, and our own observations, which are not.
//
// It is small, because the member list is nearly all of a node that grows with the cluster: 96 bytes each, and a
// datagram touches two cache lines of them. So the fields of the record are stored here without its accuser, in an
// order that wastes two bytes. A value that cannot occur stands for "not known yet" instead of an optional, whose flag
// would take eight bytes of padding. Rejected: storing the record itself, with optionals (176 bytes), and two arrays,
// one of records and one of observations (each datagram would look into both).

/// A member of the cluster in a node's list.
struct Member: Sendable {
  let address: Address
  private(set) var httpPort: UInt16
  private(set) var state: Record.State
  /// How many of our requests it has answered; not counted beyond 255.
  private(set) var answers: UInt8 = 0
  private(set) var incarnation: UInt64
  private(set) var name: String
  /// When it entered this state.
  var since: Instant
  /// Measured on our own requests.
  private(set) var roundTrip = RoundTrip()
  private var lastHeard = Instant.never
  private var lastStamp = Member.noStamp

  init(record: Record, since: Instant) {
    address = record.address
    httpPort = record.httpPort
    state = record.state
    incarnation = record.incarnation
    name = record.name
    self.since = since
  }

  /// The record that we hold of it. Its accuser is always nil here: accusers belong to the suspicion.
  var record: Record {
    Record(address: address, incarnation: incarnation, state: state, name: name, httpPort: httpPort)
  }

  /// When we last received a datagram that we accept as its own; nil if we never did.
  var heard: Instant? {
    get { lastHeard == .never ? nil : lastHeard }
    set { lastHeard = newValue ?? .never }
  }

  /// The greatest stamp that it is known to have held in this incarnation; nil when none is known.
  var stamp: Stamp? {
    get { lastStamp == Member.noStamp ? nil : lastStamp }
    set { lastStamp = newValue ?? Member.noStamp }
  }

  /// Alive or suspect: it is probed, pushed to and part of the digest.
  var isActive: Bool { state < .dead }

  /// Whether it has ever answered a request of ours: then it deserves an entry in the address book when it is gone.
  var hasAnswered: Bool { answers > 0 }

  /// It answered a request of ours.
  mutating func answered(after elapsed: Duration, at now: Instant, period: Duration) {
    if answers < .max { answers += 1 }
    roundTrip.measured(elapsed, at: now, period: period)
  }

  /// Applies another record of the same member. Its name and port never change within an incarnation, whatever the
  /// record says.
  mutating func apply(_ record: Record) {
    assert(record.address == address)
    state = record.state
    guard record.incarnation != incarnation else { return }
    incarnation = record.incarnation
    name = record.name
    httpPort = record.httpPort
    // It may be another process: until we hear from that one, nobody knows what it holds.
    stamp = nil
  }

  /// No stamp that a node can hold: generations stay below 2^53 (see `Ceiling`).
  private static let noStamp = Stamp(generation: .max, value: .min)
}

extension Instant {
  /// Stands for "not yet" where an optional would take twice the room. No clock can show it: it is 292,000 years before
  /// the clock's zero.
  fileprivate static let never = Instant(microseconds: .min)
}

/// A smoothed round-trip time and how much later answers come, much as TCP keeps them (RFC 6298, section 2).
///
/// Unlike TCP's, the estimate falls fast, and an early answer is no deviation: a network is at most as slow as its
/// fastest answers, while a late answer may only mean that a machine was busy. In a cluster of a hundred, each member
/// is measured every 40 s, and by TCP's rule the slow answers of the moment of joining would inflate its bound for a
/// quarter of an hour.
struct RoundTrip: Equatable, Sendable {
  /// The round trip expected of an unknown member, in microseconds: the time between two pings of a probe.
  private static let expected: Int64 = 70_000
  /// The longest measurement in microseconds: a minute. Requests are forgotten after five seconds, so no answer takes
  /// that long, and round trips above 0.7 s are not waited for. With it everything fits into 32 bits, including the
  /// bound.
  private static let longest: Int64 = 60_000_000
  /// In microseconds; 0 means "not measured".
  private var smoothed: Int32 = 0
  private var deviation: Int32 = 0
  /// When an answer was last slower than expected.
  private var slow = Instant.never

  /// Nil until it has been measured.
  var estimate: Duration? { smoothed == 0 ? nil : .microseconds(smoothed) }

  /// The time within which all but a few answers come, in microseconds: the estimate plus four deviations; 0 when
  /// nothing is known.
  var bound: Int64 { Int64(smoothed) + 4 * Int64(deviation) }

  /// Applies one measurement. A later one moves the estimate by an eighth and its lateness moves the deviation by a
  /// quarter; an earlier one moves the estimate by half.
  ///
  /// A measurement counts for at most twice what was expected. An answer that waited two seconds in the socket of a
  /// stopped process says nothing of the network, and would make us wait for that member for minutes. And the dozen
  /// answers that waited there together count only once: slower answers than expected count once a period. If the
  /// network really is slow, the estimate reflects it after a few periods.
  mutating func measured(_ duration: Duration, at now: Instant, period: Duration) {
    let measured = min(duration.microseconds, RoundTrip.longest)
    let most = max(bound, RoundTrip.expected)
    if measured > most {
      if slow != .never, now - slow < period { return }
      slow = now
    }
    // The measurement and both averages are at most a minute, so neither conversion can fail.
    let sample = Int32(min(max(1, measured), 2 * most))
    if smoothed == 0 {
      (smoothed, deviation) = (sample, sample / 2)
    } else if sample < smoothed {
      deviation -= deviation / 4
      smoothed -= (smoothed - sample + 1) / 2
    } else {
      deviation += (sample - smoothed - deviation) / 4
      smoothed += (sample - smoothed) / 8
    }
  }
}
