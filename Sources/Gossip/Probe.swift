// Failure detection: each period one member is asked, directly and through helpers, and suspected only if all of that
// failed (SWIM, section 3.1).
//
// The target is in turn the next of a shuffled list, renewed when it ends (SWIM, section 4.3), and, in every second period
// of the wall clock, a member so many places after ourselves in address order as periods have passed: all nodes walk in
// step, each at another place, and so between them ask everybody once in that period, whoever restarted when. Where
// clocks differ by more than a period the places are random, as with the list. A node that doubts itself probes in every
// second or third period only, or more rarely, and takes turns by its own probes: otherwise it would meet the even
// periods alone, or the odd ones, for as long as it doubts itself. The shuffled list alone sometimes leaves a
// member unasked for 2 s, also with a walk that begins at each node's start, as restarts put it out of step; the ordered
// walk alone would let two neighbours that fail together hide each other.
//
// All times stretch with the local health (a node that gets no answers, while others do, doubts itself first: Lifeguard,
// section IV.A) and with the target's measured round-trip time.

/// The probing of members, one at a time.
struct Probe: Sendable {
  /// A probe that has not ended.
  struct Attempt: Sendable {
    var target: Address
    var started: Instant
    /// Multiplies the times of this probe.
    var stretch: Double
    var pingsSent = 0
    var requestsSent = 0
    var helpers: [Helper] = []
  }

  /// A member that was asked to ping the target for us.
  struct Helper: Sendable {
    var address: Address
    /// It was heard within a period before: if it is silent now, the fault may be ours.
    var wasHeard: Bool
    var hasSpoken = false
  }

  /// When the next probe begins.
  var next: Instant
  var attempt: Attempt?
  /// A member that is probed next whoever's turn it is: something says that it may be gone.
  private var urgent: Address?
  /// 0 is well; at most `Settings.maximumLocalHealth` (Lifeguard's local health multiplier, less one).
  var localHealth = 0
  /// Round trips to all members together, for those that were not measured yet.
  var roundTrip = RoundTrip()
  private var order: [Address] = []
  private var position = 0

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

  /// Ends a probe of this member without a verdict.
  mutating func void(_ address: Address) {
    if attempt?.target == address { attempt = nil }
  }

  mutating func worsenHealth(by points: Int, _ settings: Settings) {
    localHealth = min(localHealth + points, settings.maximumLocalHealth)
  }

  /// Something says that this member may be gone: it is asked next, at once if nobody is being asked. A probe of it that is
  /// under way goes on as it is, with all the time that it has.
  mutating func hurry(to address: Address, at now: Instant) {
    urgent = address
    if attempt == nil { next = now }
  }

  mutating func improveHealth() { localHealth = max(localHealth - 1, 0) }

  /// A member joined: it is asked somewhere in the rest of this round.
  mutating func added(_ address: Address, using generator: inout Generator) {
    guard !order[position...].contains(address) else { return }
    order.insert(address, at: position + generator.below(order.count - position + 1))
  }

  /// The member to ask now; nil when there is none but ourselves.
  ///
  /// - Parameter places: how far the walk has come, when it is the walk's turn; nil asks by the shuffled list.
  mutating func nextTarget(
    among members: Membership, ourselves: Address, places: UInt64?, using generator: inout Generator
  ) -> Address? {
    defer { urgent = nil }
    let isLive = { (address: Address) in members.index(of: address).map { members[$0].isLive } ?? false }
    // A suspect is asked all the time already.
    if let urgent, let index = members.index(of: urgent), members[index].state == .alive { return urgent }
    if let places { return members.live(places, after: ourselves) }
    for _ in 0..<2 {
      while position < order.count {
        position += 1
        if isLive(order[position - 1]) { return order[position - 1] }
      }
      order = members.live(except: ourselves)
      generator.shuffle(&order)
      position = 0
    }
    return nil
  }
}

extension Probe.Attempt {
  /// When this point of the probe's schedule comes.
  func time(of offset: Duration) -> Instant {
    started + .microseconds(Int64(Double(offset.microseconds) * stretch))
  }
}

extension Node {
  /// Carries the probe on: pings, requests to helpers, its end, and the beginning of the next.
  mutating func probeIfDue() {
    guard probe.deadline(settings) <= now.monotonic else { return }
    if probe.attempt == nil { beginProbe() }
    guard let attempt = probe.attempt else { return }
    if attempt.time(of: settings.probeTimeout) <= now.monotonic { return probeTimedOut() }
    if attempt.pingsSent < settings.directPings.count,
      attempt.time(of: settings.directPings[attempt.pingsSent]) <= now.monotonic
    {
      probe.attempt?.pingsSent += 1
      ask(.ping(target: attempt.target), attempt.target, for: .probe)
    }
    if attempt.requestsSent < settings.indirectPings.count,
      attempt.time(of: settings.indirectPings[attempt.requestsSent]) <= now.monotonic
    {
      probe.attempt?.requestsSent += 1
      askHelpers()
    }
  }

  private mutating func beginProbe() {
    let health = Double(1 + probe.localHealth)
    probe.next = now.monotonic + .microseconds(Int64(Double(settings.period.microseconds) * health))
    let period = now.wall / UInt64(max(settings.period.microseconds, 1))
    let isWalking = settings.probesInOrder && (period / UInt64(1 + probe.localHealth)).isMultiple(of: 2)
    guard !leaving.isUnderWay,
      let target = probe.nextTarget(
        among: members, ourselves: identity.address, places: isWalking ? period / 2 : nil, using: &generator),
      let index = members.index(of: target)
    else { return }
    let stretch = health * patience(with: members[index])
    let attempt = Probe.Attempt(target: target, started: now.monotonic, stretch: stretch)
    probe.attempt = attempt
    probe.next = attempt.time(of: settings.period)
  }

  /// How many times longer than in a LAN this member's answers may take: 1 while its round trips stay below the
  /// distance of two pings, so that the second ping is sent only when the first is late.
  ///
  /// A member's first answers are believed to be slow only where others are slow, too: most were given when it joined,
  /// and with a hundred that join at once on one machine, every tenth was later called dead after four seconds for them.
  func patience(with member: Member) -> Double {
    let own = member.roundTrip.bound
    let all = probe.roundTrip.bound
    let bound = member.answers >= Node.answersBelieved ? own : member.hasAnswered ? min(own, all) : all
    let spacing = settings.directPings.count > 1 ? settings.directPings[1] : settings.probeTimeout
    return min(max(1, Double(bound) / Double(spacing.microseconds)), Node.mostPatience)
  }

  /// From so many answers on, a member is known by itself. Each halves what a slow first one brought; until then a member
  /// that alone is more than 0.35 s away is suspected now and then.
  private static let answersBelieved = 4
  /// Round trips up to 0.7 s are waited for; beyond that a probe would take minutes at the worst local health.
  private static let mostPatience = 10.0

  private mutating func askHelpers() {
    guard var attempt = probe.attempt else { return }
    if attempt.helpers.isEmpty {
      let excluded = (identity.address, attempt.target)
      let addresses = members.random(settings.helpers, using: &generator) {
        $0.state == .alive && $0.address != excluded.0 && $0.address != excluded.1
      }
      attempt.helpers = addresses.map { address in
        let heard = members.index(of: address).flatMap { members[$0].heard }
        return Probe.Helper(address: address, wasHeard: heard.map { now.monotonic - $0 <= settings.period } ?? false)
      }
      probe.attempt = attempt
    }
    let left = (attempt.time(of: settings.probeTimeout) - now.monotonic).microseconds / 1000
    let deadline = UInt16(clamping: max(left, 1))
    for helper in attempt.helpers {
      ask(.request(target: attempt.target, deadline: deadline), helper.address, for: .indirect(attempt.target))
    }
  }

  /// The member answered, directly or through a helper: its probe is over, and so are doubts about ourselves.
  mutating func probeAnswered(by address: Address) {
    guard probe.attempt?.target == address else { return }
    if let attempt = probe.attempt {
      // It was given its time, and does not need it: the next probe comes at the usual pace.
      let health = Int64(1 + probe.localHealth)
      probe.next = min(probe.next, attempt.started + .microseconds(settings.period.microseconds * health))
    }
    probe.attempt = nil
    probe.improveHealth()
  }

  /// A helper sent something about our request: whatever it says, our packets reach it and its reach us.
  mutating func helperSpoke(_ address: Address) {
    if let index = probe.attempt?.helpers.firstIndex(where: { $0.address == address }) {
      probe.attempt?.helpers[index].hasSpoken = true
    }
  }

  /// Nobody answered for the target in its time, and perhaps that is our own fault.
  private mutating func probeTimedOut() {
    if let attempt = probe.attempt, let index = members.index(of: attempt.target), members[index].state == .alive {
      let silent = attempt.helpers.filter { $0.wasHeard && !$0.hasSpoken }.count
      probe.worsenHealth(by: attempt.helpers.isEmpty ? 1 : silent, settings)
    }
    probeFailed()
  }

  /// The target is suspect from now on.
  private mutating func probeFailed() {
    guard let attempt = probe.attempt else { return }
    probe.attempt = nil
    guard let index = members.index(of: attempt.target), members[index].isLive else { return }
    counters.failedProbes += 1
    accuse(index, unanswered: attempt.pingsSent)
  }

  /// Another process answered at the member's address, and so the member is not there. Its answer is as good as a time that
  /// is over, and nothing to doubt ourselves for; if it came after the probe, it is asked for again.
  mutating func anotherAnswered(for address: Address) {
    if probe.attempt?.target == address { return probeFailed() }
    hurry(to: address)
  }

  /// Asks a member next that may be gone, unless it is known to be suspect or gone.
  mutating func hurry(to address: Address) {
    guard address != identity.address, let index = members.index(of: address), members[index].state == .alive else {
      return
    }
    probe.hurry(to: address, at: now.monotonic)
  }
}
