// The datagrams and reports that the parts of a node want to send.
//
// A part puts its datagrams and reports in here, in order, and does not know what else every datagram carries (the
// stamp, the digest, other news, an accusation of the receiver). `Node` empties the outbox after the part's turn: it
// makes the nonce of each request and records the purpose of its answer, fills the datagram with news, and encodes it.
// Rejected: a directive type for each part (one library has nine, with a switch over each), and handing the node to its
// parts.

/// A datagram before it is assembled.
struct Outgoing: Sendable {
  var body: Message.Body
  var destination: Address
  /// The purpose of its answer, if it is a request, which then gets a nonce. Nil for answers and for datagrams that
  /// want no answer.
  var purpose: PendingRequests.Purpose?
  /// The nonce that an answer repeats; 0 where there is none. Requests do not use it.
  var nonce: UInt64 = 0
  /// The member that it is meant for, when that is not the destination. If that member stands accused, the accusation
  /// goes first, so that it can refute at once (Lifeguard's "buddy system", section IV.C).
  var recipient: Address?
  /// Records that must be in it, most important first.
  var first: [Record] = []
  /// Its size limit, if it differs from that of its kind: the answer to a stranger is no larger than the request.
  /// Records that do not fit are left out.
  var limit: Int?
  /// It introduces us: it carries our record, asks for the receiver's, and is as long as that answer may be.
  var introducesUs = false
  /// The receiver is a stranger and gets no other news.
  var isStranger = false
}

/// Datagrams and effects, in order.
struct Outbox: Sendable {
  enum Item: Sendable {
    case datagram(Outgoing)
    case effect(Effect)
  }

  private var items: [Item] = []

  var isEmpty: Bool { items.isEmpty }

  mutating func send(_ datagram: Outgoing) { items.append(.datagram(datagram)) }

  /// Sends a request to the process that is known by this address.
  mutating func ask(
    _ body: Message.Body, _ target: Address, for purpose: PendingRequests.Purpose, introducesUs: Bool = false
  ) {
    var request = Outgoing(body: body, destination: target, purpose: purpose)
    request.introducesUs = introducesUs
    request.isStranger = introducesUs || purpose == .verification
    send(request)
  }

  /// Asks whatever node is at this address to answer, and introduces us.
  mutating func contact(_ address: Address, for purpose: PendingRequests.Purpose = .join) {
    guard address.isReachable else { return }
    ask(.join, address, for: purpose, introducesUs: true)
  }

  mutating func emit(_ effect: Effect) { items.append(.effect(effect)) }

  mutating func report(_ report: Report) { items.append(.effect(.report(report))) }

  // MARK: For `Node`

  var count: Int { items.count }
  subscript(index: Int) -> Item { items[index] }

  /// Empties the outbox and keeps its memory for the next event.
  mutating func removeAll() { items.removeAll(keepingCapacity: true) }
}
