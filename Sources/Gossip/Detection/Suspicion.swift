// The time between "it did not answer" and "it is dead". The suspect may refute meanwhile, for a shorter time if
// several members accuse it (Lifeguard, section IV.B), and we ping it ourselves.
//
// No death by hearsay. A node that hears that an active member is dead suspects it, as if everyone had confirmed; only
// our own timer declares a death here, after our own pings stayed unanswered. Otherwise a healing partition would kill
// (each side brings its list of the dead, and dozens of running members must refute at once), and so would one forged
// datagram.

/// One member that is suspect here.
struct Suspicion: Sendable {
  let address: Address
  let incarnation: UInt64
  private let began: Instant
  /// The accusers, in order; at most one more than the confirmations that count.
  private(set) var accusers: [Address]
  /// Another member declared it dead, which counts as all confirmations.
  private(set) var isConfirmed: Bool
  /// How many of our pings it has missed since it last answered, not counting one whose answer may still arrive.
  private(set) var unanswered: Int
  private var isAwaiting = false
  /// An answered notify over HTTP has excused it once, and it has answered no datagram since.
  private var isExcused = false
  /// When the next ping is due. Deaths are declared only at these times, so that the last ping has had its time.
  private(set) var nextPing: Instant
  /// Multiplies all times, for a member with long round trips.
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

  /// Adds an accuser. True when it is news: a new accuser, and among the first that count.
  mutating func confirm(by accuser: Address, wanted: Int) -> Bool {
    guard !accusers.contains(accuser), accusers.count <= wanted else { return false }
    accusers.append(accuser)
    return true
  }

  mutating func confirmFully() { isConfirmed = true }

  /// It answered: whatever others say, it was alive a round trip ago.
  mutating func answered() {
    unanswered = 0
    isAwaiting = false
    isExcused = false
  }

  /// It answered a notify over HTTP: its process runs, so its silence may be bad luck with datagrams. That excuses it
  /// once, until it answers a datagram. A process that datagrams no longer reach is no member, whatever HTTP says: if
  /// every notify excused it, it would never miss four pings in a row where four take as long as the time between two
  /// notifies (four times 0.5 s, at round trips of 0.35 s), and would stay suspect for ever. Without any excuse, a
  /// process that is known to run would have a ping's time less to refute.
  mutating func answeredNotify() {
    guard !isExcused else { return }
    answered()
    isExcused = true
  }

  /// We sent it another ping.
  mutating func pinged(interval: Duration, at now: Instant) {
    isAwaiting = true
    nextPing = now + .microseconds(Int64(Double(interval.microseconds) * timeoutMultiplier))
  }

  /// Counts the last ping as unanswered, because its time is over.
  mutating func pingWentUnanswered() {
    if isAwaiting { unanswered += 1 }
    isAwaiting = false
  }

  /// When the member's time to refute ends. It shrinks from the maximum to the minimum with the logarithm of the
  /// confirmations (Lifeguard, section IV.B, formula (1)).
  func expiry(wanted: Int, _ settings: Settings) -> Instant {
    let maximum = Double(settings.suspicionMaximum.microseconds)
    let minimum = Double(settings.suspicionMinimum.microseconds)
    let confirmations = max(accusers.count - 1, 0)
    let share = isConfirmed || wanted == 0 ? 1 : min(1, Suspicion.log2(confirmations + 1) / Suspicion.log2(wanted + 1))
    return began + .microseconds(Int64((maximum - (maximum - minimum) * share) * timeoutMultiplier))
  }

  /// The logarithms that we need: nobody waits for more than eight confirmations.
  private static func log2(_ number: Int) -> Double {
    let table = [0, 0, 1, 1.584_963, 2, 2.321_928, 2.584_963, 2.807_355, 3, 3.169_925]
    return table[min(max(number, 1), table.count - 1)]
  }
}
