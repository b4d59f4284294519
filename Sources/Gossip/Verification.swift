// Finding out who somebody is: the claimed address is pinged, and only its own answer makes a member of it.
//
// Whoever advertises an address that does not lead to it (127.0.0.1, a container's inner address, another's) would
// otherwise live in everybody's list for ever, be suspected, and refute. Such a newcomer is told what is wrong instead.

/// An address that is being asked who it is.
struct Verification: Sendable {
  var address: Address
  /// The incarnation that somebody claimed at this address, and from where; nil when it is our own question.
  var claimed: UInt64?
  var source: Address?
  /// The nonce of the newcomer's contact, which a notice must repeat.
  var contact: UInt64?
  var room: Room
  var tries = 0
  var next: Instant

  /// Whether what is sent there was earned: it is our own question, or the claim came in a datagram as long as our
  /// ping. Else anyone could have us send three long pings for one short datagram with a forged source: a short claim
  /// gets one short ping, and the long one follows when that is answered.
  var isEarned: Bool { source == nil || contact != nil }
  /// Three tries, 200 ms apart: a newcomer behind 20 % loss fails all with 5 %, and then tries again itself.
  var mostTries: Int { isEarned ? 3 : 1 }
  static let interval: Duration = .milliseconds(200)
  /// Verifications that one event carries on: all there may be take sixteen events.
  static let atOnce = 32

  /// Where it waits: what one kind of stranger fills is not missing to the others.
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
}

extension Node {
  /// Asks an address who is there, unless that is under way.
  mutating func verify(
    _ address: Address, claimed: UInt64? = nil, by source: Address? = nil, contact: UInt64? = nil,
    in room: Verification.Room = .expected
  ) {
    guard address != identity.address else { return }
    if let index = verifications.firstIndex(where: { $0.address == address }) {
      guard verifications[index].source == nil || verifications[index].source == source else { return }
      verifications[index].source = source
      verifications[index].claimed = claimed ?? verifications[index].claimed
      verifications[index].contact = contact ?? verifications[index].contact
      return
    }
    guard verifications.count(where: { $0.room == room }) < room.capacity else { return }
    verifications.append(
      Verification(
        address: address, claimed: claimed, source: source, contact: contact, room: room, next: now.monotonic)
    )
  }

  /// Asks again, or gives up and says so to whoever claimed to be reachable there. Only some at a time: after a flood and a
  /// stop all are due at once, and the rest is still due then.
  mutating func verifyIfDue() {
    var given: [Verification] = []
    var left = Verification.atOnce
    for index in verifications.indices where verifications[index].next <= now.monotonic && left > 0 {
      left -= 1
      if verifications[index].tries < verifications[index].mostTries {
        verifications[index].tries += 1
        verifications[index].next = now.monotonic + Verification.interval
        let address = verifications[index].address
        ask(.ping(target: address), address, for: .verification, introduces: verifications[index].isEarned)
      } else {
        given.append(verifications[index])
      }
    }
    for verification in given { end(verification, with: .unreachable) }
  }

  /// It answered, and with its record it became a member. If somebody else claimed to be it, he is told.
  mutating func verified(_ sender: Message.Sender) {
    guard let verification = verifications.first(where: { $0.address == sender.address }) else { return }
    let isAnother = verification.claimed.map { $0 != sender.incarnation } ?? false
    let isElsewhere = verification.source != nil && verification.source != verification.address
    end(verification, with: isAnother && isElsewhere ? .taken : nil)
    if !verification.isEarned, !isLive(sender.address) { verify(sender.address) }
  }

  /// Another process answers at that address.
  mutating func verificationRefused(_ address: Address) {
    guard let verification = verifications.first(where: { $0.address == address }) else { return }
    end(verification, with: .taken)
  }

  private mutating func end(_ verification: Verification, with refused: RefusedAddress?) {
    verifications.removeAll { $0.address == verification.address }
    guard let refused, let source = verification.source, let nonce = verification.contact else { return }
    send(.notice(refused), to: source, nonce: nonce, isStranger: true)
  }
}
