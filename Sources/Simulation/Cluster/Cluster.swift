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
  /// Something that will happen.
  enum QueuedEvent {
    case datagram([UInt8], from: Address, to: Address)
    /// A busy host comes to read what arrived.
    case read([UInt8], from: Address, host: Int, process: Int)
    /// Somebody's notify over HTTP arrives at this address.
    case post(Stamp, by: Int, to: Address)
    /// Something for one process, and none after it.
    case event(Event, host: Int, process: Int)
    case action(Action)
    /// The next datagram of a flood.
    case flood(FaultID)
  }

  /// The true time.
  package private(set) var time = Instant(microseconds: 1)
  package internal(set) var hosts: [Host] = []
  /// The first rule that was broken; the run stops there.
  package internal(set) var violation: Violation?
  package internal(set) var trace: Trace
  package internal(set) var membershipLog = MembershipLog()
  /// A planted bug.
  package var mutation: Mutation?
  /// When which stamp reached whom; nil while that is not kept.
  var publications: [Publication]?
  var invariants = Invariants()

  /// A process took over a stamp.
  package struct Publication: Sendable {
    package var time: Instant
    package var host: Int
    package var stamp: Stamp
  }

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
}
