// What is said of ourselves, and how we answer it: by outbidding every record of us that we did not make.
//
// Only we raise our incarnation, so whatever we say with a higher one is believed over any accusation (SWIM, section
// 4.2), and over what is left of an earlier process at our address, whatever either clock said.
//
// An accusation repeats the incarnation that we gave ourselves, and is answered within a period. A record of a higher
// one was made by somebody else: once, that is an earlier process; again and again, it is a fight over the address, of
// two processes that outbid each other or with a liar. Each answer in a fight doubles the wait for the next.

/// When we may outbid next, and what is still to be outbid.
struct Refutation: Sendable {
  /// The worst that others hold against us at our own incarnation, and when it may be answered.
  private var accusation: Record?
  private var accusationAt: Instant
  /// The highest record of us with an incarnation that is not ours, and when it may be answered.
  private var claim: Record?
  private var claimAt: Instant
  /// When something is to be outbid; kept, because it is asked after each event and both records are nearly always nil.
  private(set) var deadline = Instant.distantFuture
  /// Zero until the first claim was answered.
  private var claimWait = Duration.zero

  /// The wait in a fight doubles up to this, and a minute of quiet ends the fight: it then costs one rumour a minute.
  private static let longestWait: Duration = .seconds(60)

  /// A claim from here on is a lie, as no process starts so high, and to outbid it would spend what refuting needs.
  /// Nobody else believes such a claim unless we say it ourselves. The other half of the range lasts for 2^61
  /// refutations.
  private static let highestClaim = Wire.maximumIncarnation / 2

  init(at now: Instant) {
    accusationAt = now
    claimAt = now
  }

  private mutating func schedule() {
    deadline = min(accusation == nil ? .distantFuture : accusationAt, claim == nil ? .distantFuture : claimAt)
  }

  /// The others' time went on while this process stood still, and it is for their sake that we wait: who is called dead
  /// meanwhile says at once that it lives.
  mutating func slept(for stall: Duration) {
    accusationAt = accusationAt - stall
    claimAt = claimAt - stall
    schedule()
  }

  /// What becomes of a record of ourselves.
  enum Verdict: Equatable, Sendable {
    /// It says what we say.
    case agrees
    /// It is older than what we say of ourselves, which its teller should hear.
    case outdated
    /// We did not say that: it is to be outbid.
    case disputed
  }

  /// Somebody told us of ourselves.
  mutating func hear(_ record: Record, own: Record) -> Verdict {
    if record.incarnation < own.incarnation { return .outdated }
    // Once we leave, nothing that is said of us is worse than what we say.
    if record.incarnation == own.incarnation, record.state <= own.state {
      return record.state == own.state ? .agrees : .outdated
    }
    note(record, own: own.incarnation)
    return .disputed
  }

  /// Notes a record to outbid. What is at the end of all incarnations can't be, and must not hide what can.
  mutating func note(_ record: Record, own incarnation: UInt64) {
    guard record.incarnation < Wire.maximumIncarnation else { return }
    defer { schedule() }
    if record.incarnation > incarnation {
      guard record.incarnation < Refutation.highestClaim else { return }
      if claim.map(record.outranks) ?? true { claim = record }
    } else if accusation.map(record.outranks) ?? true {
      accusation = record
    }
  }

  /// The record to outbid now, if there is one and its wait is over.
  mutating func take(own: Record, at now: Instant, _ settings: Settings) -> Record? {
    guard deadline <= now, let record = take(at: now, settings) else { return nil }
    return record.incarnation >= own.incarnation && record.incarnation < Wire.maximumIncarnation ? record : nil
  }

  mutating func take(at now: Instant, _ settings: Settings) -> Record? {
    defer { schedule() }
    if let record = claim, claimAt <= now {
      claim = nil
      accusation = nil
      let isOver = now - claimAt > Refutation.longestWait
      let doubled = max(claimWait + claimWait, settings.period)
      claimWait = isOver ? settings.period : min(doubled, Refutation.longestWait)
      claimAt = now + claimWait
      return record
    }
    guard let record = accusation, accusationAt <= now else { return nil }
    accusation = nil
    accusationAt = now + settings.period
    return record
  }
}
