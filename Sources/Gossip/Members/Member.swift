// One member, as this node knows it: what is said of it (the record, which is gossiped) and what we saw of it ourselves
// (which is not).
//
// It is kept small, because the list of members is nearly all of a node that grows with the cluster: 96 bytes each, of
// which a datagram touches two lines of cache. So the parts of the record are kept here without its accuser, in an order
// that wastes two bytes, and what is not known yet is a value that cannot occur, in place of an optional, whose flag takes
// eight bytes where the next number begins. Rejected: the record itself, and optionals (176 bytes); and two arrays, one of
// what is said and one of what was seen (each datagram would look into both).

/// A member of the cluster in a node's list.
struct Member: Sendable {
  let address: Address
  private(set) var httpPort: UInt16
  private(set) var state: Record.State
  /// How many questions of ours it answered; not counted beyond 255.
  private(set) var answers: UInt8 = 0
  private(set) var incarnation: UInt64
  private(set) var name: String
  /// Since when it has this state.
  var since: Instant
  /// Measured on our own questions.
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

  /// What is believed of it. Its accuser is always nil here: accusers belong to the suspicion.
  var record: Record {
    Record(address: address, incarnation: incarnation, state: state, name: name, httpPort: httpPort)
  }

  /// When it was last heard, by any datagram that we believe to be its own; nil when it never was.
  var heard: Instant? {
    get { lastHeard == .never ? nil : lastHeard }
    set { lastHeard = newValue ?? .never }
  }

  /// The greatest stamp that it is known to have held in this incarnation; nil when none is.
  var stamp: Stamp? {
    get { lastStamp == Member.noStamp ? nil : lastStamp }
    set { lastStamp = newValue ?? Member.noStamp }
  }

  /// Alive or suspect: it is probed, pushed to and part of the digest.
  var isLive: Bool { state < .dead }

  /// It once answered a question of ours: worth an entry in the address book when it is gone.
  var hasAnswered: Bool { answers > 0 }

  /// It answered a question of ours.
  mutating func answered(after elapsed: Duration, at now: Instant, period: Duration) {
    if answers < .max { answers += 1 }
    roundTrip.measured(elapsed, at: now, period: period)
  }

  /// Believes something else of the same member. Its name and port never change within an incarnation, whoever says so.
  mutating func believe(_ record: Record) {
    assert(record.address == address)
    state = record.state
    guard record.incarnation != incarnation else { return }
    incarnation = record.incarnation
    name = record.name
    httpPort = record.httpPort
    // Perhaps it is another process: until that one is heard, nobody knows what it holds.
    stamp = nil
  }

  /// No stamp that a node can hold: generations stay below 2^53 (see `Ceiling`).
  private static let noStamp = Stamp(generation: .max, value: .min)
}

extension Instant {
  /// Stands for "not yet" where an optional would take twice the room. No clock shows it: it is 292,000 years before
  /// the clock's zero.
  fileprivate static let never = Instant(microseconds: .min)
}

/// A smoothed round-trip time and by how much answers are later than it, much as TCP keeps them (RFC 6298, section 2).
///
/// Unlike TCP's, it falls fast, and an early answer is no deviation: a network is at most as slow as its quickest answers
/// say, while a late one may only tell of a machine that was busy. A member of a hundred is measured every 40 s, and with
/// TCP's rule what the moment of joining cost would be in its bound for a quarter of an hour.
struct RoundTrip: Equatable, Sendable {
  /// What is expected of an unknown member, in microseconds: the distance of two pings of a probe.
  private static let expected: Int64 = 70_000
  /// The longest measurement in microseconds: a minute. Questions are forgotten after five seconds, so that no answer
  /// takes as long, and nobody is waited for by more than 0.7 s; with it all fits into 32 bits, also the bound.
  private static let longest: Int64 = 60_000_000
  /// Microseconds; 0 is "not measured".
  private var smoothed: Int32 = 0
  private var deviation: Int32 = 0
  /// When an answer last was slower than expected.
  private var slow = Instant.never

  /// Nil until it was measured.
  var estimate: Duration? { smoothed == 0 ? nil : .microseconds(smoothed) }

  /// By when all but few answers come, in microseconds: the estimate and four deviations; 0 when nothing is known.
  var bound: Int64 { Int64(smoothed) + 4 * Int64(deviation) }

  /// Takes in one measurement: of a later one an eighth into the estimate, of an earlier one half; a quarter of its
  /// lateness into the deviation.
  ///
  /// A measurement counts for at most twice what was expected. An answer that waited two seconds in the socket of a
  /// stopped process says nothing of the network, and would make us wait for that member for minutes. And a dozen of
  /// them, all that waited there, say it only once: what is slower than expected counts once a period. A network that
  /// really is slow is believed after a few periods.
  mutating func measured(_ duration: Duration, at now: Instant, period: Duration) {
    let measured = min(duration.microseconds, RoundTrip.longest)
    let most = max(bound, RoundTrip.expected)
    if measured > most {
      if slow != .never, now - slow < period { return }
      slow = now
    }
    // At most a minute, and so are both averages: neither conversion can fail.
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
