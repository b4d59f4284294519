// What we asked and of whom. An answer counts only if it repeats the nonce of a question and comes from whoever was
// asked: that is what lets a node believe an answer from an address that it has never heard of, and what makes a forged
// ack a matter of guessing 64 bits.
//
// Questions stay for a while after their time is up: a late answer is still evidence of life and a measurement.

/// The requests of the last seconds, by nonce.
struct PendingRequests: Sendable {
  /// What the answer is for.
  enum Purpose: Equatable, Sendable {
    /// A ping of the current probe.
    case probe
    /// A helper was asked to ping this member.
    case indirect(Address)
    /// A ping of a suspect, to hear it refute.
    case suspicion
    /// A ping for another member's probe: the relay with this number (see `Relays`).
    case relay(UInt64)
    /// A contact with an address of the address book.
    case contact
    /// A contact with a member, to hear whether it can reach us.
    case reach
    /// A ping to find out who somebody is: a newcomer, or a member of whom something incredible was said.
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
    /// The identity that was asked; for a contact the address that was written to.
    var target: Address
    var purpose: Purpose
    var asked: Instant
    var isAnswered = false
    var isNoticed = false
  }

  private var list: [Request] = []
  private var nonces: Nonces

  /// - Parameter key: makes the nonces, and nothing else.
  init(key: SecretKey) { nonces = Nonces(key: key) }

  /// Notes a question and returns its nonce.
  mutating func ask(_ target: Address, for purpose: Purpose, at now: Instant) -> UInt64 {
    forget(before: now - PendingRequests.memory)
    let nonce = nonces.next()
    list.append(Request(nonce: nonce, target: target, purpose: purpose, asked: now))
    return nonce
  }

  /// The question with this nonce, if it was asked lately; answered or not.
  func find(_ nonce: UInt64) -> Request? { list.last { $0.nonce == nonce } }

  /// The request that this message answers; nil when it answers none that we made of its sender.
  func find(answeredBy message: Message, from source: Address) -> Request? {
    guard message.body.isAnswer, let request = find(message.nonce) else { return nil }
    let isFromTarget = message.sender.address == request.target
    let isExpected: Bool
    switch (message.body, request.purpose) {
    case (.ack, .contact): isExpected = true
    case (.ack, .indirect), (.ack, .pull): isExpected = false
    case (.ack, _): isExpected = isFromTarget
    case (.refusal, .indirect), (.refusal, .pull), (.refusal, .contact), (.refusal, .reach): isExpected = false
    case (.refusal, _): isExpected = source == request.target && !isFromTarget
    case (.vouch(let target, _), .indirect(let asked)): isExpected = isFromTarget && target == asked
    case (.nack, .indirect): isExpected = isFromTarget
    case (.page, .pull): isExpected = isFromTarget
    case (.notice, .contact): isExpected = true
    case (.notice, .reach): isExpected = isFromTarget
    case (.vouch, _), (.nack, _), (.page, _), (.notice, _): isExpected = false
    case (.ping, _), (.contact, _), (.request, _), (.gossip, _), (.pull, _): isExpected = false
    }
    return isExpected ? request : nil
  }

  /// Marks the question as answered; false when it had been (a datagram that came twice) or is unknown.
  mutating func answered(_ nonce: UInt64) -> Bool {
    guard let index = list.lastIndex(where: { $0.nonce == nonce }), !list[index].isAnswered else { return false }
    list[index].isAnswered = true
    return true
  }

  /// Marks that a notice came to the question, whether or not another answer came before; false when one had been.
  mutating func noticed(_ nonce: UInt64) -> Bool {
    guard let index = list.lastIndex(where: { $0.nonce == nonce }), !list[index].isNoticed else { return false }
    list[index].isNoticed = true
    return true
  }

  /// Waits for another answer to the same question.
  mutating func reopen(_ nonce: UInt64) {
    if let index = list.lastIndex(where: { $0.nonce == nonce }) { list[index].isAnswered = false }
  }

  private mutating func forget(before instant: Instant) {
    let kept = list.firstIndex { $0.asked >= instant } ?? list.count
    let surplus = list.count + 1 - PendingRequests.capacity
    let dropped = max(kept, surplus)
    if dropped > 0 { list.removeFirst(dropped) }
  }

  /// Answers later than this are nobody's: the slowest probe (local health and round trip at their worst) has ended.
  private static let memory: Duration = .seconds(5)
  /// A node asks some tens a second, and ten a second of each suspect: this remembers 80 suspects for all that time, and
  /// the pings of hundreds for as long as answers take. Beyond it the oldest are given up.
  private static let capacity = 4096
}
