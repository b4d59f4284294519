// Failure detection: each period one member is asked, directly and through helpers, and suspected only if all of that
// failed (SWIM, section 3.1).
//
// All times stretch with the local health (a node that gets no answers, while others do, doubts itself first: Lifeguard,
// section IV.A) and with the target's measured round-trip time. Rejected: a fixed timeout (a slow network would raise
// alarms all day), and suspecting after direct pings alone (one lossy path would accuse for everybody).

/// The probing of members, one at a time.
struct Probe: Sendable {
  /// A probe that has not ended.
  struct Attempt: Sendable {
    let target: Address
    let started: Instant
    /// Multiplies the times of this probe.
    let stretch: Double
    fileprivate(set) var pingsSent = 0
    fileprivate(set) var requestsSent = 0
    fileprivate(set) var helpers: [Helper] = []

    /// When this point of the probe's schedule comes.
    func time(of offset: Duration) -> Instant {
      started + .microseconds(Int64(Double(offset.microseconds) * stretch))
    }
  }

  /// A member that was asked to ping the target for us.
  struct Helper: Sendable {
    let address: Address
    /// It was heard within a period before: if it is silent now, the fault may be ours.
    let wasHeard: Bool
    fileprivate(set) var hasSpoken = false
  }

  /// A probe that nobody answered: its target is to be suspected.
  struct Failure: Equatable, Sendable {
    let target: Address
    /// Our pings that stayed unanswered.
    let pings: Int
  }

  private(set) var attempt: Attempt?
  /// 0 is well; at most `Settings.maximumLocalHealth` (Lifeguard's local health multiplier, less one).
  private(set) var localHealth = 0
  /// When the next probe begins.
  private var next: Instant
  private var order = ProbeOrder()
  private var isStopped = false

  init(at start: Instant) { next = start }

  /// The next thing to do for the current probe, or the next one's beginning.
  func deadline(_ settings: Settings) -> Instant {
    guard let attempt else { return next }
    var due = attempt.time(of: settings.probeTimeout)
    if attempt.pingsSent < settings.directPings.count {
      due = min(due, attempt.time(of: settings.directPings[attempt.pingsSent]))
    }
    if attempt.requestsSent < settings.indirectPings.count {
      due = min(due, attempt.time(of: settings.indirectPings[attempt.requestsSent]))
    }
    return due
  }

  // MARK: What happens to it

  /// Carries the probe on: pings, requests to helpers, its end, and the beginning of the next.
  /// - Returns: the probe that failed, if it did.
  mutating func advance(
    _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) -> Failure? {
    let time = context.time
    guard deadline(context.settings) <= time else { return nil }
    if attempt == nil { begin(context, using: &generator) }
    guard let attempt else { return nil }
    if attempt.time(of: context.settings.probeTimeout) <= time { return timedOut(context) }
    if attempt.pingsSent < context.settings.directPings.count,
      attempt.time(of: context.settings.directPings[attempt.pingsSent]) <= time
    {
      self.attempt?.pingsSent += 1
      outbox.ask(.ping(target: attempt.target), attempt.target, for: .probe)
    }
    if attempt.requestsSent < context.settings.indirectPings.count,
      attempt.time(of: context.settings.indirectPings[attempt.requestsSent]) <= time
    {
      self.attempt?.requestsSent += 1
      askHelpers(context, using: &generator, into: &outbox)
    }
    return nil
  }

  /// A member answered, directly or through a helper: its probe is over, and so are doubts about ourselves.
  mutating func answered(by address: Address, _ settings: Settings) {
    guard let attempt, attempt.target == address else { return }
    // It was given its time, and does not need it: the next probe comes at the usual pace.
    let health = Int64(1 + localHealth)
    next = min(next, attempt.started + .microseconds(settings.period.microseconds * health))
    self.attempt = nil
    localHealth = max(localHealth - 1, 0)
  }

  /// A helper sent something about our request: whatever it says, our packets reach it and its reach us.
  mutating func helperSpoke(_ address: Address) {
    if let index = attempt?.helpers.firstIndex(where: { $0.address == address }) {
      attempt?.helpers[index].hasSpoken = true
    }
  }

  /// Another process answered at the member's address, and so the member is not there. Its answer is as good as a time that
  /// is over, and nothing to doubt ourselves for; if it came after the probe, the member is asked for again.
  mutating func anotherAnswered(for address: Address, _ context: Context) -> Failure? {
    if attempt?.target == address { return fail(context) }
    hurry(to: address, context)
    return nil
  }

  /// Something says that this member may be gone: it is asked next, at once if nobody is being asked, unless it is known to
  /// be suspect or gone. A probe of it that is under way goes on as it is, with all the time that it has.
  mutating func hurry(to address: Address, _ context: Context) {
    guard address != context.ourselves, let index = context.members.index(of: address),
      context.members[index].state == .alive
    else { return }
    order.putFirst(address)
    if attempt == nil { next = context.time }
  }

  /// A member joined or returned.
  mutating func added(_ address: Address, using generator: inout Generator) {
    order.added(address, using: &generator)
  }

  /// Ends a probe without a verdict: this member's, or whoever's.
  mutating func void(_ address: Address? = nil) {
    if address == nil || attempt?.target == address { attempt = nil }
  }

  /// We leave: nobody is probed any more.
  mutating func stop() {
    attempt = nil
    isStopped = true
  }

  /// Something speaks against ourselves.
  mutating func worsenHealth(by points: Int, _ settings: Settings) {
    localHealth = min(localHealth + points, settings.maximumLocalHealth)
  }

  // MARK: Its course

  private mutating func begin(_ context: Context, using generator: inout Generator) {
    let health = Double(1 + localHealth)
    next = context.time + .microseconds(Int64(Double(context.settings.period.microseconds) * health))
    guard !isStopped, let target = order.next(context, localHealth: localHealth, using: &generator),
      let index = context.members.index(of: target)
    else { return }
    let stretch = health * context.timeoutMultiplier(for: context.members[index])
    let attempt = Attempt(target: target, started: context.time, stretch: stretch)
    self.attempt = attempt
    next = attempt.time(of: context.settings.period)
  }

  private mutating func askHelpers(
    _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard var attempt else { return }
    if attempt.helpers.isEmpty {
      let (ourselves, target) = (context.ourselves, attempt.target)
      let addresses = context.members.random(context.settings.helpers, using: &generator) {
        $0.state == .alive && $0.address != ourselves && $0.address != target
      }
      attempt.helpers = addresses.map { address in
        let heard = context.members.index(of: address).flatMap { context.members[$0].heard }
        return Helper(address: address, wasHeard: heard.map { context.time - $0 <= context.settings.period } ?? false)
      }
      self.attempt = attempt
    }
    let left = (attempt.time(of: context.settings.probeTimeout) - context.time).microseconds / 1000
    let deadline = UInt16(clamping: max(left, 1))
    for helper in attempt.helpers {
      outbox.ask(
        .request(target: attempt.target, deadline: deadline), helper.address, for: .indirect(attempt.target))
    }
  }

  /// Nobody answered for the target in its time, and perhaps that is our own fault.
  private mutating func timedOut(_ context: Context) -> Failure? {
    if let attempt, let index = context.members.index(of: attempt.target), context.members[index].state == .alive {
      let silent = attempt.helpers.filter { $0.wasHeard && !$0.hasSpoken }.count
      worsenHealth(by: attempt.helpers.isEmpty ? 1 : silent, context.settings)
    }
    return fail(context)
  }

  private mutating func fail(_ context: Context) -> Failure? {
    guard let attempt else { return nil }
    self.attempt = nil
    return context.isLive(attempt.target) ? Failure(target: attempt.target, pings: attempt.pingsSent) : nil
  }
}
