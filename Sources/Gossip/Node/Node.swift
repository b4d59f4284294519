// A node: the whole protocol as one value.
//
// `handle` takes each event together with the time, and returns what to do, in order. A node reads no clock, opens no
// socket, waits for nothing and draws its randomness from its own seed, so that the same events give the same effects
// in every process, and a thousand nodes run in one simulation.
//
// The parts own their state and know nothing of each other. `Node` only joins them: it hands a part what it may read
// (`Context`), carries its decisions to the parts that they concern, and empties the outbox. Events and timers are
// handled here, received datagrams in `Receiving`, claims about members in `Merging`, the value in `Writes`, outgoing
// datagrams in `Sending`, and queries in `Status`. Rejected: parts that call each other through protocols, which hides
// that they all change one member list.

/// One node of a cluster.
package struct Node: Sendable {
  var context: Context
  var generator: Generator
  var counters = Counters()
  var outbox = Outbox()
  var effects: [Effect] = []
  /// The hash of the cluster's name, which every datagram carries.
  let cluster: UInt64
  /// The sum of all stalls of this process. It is subtracted from the clock that the parts see and added to the
  /// deadline that callers see, and so moves all deadlines of all parts at once.
  var stalled = Duration.zero
  /// The latest time to call `handle` again, with `.timePassed` if nothing else happens. It moves with every event.
  package private(set) var nextDeadline: Instant

  // Value
  /// Visible to the simulation, which reads the stamp after each step: a call would copy the whole node.
  package internal(set) var register: Register
  var waitingWrites = WaitingWrites()

  // Dissemination
  var push: Push
  var rumours = Rumours()
  var antiEntropy: AntiEntropy
  var ticker: NotifyTicker

  // Detection
  var probe: Probe
  var suspicions = Suspicions()
  var relays = Relays()
  var refutation: Refutation

  // Joining
  var book: AddressBook
  var verifications = Verifications()
  var admission: AdmissionControl
  var readiness: ReadinessGate
  var reachability: Reachability
  var leaving = Leaving()
  var skew: SkewWatch

  var pending: PendingRequests
  var summaries: Summaries
  /// The last readiness that an effect announced.
  var announcedReadiness = ReadinessState.starting
  var forgetAt: Instant

  /// - Parameters:
  ///   - seed: seeds the node's random choices. An observer who watches them for long may find it out.
  ///   - key: makes the numbers that nobody may guess. It comes from the system for a real node, and from the seed for
  ///     a simulated one.
  ///   - now: the time of the start; its wall clock is the first incarnation.
  ///   - stamp: what this node held when it last ran, if that was kept. It merges like any other. Read it from `stamp`
  ///     before the first event: no effect announces it.
  package init(
    identity: Identity, settings: Settings, seed: UInt64, key: SecretKey, now: Now, restored stamp: Stamp = .initial
  ) {
    let start = now.monotonic
    var identity = identity
    identity.name = Wire.truncated(identity.name)
    let record = Record(
      address: identity.address, incarnation: min(max(now.wall, 1), Node.highestStart), state: .alive,
      name: identity.name, httpPort: identity.httpPort)
    context = Context(
      identity: identity, settings: settings, now: now,
      members: Membership(ourselves: Member(record: record, since: start)))
    cluster = Hash.of(settings.cluster)
    generator = Generator(seed: seed)
    pending = PendingRequests(key: key)
    register = Register(stamp, at: start)
    push = Push(at: start, settings)
    // A random phase; otherwise nodes that start together would probe and notify together for ever.
    let phase = Duration.microseconds(generator.below(Int(settings.period.microseconds)))
    probe = Probe(at: start + phase)
    refutation = Refutation(at: start)
    admission = AdmissionControl(key: key.derived(for: 0), at: start, settings)
    antiEntropy = AntiEntropy(at: start, settings)
    book = AddressBook(seeds: settings.seeds.count, at: start)
    readiness = ReadinessGate(at: start, settings)
    summaries = Summaries(at: start, settings)
    reachability = Reachability(at: start)
    skew = SkewWatch(at: start)
    let firstNotify = Duration.microseconds(generator.below(Int(max(settings.notifyInterval.microseconds, 1))))
    ticker = NotifyTicker(at: start + firstNotify)
    forgetAt = start + Node.forgetInterval
    nextDeadline = start
  }

  package var identity: Identity { context.identity }
  package var settings: Settings { context.settings }

  /// Handles an event and returns what to do about it, in order.
  package mutating func handle(_ event: Event, at real: Now) -> [Effect] {
    advance(to: real)
    giveUpStampIfAboveCeiling()
    switch event {
    case .timePassed: break
    case .received(let bytes, let source): receive(bytes, from: source)
    case .setRequested(let value, let request): handleWrite(value, request)
    case .notified(let stamp, let notifier, let request): handleNotify(stamp, by: notifier, request)
    case .resolved(let seed, let addresses, let failure):
      book.resolved(seed, addresses, failure: failure, context, using: &generator, into: &outbox)
      flush()
      readyIfAllSeedsAreOurselves()
    case .connectionRefused(let address):
      if ticker.refused(by: address, context) { probe.prioritize(address, context) }
    case .notifyDelivered(let address):
      ticker.delivered(to: address)
      suspicions.answeredNotify(address)
    case .leaveRequested: leave()
    }
    nextDeadline = runTimers() + stalled
    defer { effects.removeAll() }
    return effects
  }

  /// Sets the time, and detects whether this process was stopped meanwhile.
  ///
  /// This comes first in every event: after a stop, waiting datagrams arrive before timers, and would be judged by
  /// deadlines that passed while this process could not act.
  private mutating func advance(to real: Now) {
    // It ran at the last event, even if something stayed due then.
    let late = real.monotonic - max(nextDeadline, context.time + stalled)
    if late > context.settings.stallThreshold { notice(stall: late) }
    let monotonic = max(real.monotonic - stalled, context.time)
    context.now = Now(monotonic: monotonic, wall: real.wall)
  }

  /// This process did not run for this long. All deadlines except those of refutations move by it, nobody is accused
  /// because of it, and we trust ourselves less for a while (the case that Lifeguard's local health is for).
  private mutating func notice(stall: Duration) {
    stalled += stall
    counters.stalls += 1
    probe.worsenHealth(by: 1, context.settings)
    refutation.noteStall(of: stall)
    emit(.report(.stalled(stall)))
    if stall > context.settings.tombstoneLifetime { rejoin() }
  }

  /// Starts to leave.
  private mutating func leave() {
    guard !leaving.isUnderWay else { return }
    leaving.begin(at: context.time, context.settings)
    announceReadiness()
    probe.stop()
    book.stop()
    ticker.stop()
    var own = context.ownRecord
    own.state = .left
    context.members.update(at: context.ownIndex, to: own, since: context.time)
    spread(Rumours.Claim(address: own.address, incarnation: own.incarnation, state: .left))
  }

  /// A clock beyond the year 2255 is not believable, and starting there would leave less of the range for refuting.
  private static let highestStart: UInt64 = 1 << 53
}

// MARK: Timers

extension Node {
  /// The timers. Each is named once, with its deadline and what runs when it is due.
  ///
  /// There are no timer objects: a deadline is a number that its part keeps, and after each event all due timers run,
  /// in the order of the cases. Readiness comes first, because every datagram says whether we vouch for our stamp; then
  /// leaving and refuting, which change how others see us; then the timers that judge members, because the later ones
  /// choose among active members; and pushes and reports last, so that they include everything that changed. The cases
  /// have numbers, so that iterating over them needs no list. Rejected: a queue of timers (it allocates, and a part
  /// that changes its mind would have to search it).
  private enum Timer: UInt8 {
    case readiness, waitingWrites, leaving, refutation, relays, verifications, suspicions, probe, book, reachability
    case antiEntropy, ticker, tombstones, push, summaries
  }

  @inline(__always)
  private func deadline(of timer: Timer) -> Instant {
    switch timer {
    case .readiness: readiness.deadline
    case .waitingWrites: waitingWrites.isEmpty ? .distantFuture : readiness.writesGoOnAt
    case .leaving: leaving.deadline(context)
    case .refutation: refutation.deadline
    case .relays: relays.deadline
    case .verifications: verifications.deadline
    case .suspicions: suspicions.deadline
    case .probe: probe.deadline(context.settings)
    case .book: book.deadline
    case .reachability: reachability.deadline
    case .antiEntropy: antiEntropy.deadline(context.settings)
    case .ticker: ticker.deadline
    case .tombstones: forgetAt
    case .push: push.deadline
    case .summaries: summaries.deadline
    }
  }

  private mutating func run(_ timer: Timer) {
    switch timer {
    case .readiness: announce(readiness.advance(at: context.time))
    case .waitingWrites: releaseWrites()
    case .leaving: leaving.advance(context, using: &generator, into: &outbox)
    case .refutation: refute()
    case .relays: relays.advance(at: context.time, into: &outbox)
    case .verifications: verifications.advance(at: context.time, into: &outbox)
    case .suspicions: judgeSuspects()
    case .probe: if let failure = probe.advance(context, using: &generator, into: &outbox) { beginSuspicion(failure) }
    case .book: book.advance(context, using: &generator, into: &outbox)
    case .reachability:
      reachability.judge(at: context.time, into: &outbox)
      flush()
      announceReadiness()
      reachability.advance(context, isLeaving: leaving.isUnderWay, using: &generator, into: &outbox)
    case .antiEntropy: antiEntropy.advance(context, using: &generator, into: &outbox)
    case .ticker: ticker.advance(register.stamp, context, using: &generator, into: &outbox)
    case .tombstones: forget()
    case .push:
      for peer in push.advance(register.stamp, context, using: &generator) {
        send(Outgoing(body: .gossip, destination: peer))
      }
    case .summaries: summaries.advance(register.stamp, context, into: &outbox)
    }
    flush()
  }

  /// Runs all due timers, each once.
  /// - Returns: the earliest deadline after that. Usually no timer is due, and one pass finds it.
  private mutating func runTimers() -> Instant {
    var (number, earliest, hasRun) = (0 as UInt8, Instant.distantFuture, false)
    while let timer = Timer(rawValue: number) {
      let deadline = deadline(of: timer)
      if deadline <= context.time {
        run(timer)
        hasRun = true
      } else {
        earliest = min(earliest, deadline)
      }
      number += 1
    }
    return hasRun ? earliestDeadline() : earliest
  }

  /// Inlined; otherwise the compiler copies the whole node, 1.8 kB, to call it after each event.
  @inline(__always)
  private func earliestDeadline() -> Instant {
    var earliest = Instant.distantFuture
    var number: UInt8 = 0
    while let timer = Timer(rawValue: number) {
      earliest = min(earliest, deadline(of: timer))
      number += 1
    }
    return earliest
  }

  /// Pings suspects, and declares dead those whose time is over.
  private mutating func judgeSuspects() {
    let verdicts = suspicions.advance(context, into: &outbox)
    flush()
    // Missing as many of our pings as a death takes counts like a failed probe of our own, and comes sooner: without
    // this, most suspicions run for twice the minimum because confirmations are missing.
    for address in verdicts.unresponsive { confirm(address, by: context.ourselves) }
    for address in verdicts.expired { declareDead(address) }
  }

  /// Forgets members that have been dead or left for long.
  private mutating func forget() {
    forgetAt = context.time + Node.forgetInterval
    guard context.members.tombstones > 0 else { return }
    for index in (0..<context.members.count).reversed() {
      let member = context.members[index]
      // Only the member itself can have claimed an incarnation that no clock can reach. If it is gone, its next process
      // starts with a lower one, so we forget the tombstone soon, or it would keep the member out.
      let isAbsurd = member.incarnation > context.ceiling.forHearsay
      let lifetime = context.settings.tombstoneLifetime
      let isOld = context.time - member.since > (isAbsurd ? min(lifetime, Node.absurdLifetime) : lifetime)
      guard isOld, !member.isActive, member.address != context.ourselves else { continue }
      context.members.remove(at: index)
      emit(.report(.memberForgotten(name: member.name, member.address)))
    }
  }

  /// How often we look for tombstones to forget; six seconds more or less do not matter here.
  package static let forgetInterval: Duration = .seconds(6)
  /// Longer than rumours travel. Such a member is kept out for a minute instead of an hour.
  private static let absurdLifetime: Duration = .seconds(60)
}
