// What must hold for one node after each event, whoever lies to it.

@testable import Gossip

/// The rules, and what they remember of a node's past.
struct NodeRules {
  /// A request of the node that the fuzzer may answer.
  struct Question {
    var to: Address
    var nonce: UInt64
    var body: Message.Body
  }

  /// The last requests, newest last.
  private(set) var asked: [Question] = []
  /// Every nonce that somebody may still know.
  private var nonces: Set<UInt64> = []
  private var published: Stamp
  private var unanswered: Set<RequestID> = []
  private var isReady = false
  private var isAskedToLeave = false

  init(_ node: Node) { published = node.stamp }

  var owesAnswers: Bool { !unanswered.isEmpty }

  /// What a rule must know about the node from before the event.
  struct Before {
    var members: Int
    /// Whether the event is a datagram from the address of a live member.
    var isFromMember = false

    init(_ event: Event, _ node: Node) {
      members = node.context.members.count
      if case .received(_, let source) = event { isFromMember = node.context.isActive(source) }
    }
  }

  mutating func check(_ event: Event, _ before: Before, effects: [Effect], _ node: Node) throws(BrokenRule) {
    let owed = unanswered.count
    note(event)
    for effect in effects { try check(effect, node) }
    try expect(node.stamp == published, "\(node.stamp) is held and \(published) was published")
    if case .notified(_, _, let request) = event {
      try expect(!unanswered.contains(request), "a notify waits for its answer")
    }
    try checkAnswersToStrangers(event, before, effects)
    // As in the simulation: a few effects for each change, one for each member, two for each record that came.
    let bound = 64 + 4 * max(before.members, node.context.members.count) + 2 * event.records + 2 * owed
    try expect(effects.count <= bound, "\(effects.count) effects of \(event)")
  }

  private mutating func note(_ event: Event) {
    switch event {
    case .setRequested(_, let request), .notified(_, _, let request): unanswered.insert(request)
    case .leaveRequested: isAskedToLeave = true
    case .timePassed, .received, .resolved, .connectionRefused, .notifyDelivered: break
    }
  }

  private mutating func check(_ effect: Effect, _ node: Node) throws(BrokenRule) {
    switch effect {
    case .send(let bytes, let to): try checkDatagram(bytes, to)
    case .publish(let stamp):
      try expect(stamp > published, "\(stamp) published after \(published)")
      published = stamp
    case .retract(let stamp):
      try expect(
        published.generation > node.context.ceiling.forMembers && stamp.generation <= node.context.ceiling.forMembers,
        "\(published) was given up for \(stamp)")
      published = stamp
    case .answer(let request, let answer):
      try expect(unanswered.remove(request) != nil, "an answer to \(request) that nobody waits for")
      if case .accepted(let stamp) = answer { try expect(stamp <= published, "\(stamp) accepted and not published") }
    case .report(.ready):
      try expect(!isReady, "ready twice")
      isReady = true
    case .left:
      try expect(isAskedToLeave, "left without being asked")
      isAskedToLeave = false
    case .notify(.member(let address, let http), _):
      try expect(address.isReachable && http.high == address.high && http.low == address.low, "notify to \(http)")
    case .readiness(.heldBack): isReady = false
    case .notify(.peer, _), .resolve, .readiness, .report: break
    }
  }

  /// Every node can read what a node sends.
  private mutating func checkDatagram(_ bytes: [UInt8], _ to: Address) throws(BrokenRule) {
    if bytes == Header(cluster: FuzzInput.cluster).bytes { return }
    try expect(bytes.count > Wire.kindOffset, "a datagram of \(bytes.count) bytes")
    let kind = Message.Kind(rawValue: bytes[Wire.kindOffset])
    let mayBeLarge = kind == .pull || kind == .page || kind == .gossip
    try expect(
      bytes.count <= (mayBeLarge ? Wire.maximumPlainSize : Wire.modestPlainSize), "a datagram of \(bytes.count) bytes")
    try expect(to.isReachable, "a datagram to \(to)")
    do {
      let message = try Wire.decode(bytes, cluster: FuzzInput.cluster)
      guard message.nonce != 0, !message.body.isAnswer else { return }
      nonces.insert(message.nonce)
      asked.append(Question(to: to, nonce: message.nonce, body: message.body))
      if asked.count > 32 { asked.removeFirst() }
    } catch {
      throw BrokenRule("a datagram of ours is refused as \(error.reason)")
    }
  }

  /// A stranger that knows no nonce of ours gets no more bytes than it sent, at the address from which it sent them. (The
  /// verifying ping goes to where it claims to be, and has a limit of its own.)
  ///
  /// The sender of a goodbye was a member when the datagram came.
  private func checkAnswersToStrangers(_ event: Event, _ before: Before, _ effects: [Effect]) throws(BrokenRule) {
    guard case .received(let bytes, let source) = event, !before.isFromMember,
      let message = try? Wire.decode(bytes, cluster: FuzzInput.cluster), !nonces.contains(message.nonce)
    else { return }
    var size = 0
    for case .send(let answer, source) in effects
    where answer.count <= Wire.kindOffset || Message.Kind(rawValue: answer[Wire.kindOffset])?.isQuestion == false {
      size += answer.count
    }
    try expect(size <= bytes.count, "\(size) bytes in answer to a stranger's \(bytes.count)")
  }
}

extension Message.Kind {
  /// Requests that the node makes on its own account and by its own timers, whatever just came.
  fileprivate var isQuestion: Bool {
    switch self {
    case .ping, .join, .pingRequest, .pull: true
    case .ack, .misdirected, .indirectAck, .nack, .gossip, .page, .notice: false
    }
  }
}

extension Event {
  /// The most records that can have come with it.
  fileprivate var records: Int {
    switch self {
    case .received(let bytes, _): bytes.count / 19
    case .resolved(_, let addresses, _): addresses.count
    case .timePassed, .setRequested, .notified, .connectionRefused, .notifyDelivered, .leaveRequested: 0
    }
  }
}
