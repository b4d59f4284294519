// Verifies addresses: we ping the address that a newcomer claims, and only an answer from there makes it a member.
//
// Otherwise a node that advertises an address that does not lead to it (127.0.0.1, a container's inner address, another
// node's) would stay in everybody's list for ever, be suspected, and refute. Instead we tell such a newcomer what is
// wrong. Rejected: trusting the source of a datagram (it can be forged, and behind a port mapping it is not the node's
// own address).

/// The addresses that we are verifying.
struct Verifications: Sendable {
  /// The queue that an address waits in: if strangers of one kind fill theirs, the others still have room.
  enum Queue: Sendable {
    /// Our own verifications, and claims from addresses that we know.
    case expected
    /// Claims from unknown addresses.
    case unknown
    /// Addresses that answered a challenge.
    case proven

    /// Each kind is limited to 100 a second after a burst of 100, and a verification takes 0.6 s; some of our own are
    /// limited only by the number of members.
    var capacity: Int { self == .expected ? 192 : 160 }
  }

  /// A node that claims an address.
  struct Claim: Sendable {
    var incarnation: UInt64
    /// Where the claim came from.
    var source: Address
    /// The nonce of the newcomer's contact, which a notice must repeat; nil when it was not a contact, or a short one.
    var contact: UInt64?
  }

  private struct Entry: Sendable {
    let address: Address
    /// Nil when we verify the address on our own account.
    var claim: Claim?
    let queue: Queue
    var tries = 0
    var next: Instant

    /// Whether the claim earns our long pings: we verify on our own account, or the claim came in a datagram as long as
    /// our ping. Otherwise anyone could make us send three long pings for one short datagram with a forged source. A
    /// short claim gets one short ping, and the long one follows when that is answered.
    var isEarned: Bool { claim.map { $0.contact != nil } ?? true }
    /// Three tries, 200 ms apart: behind 20 % loss, 5 % of newcomers fail all three, and then try again themselves.
    var maximumTries: Int { isEarned ? 3 : 1 }
  }

  private var list: [Entry] = []

  var count: Int { list.count }

  /// How many addresses wait in this queue.
  func count(in queue: Queue) -> Int { list.count { $0.queue == queue } }

  /// When the next ping is due, or the next address is given up.
  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.next) } }

  /// Verifies an address, unless that is under way already.
  mutating func verify(_ address: Address, claim: Claim? = nil, in queue: Queue = .expected, _ context: Context) {
    guard address != context.ourselves else { return }
    if let index = list.firstIndex(where: { $0.address == address }) {
      renew(index, with: claim)
      return
    }
    guard count(in: queue) < queue.capacity else { return }
    list.append(Entry(address: address, claim: claim, queue: queue, next: context.time))
  }

  /// The same address comes up again. Only the first node that claimed it learns the result.
  private mutating func renew(_ index: Int, with claim: Claim?) {
    guard let claim else { return }
    guard let former = list[index].claim else {
      // A claim that earns no long pings must not replace our own verification by fewer and shorter pings.
      if claim.contact != nil { list[index].claim = claim }
      return
    }
    guard former.source == claim.source else { return }
    list[index].claim?.incarnation = claim.incarnation
    list[index].claim?.contact = claim.contact ?? former.contact
  }

  /// Pings again, or gives up and sends a notice to the node that claimed the address. Only some at a time: after a
  /// flood and a stop all are due at once, and the rest stay due.
  mutating func advance(at now: Instant, into outbox: inout Outbox) {
    guard deadline <= now else { return }
    var given: [Entry] = []
    var left = Verifications.atOnce
    for index in list.indices where list[index].next <= now && left > 0 {
      left -= 1
      guard list[index].tries < list[index].maximumTries else {
        given.append(list[index])
        continue
      }
      list[index].tries += 1
      list[index].next = now + Verifications.interval
      let address = list[index].address
      outbox.ask(.ping(target: address), address, for: .verification, introducesUs: list[index].isEarned)
    }
    for entry in given { end(entry, with: .unreachable, into: &outbox) }
  }

  /// The address answered and, by its record, became a member. If another node claimed the address, it gets a notice.
  mutating func answered(by sender: Message.Sender, _ context: Context, into outbox: inout Outbox) {
    guard let entry = list.first(where: { $0.address == sender.address }) else { return }
    let isAnother = entry.claim.map { $0.incarnation != sender.incarnation && $0.source != entry.address } ?? false
    end(entry, with: isAnother ? .taken : nil, into: &outbox)
    if !entry.isEarned, !context.isActive(sender.address) { verify(sender.address, context) }
  }

  /// Another process answered at that address.
  mutating func misdirected(_ address: Address, into outbox: inout Outbox) {
    guard let entry = list.first(where: { $0.address == address }) else { return }
    end(entry, with: .taken, into: &outbox)
  }

  private mutating func end(_ entry: Entry, with refused: RefusedAddress?, into outbox: inout Outbox) {
    list.removeAll { $0.address == entry.address }
    guard let refused, let claim = entry.claim, let nonce = claim.contact else { return }
    var notice = Outgoing(body: .notice(refused), destination: claim.source, nonce: nonce)
    notice.isStranger = true
    outbox.send(notice)
  }

  private static let interval: Duration = .milliseconds(200)
  /// How many verifications one event advances: all that can wait take sixteen events.
  private static let atOnce = 32
}
