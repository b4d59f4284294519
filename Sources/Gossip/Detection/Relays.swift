// Pinging for others (SWIM's ping-req, section 3.1), only for members and only of members, so that nobody can use us to
// reach a third party. Rejected: passing the asker's ping on as it is (then we could not tell whether it was answered, and
// would have to say nothing where "not so far" helps).

/// The requests of members that are not answered yet.
struct Relays: Sendable {
  private struct Relay: Sendable {
    let number: UInt64
    /// Who asked, and with which nonce.
    let asker: Address
    let askersNonce: UInt64
    /// When to say that no answer came so far; `distantFuture` once it was said.
    var nackAt: Instant
    let asked: Instant
  }

  private var list: [Relay] = []
  private var number: UInt64 = 0

  var count: Int { list.count }

  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.nackAt) } }

  /// Pings a member for another, whose time for it is so many milliseconds.
  /// - Returns: why not, if not.
  mutating func accept(
    _ target: Address, for asker: Address, deadline: UInt16, nonce: UInt64, _ context: Context,
    into outbox: inout Outbox
  ) -> Refusal? {
    guard target != context.ourselves, target != asker, context.isLive(asker) else { return .notMember }
    // Pings are not relayed to members that we consider dead; saying nothing would look like our own failure.
    guard context.isLive(target) else {
      outbox.send(Outgoing(body: .nack, destination: asker, nonce: nonce))
      return nil
    }
    list.removeAll { context.time - $0.asked > Relays.memory }
    guard list.count < Relays.capacity, list.count(where: { $0.asker == asker }) < Relays.ofOne else { return .flood }
    number += 1
    outbox.send(Outgoing(body: .ping(target: target), destination: target, purpose: .relay(number)))
    let wait = Duration.microseconds(Int64(Double(deadline) * 1000 * context.settings.nackShare))
    list.append(
      Relay(number: number, asker: asker, askersNonce: nonce, nackAt: context.time + wait, asked: context.time))
    return nil
  }

  /// The member that was pinged by this relay answered.
  mutating func answered(_ number: UInt64, by member: Message.Sender, into outbox: inout Outbox) {
    guard let index = list.firstIndex(where: { $0.number == number }) else { return }
    let relay = list.remove(at: index)
    outbox.send(
      Outgoing(
        body: .vouch(target: member.address, incarnation: member.incarnation), destination: relay.asker,
        nonce: relay.askersNonce))
  }

  /// Says "not so far" where the asker's time is nearly over (Lifeguard, section IV.A).
  mutating func advance(at now: Instant, into outbox: inout Outbox) {
    for index in list.indices where list[index].nackAt <= now {
      list[index].nackAt = .distantFuture
      outbox.send(Outgoing(body: .nack, destination: list[index].asker, nonce: list[index].askersNonce))
    }
  }

  mutating func removeAll() { list = [] }

  /// As long as requests are remembered.
  private static let memory: Duration = .seconds(5)
  /// Each member asks two a period and only when its own pings stay unanswered: more is a flood.
  static let capacity = 256
  /// A member that asks more, or lies, leaves the others their places. It asks two in a period, so that some twenty are
  /// remembered of one that never gets an answer.
  static let ofOne = 32
}
