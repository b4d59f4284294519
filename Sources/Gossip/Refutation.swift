// What is said of ourselves, and how we answer it: by outbidding every record of us that we did not make.
//
// Only we raise our incarnation, so whatever we say with a higher one is believed over any accusation (SWIM, section
// 4.2), and over what is left of an earlier process at our address, whatever either clock said. Two processes that both
// believe in one address would outbid each other for ever; so it is done at most once a period, and each time that it
// follows at once, the wait doubles.

/// When we may outbid next, and what is still to be outbid.
struct Refutation: Sendable {
  private var notBefore: Instant
  private var wait: Duration
  /// The highest incarnation that others hold of us and that we have not outbid, and what they say.
  private var pending: Record?

  /// The wait doubles up to this: a fight over an address then costs one rumour a minute.
  private static let longestWait: Duration = .seconds(60)

  init(at now: Instant, _ settings: Settings) {
    notBefore = now
    wait = settings.period
  }

  var deadline: Instant { pending == nil ? .distantFuture : notBefore }

  /// Notes a record to outbid.
  mutating func note(_ record: Record) {
    if pending.map(record.outranks) ?? true { pending = record }
  }

  /// The record to outbid now, if any and if the wait is over.
  mutating func take(at now: Instant, _ settings: Settings) -> Record? {
    guard let record = pending, notBefore <= now else { return nil }
    pending = nil
    let isAtOnce = now - notBefore < wait
    wait = isAtOnce ? min(wait + wait, Refutation.longestWait) : settings.period
    notBefore = now + wait
    return record
  }
}

extension Node {
  /// Somebody told us of ourselves. Returns our own record where theirs is older or disputed.
  mutating func heardOfOurselves(_ record: Record) -> Record? {
    let own = ownRecord
    if record.incarnation < own.incarnation { return own }
    if record.incarnation == own.incarnation, record.state <= own.state || own.state == .left {
      return record.state == own.state ? nil : own
    }
    #if !PLANTED_NO_REFUTATION
      refutation.note(record)
    #endif
    return refuteIfDue() ? ownRecord : nil
  }

  /// Outbids what is held against us, if anything is and the time has come.
  @discardableResult
  mutating func refuteIfDue() -> Bool {
    guard let record = refutation.take(at: now.monotonic, settings) else { return false }
    var own = ownRecord
    guard record.incarnation >= own.incarnation, record.incarnation < Wire.maximumIncarnation,
      let index = members.index(of: identity.address)
    else { return false }
    own.incarnation = record.incarnation + 1
    members.update(at: index, to: own, since: now.monotonic)
    counters.refutations += 1
    if record.state == .suspect || record.state == .dead { probe.worsenHealth(by: 1, settings) }
    emit(.report(.refuted(record.state.status, incarnation: own.incarnation)))
    spread(Rumours.Claim(address: own.address, incarnation: own.incarnation, state: own.state))
    return true
  }
}
