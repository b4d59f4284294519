// A node: the whole protocol as one value.
//
// Whatever happens goes in by `handle` together with the time; whatever is to be done comes out of it, in order. A node
// reads no clock, opens no socket, waits for nothing and draws its randomness from its own seed, so that the same
// events give the same effects in every process, and a thousand of them run in one simulation.
//
// The parts keep their own state (`Probe`, `Push`, `Rumours`, …) and know nothing of each other; what joins them are
// extensions of `Node`, each in the file of its part. Rejected: parts that call each other through protocols, which
// hides that they all change one member list.

/// One node of a cluster.
package struct Node: Sendable {
  package let identity: Identity
  package let settings: Settings
  /// The hash of the cluster's name, in every datagram.
  let cluster: UInt64
  var generator: Generator
  var counters = Counters()
  var effects: [Effect] = []
  /// The time of the event in hand. Its monotonic part leaves out the stalls of this process: see `notice(stall:)`.
  var now: Now
  /// The sum of all stalls. Added to deadlines for the outside, taken off the clock for the inside, it moves every
  /// deadline of every part at once.
  var stalled = Duration.zero

  var members: Membership
  /// In sight of the simulation, which reads its stamp after each step: a call would copy the whole node.
  package internal(set) var register: Register
  var push: Push
  var rumours = Rumours()
  var questions: Questions
  var probe: Probe
  var suspicions: [Suspicion] = []
  var relays: [Relay] = []
  var verifications: [Verification] = []
  var strangers: Strangers
  var antiEntropy: AntiEntropy
  var book: AddressBook
  var refutation: Refutation
  var readiness: ReadinessGate
  var leaving = Leaving()
  var reports: Reports
  var refusedPorts = RefusedPorts()
  var reachability: Reachability
  var clocks: SkewWatch
  var notifyAt: Instant
  var forgetAt: Instant
  /// When `handle` must be called at the latest, with `.timePassed` if nothing else happens. It moves with every event.
  package private(set) var nextDeadline: Instant

  /// - Parameters:
  ///   - seed: of the node's choices by chance. Whoever watches them for long may come to know it.
  ///   - key: makes what nobody may guess: from the system for a real node, from the seed for a simulated one.
  ///   - now: the start; the incarnation is its wall clock.
  package init(identity: Identity, settings: Settings, seed: UInt64, key: SecretKey, now: Now) {
    let start = now.monotonic
    var identity = identity
    identity.name = Wire.truncated(identity.name)
    self.identity = identity
    self.settings = settings
    self.now = now
    cluster = Hash.of(settings.cluster)
    generator = Generator(seed: seed)
    questions = Questions(key: key)
    let record = Record(
      address: identity.address, incarnation: min(max(now.wall, 1), Node.highestStart), state: .alive,
      name: identity.name, httpPort: identity.httpPort)
    members = Membership(ourselves: Member(record: record, since: start))
    register = Register(at: start)
    push = Push(at: start, settings)
    // A random phase, or nodes that start together would probe and notify together for ever.
    let phase = Duration.microseconds(generator.below(Int(settings.period.microseconds)))
    probe = Probe(at: start + phase)
    strangers = Strangers(key: key.derived(for: 0), at: start, settings)
    antiEntropy = AntiEntropy(at: start, settings)
    book = AddressBook(seeds: settings.seeds.count, at: start)
    refutation = Refutation(at: start)
    readiness = ReadinessGate(at: start, settings)
    reports = Reports(at: start, settings)
    reachability = Reachability(at: start)
    clocks = SkewWatch(at: start)
    notifyAt = start + .microseconds(generator.below(Int(max(settings.notifyInterval.microseconds, 1))))
    forgetAt = start + Node.forgetInterval
    nextDeadline = start
  }

  /// The stamp that this node holds.
  package var stamp: Stamp { register.stamp }

  /// How often a stamp was given up for a smaller one (see `Effect.retract`).
  package var retractions: UInt64 { register.retractions }

  /// Takes what happened and returns what to do about it, in order.
  package mutating func handle(_ event: Event, at real: Now) -> [Effect] {
    advance(to: real)
    giveUpStampIfAboveCeiling()
    switch event {
    case .timePassed: break
    case .received(let bytes, let source): receive(bytes, from: source)
    case .setRequested(let value, let request): setRequested(value, request)
    case .notified(let stamp, let notifier, let request): notified(stamp, by: notifier, request)
    case .resolved(let seed, let addresses, let failure): resolved(seed, addresses, failure: failure)
    case .connectionRefused(let address): connectionRefused(by: address)
    case .notifyDelivered(let address): notifyDelivered(to: address)
    case .leaveRequested: leave()
    }
    doWhatIsDue()
    nextDeadline = earliestDeadline() + stalled
    defer { effects.removeAll() }
    return effects
  }

  /// Reads the time, and sees whether this process was stopped meanwhile.
  ///
  /// This is the first thing in every event: after a stop, datagrams that waited come before timers, and would be
  /// judged by deadlines that passed while nobody could act on them.
  private mutating func advance(to real: Now) {
    let late = real.monotonic - nextDeadline
    if late > settings.stall { notice(stall: late) }
    let monotonic = max(real.monotonic - stalled, now.monotonic)
    now = Now(monotonic: monotonic, wall: real.wall)
  }

  /// This process did not run for so long. Every deadline but that of refutations moves by it, nobody is accused for it,
  /// and we trust ourselves less for a while (Lifeguard's reason for the local health).
  private mutating func notice(stall: Duration) {
    stalled += stall
    counters.stalls += 1
    probe.worsenHealth(by: 1, settings)
    refutation.slept(for: stall)
    emit(.report(.stalled(stall)))
    if stall > settings.forgetting { joinAnew() }
  }

  private mutating func doWhatIsDue() {
    readyIfDue()
    leaveIfDue()
    refuteIfDue()
    nackIfDue()
    verifyIfDue()
    judgeSuspects()
    probeIfDue()
    contactIfDue()
    askWhetherReachedIfDue()
    compareIfDue()
    notifyIfDue()
    forgetIfDue()
    pushIfDue()
    reportIfDue()
  }

  /// Inlined, or the compiler copies the whole node, 1.8 kB, to call it after each event.
  @inline(__always)
  private func earliestDeadline() -> Instant {
    var earliest = min(
      min(readiness.deadline, leaving.deadline), min(refutation.deadline, probe.deadline(settings)),
      min(min(book.deadline, book.quickAt), antiEntropy.deadline(settings)), min(notifyAt, forgetAt),
      min(push.deadline, reports.deadline))
    earliest = min(earliest, reachability.deadline)
    for relay in relays { earliest = min(earliest, relay.nackAt) }
    for verification in verifications { earliest = min(earliest, verification.next) }
    for suspicion in suspicions { earliest = min(earliest, suspicion.nextPing) }
    return earliest
  }

  /// Dead members are looked through this often for those to forget; a tenth of a minute more or less is nothing there.
  package static let forgetInterval: Duration = .seconds(6)

  /// A clock beyond the year 2255 is no clock: starting there would leave less of the range for refuting.
  static let highestStart: UInt64 = 1 << 53

  // MARK: What every part uses

  mutating func emit(_ effect: Effect) {
    // A write has three effects, a round of pushes four: room for them at once, and not after one, two and three.
    if effects.isEmpty { effects.reserveCapacity(4) }
    effects.append(effect)
  }

  var ceiling: Ceiling { Ceiling(wall: now.wall, released: settings.released) }

  /// What we say of ourselves.
  var ownRecord: Record { members[ownIndex].record }

  /// Our own, which we alone raise.
  var ownIncarnation: UInt64 { members[ownIndex].incarnation }

  private var ownIndex: Int {
    guard let index = members.index(of: identity.address) else { preconditionFailure("a node is in its own list") }
    return index
  }
}
