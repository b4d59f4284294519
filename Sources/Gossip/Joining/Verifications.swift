// Finding out who somebody is: the claimed address is pinged, and only its own answer makes a member of it.
//
// Whoever advertises an address that does not lead to it (127.0.0.1, a container's inner address, another's) would
// otherwise live in everybody's list for ever, be suspected, and refute. Such a newcomer is told what is wrong instead.
// Rejected: believing the source of a datagram (it can be forged, and behind a port mapping it is not the node's own).

/// The addresses that are being asked who they are.
struct Verifications: Sendable {
  /// Where an address waits: what one kind of stranger fills is not missing to the others.
  enum Room: Sendable {
    /// Our own questions, and claims of those whose address we know.
    case expected
    /// Claims of the unknown.
    case strange
    /// Those who answered a challenge.
    case proven

    /// All are limited to 100 a second, after 100 at once, and each is done in 0.6 s; to some of our own questions there
    /// is no limit but the number of members.
    var capacity: Int { self == .expected ? 192 : 160 }
  }

  /// Who claims to be known by an address.
  struct Claim: Sendable {
    var incarnation: UInt64
    /// Where the claim came from.
    var source: Address
    /// The nonce of the newcomer's contact, which a notice must repeat; nil when it was no contact, or a short one.
    var contact: UInt64?
  }

  private struct Entry: Sendable {
    let address: Address
    /// Nil when it is our own question.
    var claim: Claim?
    let room: Room
    var tries = 0
    var next: Instant

    /// Whether what is sent there was earned: it is our own question, or the claim came in a datagram as long as our
    /// ping. Else anyone could have us send three long pings for one short datagram with a forged source: a short claim
    /// gets one short ping, and the long one follows when that is answered.
    var isEarned: Bool { claim.map { $0.contact != nil } ?? true }
    /// Three tries, 200 ms apart: a newcomer behind 20 % loss fails all with 5 %, and then tries again itself.
    var mostTries: Int { isEarned ? 3 : 1 }
  }

  private var list: [Entry] = []

  var count: Int { list.count }

  /// How many wait in this room.
  func count(in room: Room) -> Int { list.count { $0.room == room } }

  /// When the next ping is due, or the next one is given up.
  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.next) } }

  /// Asks an address who is there, unless that is under way.
  mutating func verify(_ address: Address, claim: Claim? = nil, in room: Room = .expected, _ context: Context) {
    guard address != context.ourselves else { return }
    if let index = list.firstIndex(where: { $0.address == address }) {
      renew(index, with: claim)
      return
    }
    guard count(in: room) < room.capacity else { return }
    list.append(Entry(address: address, claim: claim, room: room, next: context.time))
  }

  /// The same is claimed, or asked, once more. The first who claimed an address is told what comes of it; others are not.
  private mutating func renew(_ index: Int, with claim: Claim?) {
    guard let claim else { return }
    guard let former = list[index].claim else {
      // A claim that earned no long pings must not make fewer and shorter ones of a question of our own.
      if claim.contact != nil { list[index].claim = claim }
      return
    }
    guard former.source == claim.source else { return }
    list[index].claim?.incarnation = claim.incarnation
    list[index].claim?.contact = claim.contact ?? former.contact
  }

  /// Asks again, or gives up and says so to whoever claimed to be reachable there. Only some at a time: after a flood and a
  /// stop all are due at once, and the rest is still due then.
  mutating func advance(at now: Instant, into outbox: inout Outbox) {
    guard deadline <= now else { return }
    var given: [Entry] = []
    var left = Verifications.atOnce
    for index in list.indices where list[index].next <= now && left > 0 {
      left -= 1
      guard list[index].tries < list[index].mostTries else {
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

  /// It answered, and with its record it became a member. If somebody else claimed to be it, he is told.
  mutating func answered(by sender: Message.Sender, _ context: Context, into outbox: inout Outbox) {
    guard let entry = list.first(where: { $0.address == sender.address }) else { return }
    let isAnother = entry.claim.map { $0.incarnation != sender.incarnation && $0.source != entry.address } ?? false
    end(entry, with: isAnother ? .taken : nil, into: &outbox)
    if !entry.isEarned, !context.isLive(sender.address) { verify(sender.address, context) }
  }

  /// Another process answers at that address.
  mutating func refused(_ address: Address, into outbox: inout Outbox) {
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
  /// Verifications that one event carries on: all there may be take sixteen events.
  private static let atOnce = 32
}
