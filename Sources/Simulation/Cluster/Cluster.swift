// A simulated cluster: real nodes in virtual time over a network with faults.
//
// One loop takes whatever comes next, a queued event or a node's deadline, and sets the time to it. Nothing waits, so a
// quiet hour of five nodes takes a second. Everything that varies comes from one seed, through one generator for each
// concern; the same seed is the same run, to the last byte.
//
// Rejected: real nodes on real threads with an injected clock (no replay, and no faster than time), and a model of the
// protocol (it proves things about the model).

package import Gossip

/// Hosts, the network between them, and what is yet to happen.
package struct Cluster {
  /// The true time.
  package private(set) var time = Instant(microseconds: 1)
  package internal(set) var hosts: [Host] = []
  /// The first rule that was broken; the run stops there.
  package internal(set) var violation: Violation?
  package internal(set) var trace: Trace
  package internal(set) var membershipLog = MembershipLog()
  /// A planted bug.
  package var mutation: Mutation?
  /// When which stamp reached which host; nil while nobody measures it.
  var publications: [Publication]?
  var invariants = Invariants()

  /// The node of each host; of one that is down, the last that ran.
  var nodes: [Node] = []
  var network: Network
  var mappings = Mappings()
  var nameServer: NameServer
  var adversary: Adversary
  var floods = Floods()
  var queue = EventQueue<QueuedEvent>()
  var wakeUps = WakeUps()
  /// The host that has each address; nil when it moved away.
  var owners: [Int?] = []
  var arrivals: [Network.Arrival] = []
  /// When the last of all datagrams and notifies that were sent so far arrives.
  package internal(set) var lastArrival = Instant(microseconds: 0)
  var seedGenerator: Generator
  var latenessGenerator: Generator
  var httpGenerator: Generator
  private var requests: UInt64 = 0

  package init(seed: UInt64, conditions: Conditions = .lan, telling: Trace.Telling? = nil) {
    trace = Trace(telling: telling)
    network = Network(seed: seed, conditions: conditions)
    nameServer = NameServer(seed: seed)
    adversary = Adversary(seed: seed)
    seedGenerator = Generator(seed: seed, for: "nodes")
    latenessGenerator = Generator(seed: seed, for: "lateness")
    httpGenerator = Generator(seed: seed, for: "http")
  }

  // MARK: Time

  /// Goes on until this time, or until the condition holds, which is asked after each step.
  /// - Returns: whether the condition held.
  @discardableResult
  package mutating func run(until end: Instant, or condition: (borrowing Cluster) -> Bool = { _ in false }) -> Bool {
    while violation == nil {
      if condition(self) { return true }
      let wake = wakeUps.first
      let wakeTime = wake?.time ?? .distantFuture
      guard min(queue.next, wakeTime) <= end else { break }
      // At one instant what arrived comes first: an event loop reads its sockets before it looks at timers.
      if queue.next <= wakeTime {
        time = max(time, queue.next)
        if let event = queue.take() { take(event) }
      } else if let wake {
        time = max(time, wakeTime)
        handle(.timePassed, on: wake.host)
      }
    }
    time = max(time, end)
    return condition(self)
  }

  /// Goes on for so long.
  package mutating func run(for duration: Duration) { run(until: time + duration) }

  /// Does this when its time comes.
  package mutating func schedule(_ action: Action, at time: Instant) { queue.add(.action(action), at: time) }

  private mutating func take(_ event: QueuedEvent) {
    switch event {
    case .datagram(let bytes, let from, let to): arrived(bytes, from: from, to: to)
    case .read(let bytes, let from, let host, let process):
      guard hosts[host].process == process else { return }
      read(bytes, from: from, on: host)
    case .post(let stamp, let notifier, let to): posted(stamp, by: notifier, to: to)
    case .event(let event, let host, let process): bring(event, to: host, process: process)
    case .action(let action): perform(action)
    case .flood(let id): continueFlood(id)
    }
  }

  /// Something for a process that may have ended or stopped meanwhile.
  private mutating func bring(_ event: Event, to host: Int, process: Int) {
    guard hosts[host].process == process else { return }
    switch hosts[host].activity {
    case .running: handle(event, on: host)
    // It waits in a pipe or a socket until the process goes on; asking again then is near enough.
    case .paused: queue.add(.event(event, host: host, process: process), at: time + Cluster.askAgain)
    case .down: break
    }
  }

  /// How often a stopped process is looked at, for what waits for it besides datagrams.
  private static let askAgain: Duration = .milliseconds(50)

  // MARK: Steps

  /// One event for one node: handled, checked, written down, and its effects done.
  mutating func handle(_ event: Event, on host: Int) {
    guard violation == nil else { return }
    let now = readClock(of: host)
    let heldBefore = IncarnationRules.claimInQuestion(event, nodes[host])
    var effects: [Effect]
    if let mutation {
      effects = mutation.event(host, event).map { nodes[host].handle($0, at: now) } ?? []
      effects = mutation.effects(host, event, effects)
    } else {
      effects = nodes[host].handle(event, at: now)
    }
    let published = invariants.published(host)
    let isOverdue = deadline(of: host) <= now.monotonic
    let step = Step(
      host: host, event: event, effects: effects, stamp: nodes[host].register.stamp, isOverdue: isOverdue, time: time,
      wall: now.wall, heldBefore: heldBefore)
    violation = invariants.check(step, nodes[host], slots: owners.count, surroundings)
    trace.note(step, seeds: hosts[host].settings.seeds)
    if invariants.published(host) != published {
      hosts[host].stampSince = time
      publications?.append(Publication(time: time, host: host, stamp: invariants.published(host)))
    }
    for effect in effects { perform(effect, of: host) }
    rearm(host)
  }

  /// The hosts as rules may see them.
  var surroundings: Surroundings { Surroundings(hosts: hosts, mappings: mappings, time: time) }

  /// The clocks as the host's node reads them now.
  func readClock(of host: Int) -> Now {
    let now = hosts[host].clock.now(at: time)
    guard let mutation else { return now }
    return mutation.clock(host, now)
  }

  /// Without `??`: its closure would copy the node, which is a third of the work of a step.
  private func deadline(of host: Int) -> Instant {
    let deadline = nodes[host].nextDeadline
    guard let mutation else { return deadline }
    return mutation.deadline(host, deadline)
  }

  /// Sets the host's wake-up to its node's deadline, a little late as timers are.
  mutating func rearm(_ host: Int) {
    guard hosts[host].activity == .running else { return }
    let deadline = deadline(of: host)
    guard deadline != hosts[host].deadline || wakeUps.time(of: host) <= time else { return }
    hosts[host].deadline = deadline
    let most = Int(hosts[host].lateness.microseconds) + Cluster.timerLateness
    let due = max(hosts[host].clock.trueTime(of: deadline), time)
    wakeUps.set(host, to: due + .microseconds(latenessGenerator.below(most)))
  }

  /// Timers of real event loops come up to 0.1 ms late.
  private static let timerLateness = 100

  /// Names a request of a client.
  mutating func nextRequest() -> RequestID {
    requests += 1
    return RequestID(requests)
  }

  // MARK: Agreement

  /// What still differs from one agreeing cluster, and on which host; nil when nothing does (see `Agreement`).
  func disagreement() -> (host: Int, finding: Findings.Finding)? {
    let views = running.map { host in
      NodeView(
        host: host, address: hosts[host].address, isLeaving: hosts[host].isLeaving,
        owesAnswer: invariants.owesAnswer(host), status: status(of: host))
    }
    return Agreement.difference(of: views, ignoring: invariants.ignored)
  }

  /// Whether all running nodes list the same members as live, and as many as run. Takes time in proportion to the
  /// hosts, so that thousands can be looked at often.
  package var isAcquainted: Bool {
    let running = running
    guard let first = running.first else { return true }
    let digest = nodes[first].activeMembers.digest
    return running.allSatisfy { nodes[$0].activeMembers == (running.count, digest) }
  }

  /// Runs until the cluster agrees, or the bound has passed.
  /// - Returns: how long it took; nil when it did not come to agree, which is a violation.
  @discardableResult
  package mutating func settle(within bound: Duration) -> Duration? {
    let start = time
    while violation == nil {
      guard let (host, finding) = disagreement() else { return time - start }
      if time - start >= bound {
        breaks(finding.rule, host, finding.detail)
      } else {
        run(for: Cluster.look)
      }
    }
    return nil
  }

  /// How often it is looked whether the cluster agrees.
  private static let look: Duration = .milliseconds(50)

  /// The processes that run, paused ones not counted.
  package var running: [Int] { hosts.indices.filter { hosts[$0].activity == .running } }

  /// The stamp that a host's process published last.
  package func stamp(of host: Int) -> Stamp { invariants.published(host) }

  /// The members that a host's node holds alive or suspect, itself among them.
  package func liveMembers(of host: Int) -> Int {
    status(of: host).members.count { $0.status == .alive || $0.status == .suspect }
  }

  /// What a host's node says of itself and the others.
  package func status(of host: Int) -> StatusSnapshot {
    let status = nodes[host].status(at: readClock(of: host))
    return mutation?.status(host, status) ?? status
  }

  /// Whether a host is behind a port mapping.
  func isMapped(_ host: Int) -> Bool { mappings.concern(host) }

  /// Everything that all hosts sent.
  package var sent: Traffic { hosts.reduce(Traffic()) { $0 + $1.sent } }

  /// Until when an accusation may be an echo of the faults: a probe whose pings all went out under them fails when they
  /// are over, at the worst local health and after slow round trips half a minute later. Each node is asked for that,
  /// as a bound for all of them would excuse half a minute of every trial. The accused gets a second more to refute.
  var lastEcho: Instant {
    let ends = running.compactMap { host in nodes[host].probeEnd.map { hosts[host].clock.trueTime(of: $0) } }
    return max(ends.max() ?? time, time) + .seconds(1)
  }

  // MARK: What is kept

  /// How many writes were lost if this is the last stamp.
  func lostWrites(at last: Stamp) -> Int { invariants.lineage.lost(at: last) }

  /// The losses that nodes reported so far.
  var toldLosses: Int { invariants.lineage.told }

  // MARK: Rules

  /// A rule is broken, unless it is left out.
  mutating func breaks(_ rule: Violation.Rule, _ host: Int, _ detail: String) {
    violation = violation ?? invariants.violation(rule, host, detail, at: time)
  }

  /// Checks what a host's node shows to people, against the truth.
  mutating func check(_ view: StatusSnapshot, of host: Int) {
    violation = violation ?? invariants.check(view, of: host, at: time)
  }

  /// Throws the rule that was broken, if one was: figures of such a run mean nothing.
  package func check() throws(Violation) {
    if let violation { throw violation }
  }
}

extension Violation: Error {}
