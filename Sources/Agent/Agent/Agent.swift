// The node's connection to the world: sockets, clocks, log and HTTP around the one `Node`, which decides everything.
//
// Whatever happens is an event. The node handles it under one short lock, and its effects are carried out after the
// lock is released. So no system call, log line or client ever holds up the protocol, and a client's write needs no hop
// to another thread. Rejected: an actor (a hop and an allocation for each datagram, and `/set` would wait behind them)
// and confining the node to its loop (each write would cross threads twice).

package import Gossip
import Logging
import NIOConcurrencyHelpers
package import NIOCore
import ServiceLifecycle

/// One running node. `start` creates it, `run` waits for its end, and `stop` ends it.
package final class Agent: Backend, Service {
  /// The configuration with which the node was started.
  package let configuration: AgentConfiguration
  /// The address at which datagrams arrive.
  package let datagramAddress: Address
  let loop: any EventLoop
  let clocks: Clocks
  let logger: Logger
  let lines: LogLines
  let datagrams: Datagrams
  /// Metrics of the program that runs this agent, such as lost log lines.
  let extraMetrics: @Sendable () -> [ShellMetric]
  let core = NIOLockedValueBox(Core())
  /// What clients see, under its own lock.
  let shown = NIOLockedValueBox(PublishedState())
  let bindings: NIOLockedValueBox<Bindings>
  let stopRequested = Latch()
  let left = Latch()
  let stopped = Latch()
  let timer: NIOLoopBoundBox<NIOScheduledCallback?>

  /// What the one lock guards.
  struct Core {
    /// Nil before the start.
    var node: Node?
    /// After the end the node handles no more events, but it can still be asked.
    var isOver = false
    /// When the timer fires, or has been told to.
    var armed = Instant.distantFuture
    var lastRequest: UInt64 = 0
    /// Requests that are not answered yet.
    var waiting: [RequestID: @Sendable (Answer) -> Void] = [:]
  }

  /// What the node is bound to, once it is.
  struct Bindings {
    /// Its address and HTTP port are those of the configuration until both sockets are bound.
    var identity: Identity
    var workers: Workers?
    var server: HTTPServer?
    /// The configured address until it is bound.
    var httpAddress: Address
  }

  /// The workers for effects that take time.
  struct Workers: Sendable {
    var notifier: Notifier
    var resolver: NameResolver
  }

  init(
    configuration: AgentConfiguration, datagrams: Datagrams, clocks: Clocks, logger: Logger,
    extraMetrics: @escaping @Sendable () -> [ShellMetric]
  ) {
    self.configuration = configuration
    self.datagrams = datagrams
    self.clocks = clocks
    self.logger = logger
    self.extraMetrics = extraMetrics
    loop = datagrams.loop
    datagramAddress = datagrams.localAddress
    lines = LogLines(seeds: configuration.seeds)
    let identity = Identity(address: configuration.bind, name: configuration.name, httpPort: configuration.http.port)
    bindings = NIOLockedValueBox(Bindings(identity: identity, httpAddress: configuration.http))
    timer = .makeEmptyBox(eventLoop: datagrams.loop)
  }

  /// Who this node is.
  package var identity: Identity { bindings.withLockedValue { $0.identity } }

  /// The address at which HTTP listens.
  package var httpAddress: Address { bindings.withLockedValue { $0.httpAddress } }

  // MARK: Backend

  package var published: Stamp { shown.withLockedValue { $0.stamp } }

  package var readiness: ReadinessState { shown.withLockedValue { $0.readiness } }

  package func set(_ value: Int64, completion: @escaping @Sendable (Answer) -> Void) {
    request(completion) { .setRequested(value, $0) }
  }

  package func notify(_ stamp: Stamp, by notifier: String, completion: @escaping @Sendable (Answer) -> Void) {
    request(completion) { .notified(stamp, by: notifier, $0) }
  }

  package func status() -> StatusSnapshot {
    let now = clocks.now()
    if let status = core.withLockedValue({ $0.node?.status(at: now) }) { return status }
    // HTTP listens for a moment before the node exists, because the node must know the port. Until then, a node that
    // never ran answers.
    let unused = SecretKey(low: 0, high: 0)
    return Node(identity: identity, settings: configuration.settings, seed: 0, key: unused, now: now).status(at: now)
  }
}

// MARK: Events in

extension Agent {
  /// What is left to do after the lock is released.
  struct Outcome {
    var effects: [Effect] = []
    /// `Node.retractions` at that time.
    var retractions: UInt64 = 0
    /// Whether the timer would fire too late for the new deadline.
    var mustArm = false

    /// Removes the answer to this request from the effects, if it is among them.
    mutating func takeAnswer(to request: RequestID) -> Answer? {
      for index in effects.indices {
        guard case .answer(request, let answer) = effects[index] else { continue }
        effects.remove(at: index)
        return answer
      }
      return nil
    }
  }

  /// Lets the node handle an event, and carries out its effects.
  func handle(_ event: Event) {
    if let outcome = core.withLockedValue({ $0.handle(event, clocks) }) { perform(outcome) }
  }

  /// The same for a client's request. The agent remembers it unless it is answered at once, as nearly all are.
  private func request(_ completion: @escaping @Sendable (Answer) -> Void, _ event: (RequestID) -> Event) {
    let (outcome, answer) = core.withLockedValue { core -> (Outcome, Answer?) in
      core.lastRequest += 1
      let identity = RequestID(core.lastRequest)
      guard var outcome = core.handle(event(identity), clocks) else { return (Outcome(), .overloaded) }
      if let answer = outcome.takeAnswer(to: identity) { return (outcome, answer) }
      core.waiting[identity] = completion
      return (outcome, nil)
    }
    // Publishing is among the effects, so it comes before the answer. If another thread merged the same stamp a moment
    // ago, publishing is among that thread's effects, which may be late. But a client that got its answer must see the
    // stamp.
    perform(outcome)
    guard let answer else { return }
    if case .accepted(let stamp) = answer { publish(stamp, outcome.retractions) }
    completion(answer)
  }
}

extension Agent.Core {
  /// Nil before the node exists and after its end. The time is read under the lock, so that the node never sees it go
  /// backwards.
  mutating func handle(_ event: Event, _ clocks: Clocks) -> Agent.Outcome? {
    guard !isOver, let effects = node?.handle(event, at: clocks.now()) else { return nil }
    let retractions = node?.retractions ?? 0
    guard let deadline = node?.nextDeadline, deadline < armed else {
      return Agent.Outcome(effects: effects, retractions: retractions)
    }
    armed = deadline
    return Agent.Outcome(effects: effects, retractions: retractions, mustArm: true)
  }
}

// MARK: Effects out

extension Agent {
  /// Carries out the effects in order. Datagrams are collected and go to the loop in one hop.
  func perform(_ outcome: Outcome) {
    var outgoing: [(bytes: [UInt8], to: Address)] = []
    for effect in outcome.effects {
      switch effect {
      case .send(let bytes, let target): outgoing.append((bytes, target))
      case .publish(let stamp): publish(stamp, outcome.retractions)
      case .retract: showPresent { $0.retract(to: $1.stamp, retractions: $1.retractions) }
      case .answer(let request, let answer):
        core.withLockedValue { $0.waiting.removeValue(forKey: request) }?(answer)
      case .notify(let target, let stamp): workers?.notifier.post(stamp, to: target)
      case .resolve(let seed): workers?.resolver.resolve(seed: seed)
      case .readiness: showPresent { $0.show($1.readinessState) }
      case .report(let report): tell(report)
      case .left: left.open()
      }
    }
    dispatch(outgoing, mustArm: outcome.mustArm)
  }

  private var workers: Workers? { bindings.withLockedValue { $0.workers } }

  private func dispatch(_ outgoing: [(bytes: [UInt8], to: Address)], mustArm: Bool) {
    guard !outgoing.isEmpty || mustArm else { return }
    guard loop.inEventLoop else {
      return loop.execute { [self] in dispatch(outgoing, mustArm: mustArm) }
    }
    if !outgoing.isEmpty { datagrams.send(outgoing) }
    if mustArm { arm() }
  }

  private func publish(_ stamp: Stamp, _ retractions: UInt64) {
    shown.withLockedValue { $0.publish(stamp, retractions: retractions) }
  }

  /// Publishes what the node says now, not what it said when the effect was made, because two threads may arrive here
  /// in the wrong order. It holds both locks, so that neither thread publishes an older state after a newer one.
  private func showPresent(_ show: (inout PublishedState, Node) -> Void) {
    core.withLockedValue { core in
      guard let node = core.node else { return }
      shown.withLockedValue { show(&$0, node) }
    }
  }

  private func tell(_ report: Report) {
    for line in lines.lines(for: report) { log(line) }
  }

  func log(_ line: LogLine) { logger.log(level: line.level, "\(line.message)") }
}

// MARK: Time

extension Agent: NIOScheduledCallbackHandler {
  /// Sets the timer to the deadline under the lock. On the loop.
  private func arm() {
    let wait = core.withLockedValue { $0.armed } - clocks.now().monotonic
    timer.value?.cancel()
    // A microsecond later than asked, because whole microseconds are rounded down, and a timer that fires too early
    // must fire twice. A deadline in the far future is checked once an hour.
    let delay = min(max(wait.microseconds + 1, 0), 3_600_000_000)
    timer.value = try? loop.scheduleCallback(in: .microseconds(delay), handler: self)
  }

  package func handleScheduledCallback(eventLoop: some EventLoop) {
    timer.value = nil
    let outcome = core.withLockedValue { core in
      core.armed = .distantFuture
      return core.handle(.timePassed, clocks)
    }
    if let outcome { perform(outcome) }
  }
}
