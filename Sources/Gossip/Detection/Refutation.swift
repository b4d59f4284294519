// How we answer records of ourselves that we did not make: we outbid them.
//
// Only we raise our incarnation, so our record with a higher one outranks any accusation (SWIM, section 4.2), and any
// record left over from an earlier process at our address, whatever either clock showed.
//
// An accusation repeats the incarnation that we gave ourselves, and we answer it within a period. A record with a
// higher one was made by another process. If that happens once, it is an earlier process; again and again, it is a
// fight over the address, between two processes that outbid each other or with a liar. Each answer in a fight doubles
// the wait for the next.

/// The records that we still have to outbid, and when we may.
struct Refutation: Sendable {
  /// The worst accusation at our own incarnation, and when we may answer it.
  private var accusation: Record?
  private var accusationAt: Instant
  /// The highest record of us with an incarnation that is not ours, and when we may answer it.
  private var claim: Record?
  private var claimAt: Instant
  /// When the next record has to be outbid. Stored, because it is read after each event and both records are nearly
  /// always nil.
  private(set) var deadline = Instant.distantFuture
  /// Zero until we have answered the first claim.
  private var claimWait = Duration.zero

  /// The wait in a fight doubles up to this, so a fight costs at most one rumour a minute in the end. A minute
  /// without a claim to answer, counted from the end of the wait, ends the fight.
  private static let longestWait: Duration = .seconds(60)

  /// A claim this high is a lie, because no process starts there, and outbidding it would use up the range that
  /// refuting needs. Nobody else accepts such a claim unless we make it ourselves. The other half of the range lasts
  /// for 2^61 refutations.
  private static let highestClaim = Wire.maximumIncarnation / 2

  init(at now: Instant) {
    accusationAt = now
    claimAt = now
  }

  private mutating func schedule() {
    deadline = min(accusation == nil ? .distantFuture : accusationAt, claim == nil ? .distantFuture : claimAt)
  }

  /// Time went on for the others while this process stood still, and the waits exist for their sake: so a stall counts
  /// towards them, and a node that was declared dead meanwhile objects at once.
  mutating func noteStall(of stall: Duration) {
    accusationAt = accusationAt - stall
    claimAt = claimAt - stall
    schedule()
  }

  /// The verdict on a record of ourselves.
  enum Verdict: Equatable, Sendable {
    /// It agrees with our own record.
    case agrees
    /// Our own record outranks it, and its sender should be told.
    case outdated
    /// We did not say that: we outbid it when its time comes, unless it is absurdly high.
    case disputed
  }

  /// Another node sent us a record of ourselves.
  mutating func merge(_ record: Record, own: Record) -> Verdict {
    if record.incarnation < own.incarnation { return .outdated }
    // Once we leave, no state is worse than the one that we announce.
    if record.incarnation == own.incarnation, record.state <= own.state {
      return record.state == own.state ? .agrees : .outdated
    }
    note(record, own: own.incarnation)
    return .disputed
  }

  /// Notes a record to outbid. A record at the very end of the range can't be outbid, and must not hide one that can.
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
