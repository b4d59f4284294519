// A whole node, and a history that the fuzzer writes: datagrams of members and of strangers, answers to real requests
// of the node, clients, clocks that jump. After each event, the rules of a node are checked from outside.
//
// Checksums and the cluster's hash are correct, and answers carry the nonces of requests, or no input would ever get in.
// The simulation checks a cluster of honest nodes on a bad network; this is one node among liars.

@testable import Gossip

func fuzzNode(_ bytes: [UInt8]) throws(BrokenRule) {
  var history = History(FuzzInput(bytes))
  try history.run()
}

/// A node, what it has heard, and what it owes.
struct History {
  private var input: FuzzInput
  private(set) var node: Node
  private var time: Int64 = 0
  private var wall = FuzzInput.wall
  private var rules: NodeRules
  private var requests: UInt64 = 0

  init(_ input: FuzzInput) {
    self.input = input
    let bits = self.input.byte()
    var settings = Settings()
    settings.seeds = Array(["a", "b", "c"].prefix(Int(bits & 3)))
    settings.notifyPeers = Int(bits >> 2 & 1)
    if bits & 8 != 0 { settings.maximumMembers = 4 }
    let now = Now(monotonic: Instant(microseconds: 0), wall: wall)
    node = Node(
      identity: Identity(address: FuzzInput.node, name: "n", httpPort: 8080), settings: settings, seed: UInt64(bits),
      key: SecretKey(low: 1, high: 2),
      now: now)
    rules = NodeRules(node)
  }

  /// The whole history, and enough quiet after it that the node may owe nothing any more.
  mutating func run() throws(BrokenRule) {
    try settle()
    while !input.isEmpty {
      try handle(try nextEvent())
      try settle()
    }
    for _ in 0..<History.longestQuiet where rules.owesAnswers { try passToDeadline() }
    try expect(!rules.owesAnswers, "a client was never answered")
    let listed = node.status(at: now).members.count
    try expect(listed <= max(node.settings.maximumMembers, 1), "\(listed) members")
  }

  /// Deadlines until a write that waits just after the start is answered. A busy node has a few hundred a second.
  private static let longestQuiet = 4000

  private var now: Now { Now(monotonic: Instant(microseconds: time), wall: wall) }

  private mutating func handle(_ event: Event) throws(BrokenRule) {
    let before = NodeRules.Before(event, node)
    let effects = node.handle(event, at: now)
    try rules.check(event, before, effects: effects, node)
  }

  /// A node that was woken at its deadline is not due again at once, except for a few parts that take turns.
  private mutating func settle() throws(BrokenRule) {
    for _ in 0..<16 {
      guard node.nextDeadline.microseconds <= time else { return }
      try handle(.timePassed)
    }
    throw BrokenRule("a deadline that does not move: \(node.nextDeadline.microseconds) at \(time)")
  }

  private mutating func passToDeadline() throws(BrokenRule) {
    time = max(time, node.nextDeadline.microseconds)
    try handle(.timePassed)
    try settle()
  }

  /// Nine thousand years.
  private static let lastTime: Int64 = 1 << 58

  private mutating func nextEvent() throws(BrokenRule) -> Event {
    switch input.below(16) {
    case 0:
      time += Int64(input.byte()) * 1000
      return .timePassed
    case 1:
      for _ in 0..<input.below(32) { try passToDeadline() }
      return .timePassed
    case 2:
      time = min(time + 1 << Int64(input.below(58)), History.lastTime)
      return .timePassed
    case 3:
      wall = input.number(near: FuzzInput.wall)
      return .timePassed
    case 4: return .received(input.take(input.below(64)), from: input.address())
    case 5: return .received(Wire.framed(input.take(Int(input.byte()) * 5)), from: input.address())
    case 6, 7, 8: return datagram(nonce: nil)
    case 9, 10, 11: return answer()
    case 12:
      requests += 1
      return .setRequested(input.integer(), RequestID(requests))
    case 13:
      requests += 1
      return .notified(input.stamp(near: wall), by: input.name(), RequestID(requests))
    case 14:
      let addresses = (0..<input.below(20)).map { _ in input.address() }
      return .resolved(seed: input.below(5) - 1, addresses, failure: addresses.isEmpty ? "no" : nil)
    default: return unusualEvent()
    }
  }

  private mutating func unusualEvent() -> Event {
    switch input.below(8) {
    case 0...2: .connectionRefused(input.address())
    case 3...5: .notifyDelivered(input.address())
    case 6: .leaveRequested
    default: .timePassed
    }
  }

  /// A datagram from some member, mostly from its own address.
  private mutating func datagram(nonce: UInt64?) -> Event {
    let sender = input.address()
    let source = input.byte() < 200 ? sender : input.address()
    return .received(encoded(input.message(from: sender, nonce: nonce, near: wall)), from: source)
  }

  /// An answer to a recent request of the node, mostly honest.
  private mutating func answer() -> Event {
    guard !rules.asked.isEmpty else { return datagram(nonce: nil) }
    let question = rules.asked[rules.asked.count - 1 - input.below(rules.asked.count)]
    guard input.byte() < 200 else { return datagram(nonce: question.nonce) }
    var message = input.message(from: question.to, nonce: question.nonce, near: wall)
    // A seed's answer comes under its own name.
    if input.byte() > 240 { message.sender.address = input.address() }
    switch question.body {
    case .ping, .join: if input.byte() < 160 { message.body = .ack }
    case .pingRequest(let target, _):
      message.body = input.flag() ? .indirectAck(target: target, incarnation: FuzzInput.wall) : .nack
    case .pull: message.body = .page(more: input.flag())
    case .ack, .misdirected, .indirectAck, .nack, .gossip, .page, .notice: break
    }
    if input.byte() < 200 {
      message.rumours.insert(
        Record(
          address: message.sender.address, incarnation: message.sender.incarnation, state: .alive, name: "m",
          httpPort: 8080), at: 0)
    }
    return .received(encoded(message), from: question.to)
  }

  /// The encoded message, without the records that do not fit.
  private func encoded(_ message: Message) -> [UInt8] {
    var message = message
    while message.rumours.reduce(Wire.size(of: message), { $0 + Wire.size(of: $1) }) > Wire.maximumPlainSize {
      message.rumours.removeLast()
    }
    return Wire.encode(message, cluster: FuzzInput.cluster)
  }
}
