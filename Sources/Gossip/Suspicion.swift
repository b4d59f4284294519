// Between "it did not answer" and "it is dead": time to refute, short when several members say the same (Lifeguard,
// section IV.B), and pings of our own.
//
// No death by hearsay. Whoever hears that a live member is dead suspects it, as if everyone had confirmed; what declares
// a death here is only our own timer, after our own pings stayed unanswered. Otherwise the heal of a partition kills:
// each side brings its list of the dead, and dozens of live members must refute at once; and one forged datagram kills.

/// One member that is suspect here.
struct Suspicion: Sendable {
  let address: Address
  let incarnation: UInt64
  private let began: Instant
  /// Who accuses, the first first; at most one more than the confirmations that count.
  private(set) var accusers: [Address]
  /// Somebody declared it dead: as good as all confirmations.
  private(set) var isConfirmed: Bool
  /// Our pings since it last answered, not counting one whose answer may still be coming.
  private(set) var unanswered: Int
  private var isAwaiting = false
  /// A notify that it answered over HTTP was held in its favour, and it has answered no datagram since.
  private var isExcused = false
  /// When the next ping is due; also the only times at which a death is declared, so that the last ping had its time.
  private(set) var nextPing: Instant
  /// Multiplies all times: the round trips to it are long.
  private let patience: Double

  init(
    of address: Address, incarnation: UInt64, accuser: Address?, isConfirmed: Bool, unanswered: Int, patience: Double,
    firstPing: Duration, at now: Instant
  ) {
    self.address = address
    self.incarnation = incarnation
    began = now
    accusers = accuser.map { [$0] } ?? []
    self.isConfirmed = isConfirmed
    self.unanswered = unanswered
    self.patience = patience
    nextPing = now + firstPing
  }

  /// Takes in one more accuser. True when that is news: distinct, and among the first that count.
  mutating func confirm(by accuser: Address, wanted: Int) -> Bool {
    guard !accusers.contains(accuser), accusers.count <= wanted else { return false }
    accusers.append(accuser)
    return true
  }

  mutating func confirmFully() { isConfirmed = true }

  /// It answered: whatever is said, it was alive a round trip ago.
  mutating func answered() {
    unanswered = 0
    isAwaiting = false
    isExcused = false
  }

  /// It answered a notify over HTTP: its process runs, so its silence may be bad luck with datagrams. That is believed
  /// once, until it answers a datagram. Whom datagrams no longer reach is no member, whatever HTTP says, and where its
  /// pings take as long as the next notify (0.5 s each at round trips of 0.35 s) it would be suspect for ever. Not
  /// believed at all, a process that is known to run would have 0.4 s less to say so.
  mutating func answeredNotify() {
    guard !isExcused else { return }
    answered()
    isExcused = true
  }

  /// The time for another ping came.
  mutating func pinged(interval: Duration, at now: Instant) {
    isAwaiting = true
    nextPing = now + .microseconds(Int64(Double(interval.microseconds) * patience))
  }

  /// Counts the last ping, whose time is over.
  mutating func pingWentUnanswered() {
    if isAwaiting { unanswered += 1 }
    isAwaiting = false
  }

  /// When the member's time to refute is over: from the maximum down to the minimum with the logarithm of the
  /// confirmations, as in Lifeguard, section IV.B, formula (1).
  func expiry(wanted: Int, _ settings: Settings) -> Instant {
    let maximum = Double(settings.suspicionMaximum.microseconds)
    let minimum = Double(settings.suspicionMinimum.microseconds)
    let confirmations = max(accusers.count - 1, 0)
    let share = isConfirmed || wanted == 0 ? 1 : min(1, Suspicion.log2(confirmations + 1) / Suspicion.log2(wanted + 1))
    return began + .microseconds(Int64((maximum - (maximum - minimum) * share) * patience))
  }

  /// The logarithms that are needed: nobody waits for more than eight confirmations.
  private static func log2(_ number: Int) -> Double {
    let table = [0, 0, 1, 1.584_963, 2, 2.321_928, 2.584_963, 2.807_355, 3, 3.169_925]
    return table[min(max(number, 1), table.count - 1)]
  }
}

extension Node {
  /// Confirmations that shrink a suspicion: fewer where there are not enough members to give them.
  var confirmationsWanted: Int { min(settings.confirmations, max(members.liveCount - 2, 0)) }

  /// Our own probe of it failed: we accuse it.
  mutating func accuse(_ index: Int, unanswered: Int) {
    let record = members[index].record
    if record.state == .alive {
      suspect(index, record, accuser: identity.address, unanswered: unanswered, because: .probeFailed)
    } else {
      confirm(record.address, by: identity.address)
    }
  }

  /// A live member becomes suspect, or suspect at a higher incarnation, with the name and the port that go with it.
  mutating func suspect(
    _ index: Int, _ claim: Record, accuser: Address?, isConfirmed: Bool = false, unanswered: Int = 0,
    because reason: Reason
  ) {
    var record = claim
    record.state = .suspect
    record.accuser = nil
    let first = reason == .probeFailed || !generator.chance(Double(settings.suspectPingers) / Double(members.liveCount))
    suspicions.removeAll { $0.address == record.address }
    suspicions.append(
      Suspicion(
        of: record.address, incarnation: record.incarnation, accuser: accuser, isConfirmed: isConfirmed,
        unanswered: unanswered, patience: patience(with: members[index]),
        firstPing: first ? settings.suspectPingInterval : .zero, at: now.monotonic))
    counters.suspicions += 1
    change(index, to: record, because: reason)
    spread(Rumours.Claim(address: record.address, incarnation: record.incarnation, state: .suspect, accuser: accuser))
  }

  /// One more member accuses a suspect: the first few are passed on, or the order of claims would drop them as known.
  mutating func confirm(_ address: Address, by accuser: Address) {
    guard let index = suspicions.firstIndex(where: { $0.address == address }) else { return }
    guard suspicions[index].confirm(by: accuser, wanted: confirmationsWanted) else { return }
    let incarnation = suspicions[index].incarnation
    spread(Rumours.Claim(address: address, incarnation: incarnation, state: .suspect, accuser: accuser))
  }

  /// Pings suspects, and declares those dead whose time is over.
  mutating func judgeSuspects() {
    let wanted = confirmationsWanted
    var expired: [Address] = []
    var convinced: [Address] = []
    for index in suspicions.indices where suspicions[index].nextPing <= now.monotonic {
      suspicions[index].pingWentUnanswered()
      if suspicions[index].unanswered == settings.pingsBeforeDeath { convinced.append(suspicions[index].address) }
      let isOver = suspicions[index].expiry(wanted: wanted, settings) <= now.monotonic
      if isOver, suspicions[index].unanswered >= settings.pingsBeforeDeath {
        expired.append(suspicions[index].address)
      } else {
        suspicions[index].pinged(interval: settings.suspectPingInterval, at: now.monotonic)
        let address = suspicions[index].address
        ask(.ping(target: address), address, for: .suspicion)
      }
    }
    // As many pings as would do for a death are as good as a failed probe of our own, and come sooner: without this,
    // most suspicions run for twice the minimum for want of confirmations.
    for address in convinced { confirm(address, by: identity.address) }
    for address in expired { declareDead(address) }
  }

  private mutating func declareDead(_ address: Address) {
    guard let index = members.index(of: address), members[index].state == .suspect,
      let suspicion = suspicions.first(where: { $0.address == address })
    else { return }
    var record = members[index].record
    record.state = .dead
    counters.deaths += 1
    change(index, to: record, because: .suspicionExpired(unansweredPings: suspicion.unanswered))
    spread(
      Rumours.Claim(
        address: address, incarnation: record.incarnation, state: .dead, accuser: identity.address))
  }

  /// A suspect answered a question of ours.
  mutating func suspectAnswered(_ address: Address) {
    if let index = suspicions.firstIndex(where: { $0.address == address }) { suspicions[index].answered() }
  }

  /// A member answered our notify.
  mutating func notifyAnswered(by address: Address) {
    if let index = suspicions.firstIndex(where: { $0.address == address }) { suspicions[index].answeredNotify() }
  }
}
