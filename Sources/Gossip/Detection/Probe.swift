// Failure detection: each period we ping one member, directly and through helpers, and suspect it only if all of that
// fails (SWIM, section 3.1).
//
// All times stretch with the local health (a node that gets no answers, while others do, doubts itself first:
// Lifeguard, section IV.A) and with the target's measured round-trip time. Rejected: a fixed timeout (a slow network
// would raise alarms all day), and suspecting after direct pings alone (one lossy path would speak for everybody).

/// The probing of members, one at a time.
struct Probe: Sendable {
  /// A probe that has not ended.
  struct Attempt: Sendable {
    let target: Address
    let started: Instant
    /// The factor that stretches the times of this probe.
    let stretch: Double
    fileprivate(set) var pingsSent = 0
    fileprivate(set) var requestsSent = 0
    fileprivate(set) var helpers: [Helper] = []

    /// When this point of the probe's schedule is reached.
    func time(of offset: Duration) -> Instant {
      started + .microseconds(Int64(Double(offset.microseconds) * stretch))
    }
  }

  /// A member that we asked to ping the target for us.
  struct Helper: Sendable {
    let address: Address
    /// We heard from it less than a period before: if it is silent now, the fault may be ours.
    let wasHeard: Bool
    fileprivate(set) var hasSpoken = false
  }

  /// A probe that its target did not answer: we suspect it.
  struct Failure: Equatable, Sendable {
    let target: Address
    /// How many pings we sent to it in vain.
    let pings: Int
  }

  private(set) var attempt: Attempt?
  /// 0 is healthy; at most `Settings.maximumLocalHealth` (Lifeguard's local health multiplier, less one).
  private(set) var localHealth = 0
  /// When the next probe begins.
  private var next: Instant
  private var order = ProbeOrder()
  private var isStopped = false

  init(at start: Instant) { next = start }

  /// When the next step of the current probe is due, or the start of the next probe.
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

  // MARK: Events

  /// Takes the next step: pings, requests to helpers, the end of the probe, and the start of the next one.
  /// - Returns: the failed probe, if one failed now.
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

  /// A member answered, directly or through a helper: its probe ends, and we doubt ourselves one point less.
  mutating func answered(by address: Address, _ settings: Settings) {
    guard let attempt, attempt.target == address else { return }
    // A slow target delays the next probe only if it does not answer.
    let health = Int64(1 + localHealth)
    next = min(next, attempt.started + .microseconds(settings.period.microseconds * health))
    self.attempt = nil
    localHealth = max(localHealth - 1, 0)
  }

  /// A helper sent an answer of any kind: so our packets reach it and its packets reach us.
  mutating func helperAnswered(_ address: Address) {
    if let index = attempt?.helpers.firstIndex(where: { $0.address == address }) {
      attempt?.helpers[index].hasSpoken = true
    }
  }

  /// Another process answered at the member's address, so the member is not there. That counts like a timeout, and is
  /// no reason to doubt ourselves; if it came after the probe, the member is probed again.
  mutating func anotherAnswered(for address: Address, _ context: Context) -> Failure? {
    if attempt?.target == address { return fail(context) }
    prioritize(address, context)
    return nil
  }

  /// There is a sign that this member may be gone: we probe it next, at once if no probe is under way, unless it is
  /// already suspect, dead or left. A probe of it that is under way continues unchanged, with all its time.
  mutating func prioritize(_ address: Address, _ context: Context) {
    guard address != context.ourselves, let index = context.members.index(of: address),
      context.members[index].state == .alive
    else { return }
    order.prioritize(address)
    if attempt == nil { next = context.time }
  }

  /// A member joined or returned.
  mutating func added(_ address: Address, using generator: inout Generator) {
    order.added(address, using: &generator)
  }

  /// Ends the current probe without a verdict, if it probes this member; with nil, in any case.
  mutating func cancel(_ address: Address? = nil) {
    if address == nil || attempt?.target == address { attempt = nil }
  }

  /// Stops probing, because we leave.
  mutating func stop() {
    attempt = nil
    isStopped = true
  }

  /// There is a sign that we are slow ourselves.
  mutating func worsenHealth(by points: Int, _ settings: Settings) {
    localHealth = min(localHealth + points, settings.maximumLocalHealth)
  }

  // MARK: Progress

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
        .pingRequest(target: attempt.target, deadline: deadline), helper.address, for: .indirect(attempt.target))
    }
  }

  /// The target did not answer in time, and that may be our own fault.
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
    return context.isActive(attempt.target) ? Failure(target: attempt.target, pings: attempt.pingsSent) : nil
  }
}
