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
  private let timeoutMultiplier: Double

  init(
    of address: Address, incarnation: UInt64, accuser: Address?, isConfirmed: Bool, unanswered: Int,
    timeoutMultiplier: Double, firstPing: Duration, at now: Instant
  ) {
    self.address = address
    self.incarnation = incarnation
    began = now
    accusers = accuser.map { [$0] } ?? []
    self.isConfirmed = isConfirmed
    self.unanswered = unanswered
    self.timeoutMultiplier = timeoutMultiplier
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
    nextPing = now + .microseconds(Int64(Double(interval.microseconds) * timeoutMultiplier))
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
    return began + .microseconds(Int64((maximum - (maximum - minimum) * share) * timeoutMultiplier))
  }

  /// The logarithms that are needed: nobody waits for more than eight confirmations.
  private static func log2(_ number: Int) -> Double {
    let table = [0, 0, 1, 1.584_963, 2, 2.321_928, 2.584_963, 2.807_355, 3, 3.169_925]
    return table[min(max(number, 1), table.count - 1)]
  }
}
