// A few whole nodes on a perfect network, for tests of what they do together. A datagram takes a millisecond unless a
// link is cut. Random faults, and invariants after each step, belong to the simulation.

import Testing

@testable import Gossip

/// Nodes by name, and the network between them.
struct Harness {
  /// One node, running or not.
  struct Host {
    var name: String
    var node: Node
    var isRunning = true
    /// Stopped, as by SIGSTOP: datagrams wait, and deadlines pass.
    var isPaused = false
    var waiting: [(bytes: [UInt8], from: Address)] = []
    /// Added to the wall clock.
    var clockError: Int64 = 0
    var starts: UInt64 = 0
    var seeds: [String]
  }

  /// Something that a node did, and when.
  struct Done {
    var at: Int64
    var name: String
    var effect: Effect
  }

  private struct Datagram {
    var at: Int64
    var bytes: [UInt8]
    var from: Address
    var to: Address
  }

  private(set) var hosts: [Host] = []
  /// Microseconds since the start.
  private(set) var time: Int64 = 0
  private(set) var log: [Done] = []
  /// Pairs between which nothing passes in this direction.
  private var cuts: Set<[String]> = []
  private var inFlight: [Datagram] = []
  private var requests: UInt64 = 0
  /// Events so far at one instant, so that a node whose deadline does not move on cannot hang the tests.
  private var burst = (at: Int64(0), events: 0)
  /// Changes the settings of nodes that start from now on.
  var change: (inout Settings) -> Void = { _ in }

  private func now(_ index: Int) -> Now {
    let wall = Int64(Stage.wall) + time + hosts[index].clockError
    return Now(monotonic: Instant(microseconds: time), wall: UInt64(max(wall, 1)))
  }

  private func index(_ name: String) -> Int { hosts.firstIndex { $0.name == name }! }
  subscript(name: String) -> Node { hosts[index(name)].node }

  /// Node "a" is at 10.0.0.1, and so on, even before it starts.
  static func address(_ name: String) -> Address {
    Address(ipv4: 0x0A00_0000 + UInt32(name.utf8.first! - UInt8(ascii: "a")) + 1, port: 7946)
  }

  func status(of name: String, on observer: String) -> MemberStatus? {
    let index = index(observer)
    return hosts[index].node.status(at: now(index)).members.first { $0.address == Harness.address(name) }?.status
  }

  func status(on observer: String) -> StatusSnapshot {
    let index = index(observer)
    return hosts[index].node.status(at: now(index))
  }

  // MARK: What happens

  mutating func start(_ name: String, seeds: [String] = [], clockError: Int64 = 0) {
    if let index = hosts.firstIndex(where: { $0.name == name }) {
      hosts[index].starts += 1
      hosts[index].clockError = clockError
      hosts[index].seeds = seeds
      hosts[index].isRunning = true
      hosts[index].node = node(name, seeds, starts: hosts[index].starts, clockError)
      return handle(index, .timePassed)
    }
    hosts.append(
      Host(name: name, node: node(name, seeds, starts: 0, clockError), clockError: clockError, seeds: seeds))
    handle(hosts.count - 1, .timePassed)
  }

  private func node(_ name: String, _ seeds: [String], starts: UInt64, _ clockError: Int64) -> Node {
    var settings = Settings()
    settings.seeds = seeds
    change(&settings)
    let wall = UInt64(max(Int64(Stage.wall) + time + clockError, 1))
    return Node(
      identity: Identity(address: Harness.address(name), name: name, httpPort: 8080), settings: settings,
      seed: Harness.address(name).low &* 7919 &+ starts, key: SecretKey(low: Harness.address(name).low, high: starts),
      now: Now(monotonic: Instant(microseconds: time), wall: wall))
  }

  mutating func crash(_ name: String) { hosts[index(name)].isRunning = false }
  mutating func pause(_ name: String) { hosts[index(name)].isPaused = true }

  /// Resumes a node: what waited in its socket comes before its timers.
  mutating func resume(_ name: String) {
    let index = index(name)
    hosts[index].isPaused = false
    let waiting = hosts[index].waiting
    hosts[index].waiting = []
    for (bytes, from) in waiting { handle(index, .received(bytes, from: from)) }
    handle(index, .timePassed)
  }

  mutating func set(_ name: String, _ value: Int64) {
    requests += 1
    handle(index(name), .setRequested(value, RequestID(requests)))
  }

  mutating func handle(_ name: String, _ event: Event) { handle(index(name), event) }

  /// Cuts or heals the links between two sides, both ways.
  mutating func link(_ left: [String], _ right: [String], isCut: Bool) {
    for one in left {
      for other in right {
        if isCut {
          cuts.formUnion([[one, other], [other, one]])
        } else {
          cuts.subtract([[one, other], [other, one]])
        }
      }
    }
  }

  private mutating func handle(_ index: Int, _ event: Event) {
    for effect in hosts[index].node.handle(event, at: now(index)) {
      log.append(Done(at: time, name: hosts[index].name, effect: effect))
      switch effect {
      case .send(let bytes, let to):
        inFlight.append(Datagram(at: time + 1000, bytes: bytes, from: hosts[index].node.identity.address, to: to))
      case .resolve(let seed):
        let address = Harness.address(hosts[index].seeds[seed])
        handle(index, .resolved(seed: seed, [address], failure: nil))
      case .left: hosts[index].isRunning = false
      case .notify, .publish, .retract, .answer, .readiness, .report: break
      }
    }
  }

  /// Puts a datagram into the network, whatever its claimed sender.
  mutating func forge(_ message: Message, from: Address, to name: String) {
    let bytes = Wire.encode(message, cluster: Stage.cluster)
    inFlight.append(Datagram(at: time + 1000, bytes: bytes, from: from, to: Harness.address(name)))
  }

  // MARK: Time

  /// Runs all nodes for so long, and returns what they did.
  @discardableResult
  mutating func run(_ duration: Duration) -> ArraySlice<Done> {
    let (end, begin) = (time + duration.microseconds, log.count)
    while step(until: end) {}
    time = end
    return log[begin...]
  }

  /// Runs until a condition holds; returns false if that takes longer than this.
  mutating func run(atMost duration: Duration, until isSo: (Harness) -> Bool) -> Bool {
    let end = time + duration.microseconds
    while !isSo(self) { guard step(until: end) else { return isSo(self) } }
    return true
  }

  private mutating func step(until end: Int64) -> Bool {
    burst = burst.at == time ? (time, burst.events + 1) : (time, 0)
    guard burst.events < 10_000 else {
      if burst.events == 10_000 { Issue.record("a node is busy without end: its deadline does not move on") }
      return false
    }
    let arrival = inFlight.indices.min { inFlight[$0].at < inFlight[$1].at }
    let running = hosts.indices.filter { hosts[$0].isRunning && !hosts[$0].isPaused }
    let due = running.min { hosts[$0].node.nextDeadline < hosts[$1].node.nextDeadline }
    let next = due.map { max(hosts[$0].node.nextDeadline.microseconds, time) } ?? .max
    if let arrival, inFlight[arrival].at <= min(next, end) {
      time = max(time, inFlight[arrival].at)
      deliver(inFlight.remove(at: arrival))
      return true
    }
    guard let due, next <= end else { return false }
    time = next
    handle(due, .timePassed)
    return true
  }

  private mutating func deliver(_ datagram: Datagram) {
    let sender = hosts.first { $0.node.identity.address == datagram.from }?.name ?? "stranger"
    guard let target = hosts.firstIndex(where: { $0.node.identity.address == datagram.to }),
      hosts[target].isRunning, !cuts.contains([sender, hosts[target].name])
    else { return }
    if hosts[target].isPaused {
      hosts[target].waiting.append((datagram.bytes, datagram.from))
    } else {
      handle(target, .received(datagram.bytes, from: datagram.from))
    }
  }
}
