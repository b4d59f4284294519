// What the parts of a node want sent and said.
//
// A part puts its datagrams and reports in here, in order, and knows nothing of what every datagram carries besides (the
// stamp, the digest, other news, an accusation of the receiver). `Node` empties it when the part has had its turn: it makes
// the nonce of each request and notes what its answer is for, fills the datagram up, and encodes it. Rejected: directives of
// a type of its own for each part (nine of them in one library, and a switch over each), and handing parts the node.

/// A datagram before it is put together.
struct Outgoing: Sendable {
  var body: Message.Body
  var destination: Address
  /// What its answer is for: it is a request, and gets a nonce. Nil for answers and for what wants none.
  var purpose: PendingRequests.Purpose?
  /// The nonce that an answer repeats; 0 where there is none. Not used by requests.
  var nonce: UInt64 = 0
  /// The identity that it is meant for, when that is not the destination. An accusation of it goes first, so that it can
  /// refute at once (Lifeguard's "buddy system", section IV.C).
  var recipient: Address?
  /// Records that must be in it, most important first.
  var first: [Record] = []
  /// Its greatest size, when it is another than that of its kind: a stranger's answer is no larger than its question. What
  /// does not fit is left out.
  var limit: Int?
  /// It introduces us: it holds our record, asks for the receiver's, and is as long as that answer may be.
  var introducesUs = false
  /// Other news is none of the receiver's business.
  var isStranger = false
}

/// Datagrams and effects, in the order in which they are wanted.
struct Outbox: Sendable {
  enum Item: Sendable {
    case datagram(Outgoing)
    case effect(Effect)
  }

  private var items: [Item] = []

  var isEmpty: Bool { items.isEmpty }

  mutating func send(_ datagram: Outgoing) { items.append(.datagram(datagram)) }

  /// Asks the process that is known by an address.
  mutating func ask(
    _ body: Message.Body, _ target: Address, for purpose: PendingRequests.Purpose, introducesUs: Bool = false
  ) {
    var request = Outgoing(body: body, destination: target, purpose: purpose)
    request.introducesUs = introducesUs
    request.isStranger = introducesUs || purpose == .verification
    send(request)
  }

  /// Asks whoever is at an address to answer, and introduces us.
  mutating func contact(_ address: Address, for purpose: PendingRequests.Purpose = .contact) {
    guard address.isReachable else { return }
    ask(.contact, address, for: purpose, introducesUs: true)
  }

  mutating func emit(_ effect: Effect) { items.append(.effect(effect)) }

  mutating func report(_ report: Report) { items.append(.effect(.report(report))) }

  // MARK: For `Node`

  var count: Int { items.count }
  subscript(index: Int) -> Item { items[index] }

  /// Empties the box; its room stays for the next event.
  mutating func removeAll() { items.removeAll(keepingCapacity: true) }
}
