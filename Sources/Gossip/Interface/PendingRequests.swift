// Our requests and their targets. An answer counts only if it repeats the nonce of a request and comes from its target.
// That is why a node can accept an answer from an address that it has never heard of, and why forging an ack means
// guessing 64 bits.
//
// Requests stay pending for a while after they time out: a late answer is still a sign of life and a measurement.

/// The requests of the last few seconds, by nonce.
struct PendingRequests: Sendable {
  /// The purpose of the answer.
  enum Purpose: Equatable, Sendable {
    /// A ping of the current probe.
    case probe
    /// A helper was asked to ping this member.
    case indirect(Address)
    /// A ping to a suspect, so that it can refute.
    case suspicion
    /// A ping for another member's probe: the relay with this number (see `Relays`).
    case relay(UInt64)
    /// A contact to an address in the address book.
    case join
    /// A contact to a member, to learn whether it can reach us.
    case reach
    /// A ping that verifies an address: a newcomer's, or that of a member about which we heard something implausible.
    case verification
    /// A ping to see whether a member's digest still differs from ours.
    case comparison
    /// A ping that announces that we leave.
    case farewell
    /// The pull with this number (see `AntiEntropy`).
    case pull(UInt64)
  }

  struct Request: Sendable {
    var nonce: UInt64
    /// The address of the member that was asked; for a contact, the address that it was sent to.
    var target: Address
    var purpose: Purpose
    var asked: Instant
    var isAnswered = false
    var isNoticed = false
  }

  private var list: [Request] = []
  private var nonces: Nonces

  /// - Parameter key: used for the nonces only.
  init(key: SecretKey) { nonces = Nonces(key: key) }

  /// Records a request and returns its nonce.
  mutating func ask(_ target: Address, for purpose: Purpose, at now: Instant) -> UInt64 {
    forget(before: now - PendingRequests.memory)
    let nonce = nonces.next()
    list.append(Request(nonce: nonce, target: target, purpose: purpose, asked: now))
    return nonce
  }

  /// The recent request with this nonce, answered or not.
  func find(_ nonce: UInt64) -> Request? { list.last { $0.nonce == nonce } }

  /// The request that this message answers; nil when it answers none of our requests to its sender.
  func find(answeredBy message: Message, from source: Address) -> Request? {
    guard message.body.isAnswer, let request = find(message.nonce) else { return nil }
    let isFromTarget = message.sender.address == request.target
    let isExpected: Bool
    switch (message.body, request.purpose) {
    case (.ack, .join): isExpected = true
    case (.ack, .indirect), (.ack, .pull): isExpected = false
    case (.ack, _): isExpected = isFromTarget
    case (.misdirected, .indirect), (.misdirected, .pull), (.misdirected, .join), (.misdirected, .reach):
      isExpected = false
    case (.misdirected, _): isExpected = source == request.target && !isFromTarget
    case (.indirectAck(let target, _), .indirect(let asked)): isExpected = isFromTarget && target == asked
    case (.nack, .indirect): isExpected = isFromTarget
    case (.page, .pull): isExpected = isFromTarget
    case (.notice, .join): isExpected = true
    case (.notice, .reach): isExpected = isFromTarget
    case (.indirectAck, _), (.nack, _), (.page, _), (.notice, _): isExpected = false
    case (.ping, _), (.join, _), (.pingRequest, _), (.gossip, _), (.pull, _): isExpected = false
    }
    return isExpected ? request : nil
  }

  /// Marks the request as answered; false when it was already (the answer came twice) or is unknown.
  mutating func answered(_ nonce: UInt64) -> Bool {
    guard let index = list.lastIndex(where: { $0.nonce == nonce }), !list[index].isAnswered else { return false }
    list[index].isAnswered = true
    return true
  }

  /// Marks that a notice answered the request, whether or not another answer came before; false when one already had.
  mutating func noticed(_ nonce: UInt64) -> Bool {
    guard let index = list.lastIndex(where: { $0.nonce == nonce }), !list[index].isNoticed else { return false }
    list[index].isNoticed = true
    return true
  }

  /// Waits for another answer to the same request.
  mutating func reopen(_ nonce: UInt64) {
    if let index = list.lastIndex(where: { $0.nonce == nonce }) { list[index].isAnswered = false }
  }

  private mutating func forget(before instant: Instant) {
    let kept = list.firstIndex { $0.asked >= instant } ?? list.count
    let surplus = list.count + 1 - PendingRequests.capacity
    let dropped = max(kept, surplus)
    if dropped > 0 { list.removeFirst(dropped) }
  }

  /// Later answers match no request: by then the slowest probe (local health and round trip at their worst) has ended.
  private static let memory: Duration = .seconds(5)
  /// A node sends a few dozen requests a second, and ten a second to each suspect. This is enough for 80 suspects for
  /// the whole time, and for the pings to hundreds for as long as answers take. Beyond it, the oldest are dropped.
  private static let capacity = 4096
}
