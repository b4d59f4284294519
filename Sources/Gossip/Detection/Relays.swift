// Pings for others (SWIM's ping-req, section 3.1): only for members and only to members, so that nobody can use us to
// reach a third party. Rejected: forwarding the asker's ping as it is (then we could not tell whether it was answered,
// and could not send a nack where that helps).

/// The members' requests that are not answered yet.
struct Relays: Sendable {
  private struct Relay: Sendable {
    let number: UInt64
    /// The member that asked; its nonce follows.
    let asker: Address
    let askersNonce: UInt64
    /// When to send the nack; `distantFuture` once it was sent.
    var nackAt: Instant
    let asked: Instant
  }

  private var list: [Relay] = []
  private var number: UInt64 = 0

  var count: Int { list.count }

  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.nackAt) } }

  /// Pings a member for another one, which waits for this many milliseconds.
  /// - Returns: why we refuse, if we do.
  mutating func accept(
    _ target: Address, for asker: Address, deadline: UInt16, nonce: UInt64, _ context: Context,
    into outbox: inout Outbox
  ) -> DropReason? {
    guard target != context.ourselves, target != asker, context.isActive(asker) else { return .notMember }
    // Pings are not relayed to members that we consider dead; staying silent would look like our own failure.
    guard context.isActive(target) else {
      outbox.send(Outgoing(body: .nack, destination: asker, nonce: nonce))
      return nil
    }
    list.removeAll { context.time - $0.asked > Relays.memory }
    guard list.count < Relays.capacity, list.count(where: { $0.asker == asker }) < Relays.perMember else {
      return .flood
    }
    number += 1
    outbox.send(Outgoing(body: .ping(target: target), destination: target, purpose: .relay(number)))
    let wait = Duration.microseconds(Int64(Double(deadline) * 1000 * context.settings.nackShare))
    list.append(
      Relay(number: number, asker: asker, askersNonce: nonce, nackAt: context.time + wait, asked: context.time))
    return nil
  }

  /// The member that this relay pinged has answered.
  mutating func answered(_ number: UInt64, by member: Message.Sender, into outbox: inout Outbox) {
    guard let index = list.firstIndex(where: { $0.number == number }) else { return }
    let relay = list.remove(at: index)
    outbox.send(
      Outgoing(
        body: .indirectAck(target: member.address, incarnation: member.incarnation), destination: relay.asker,
        nonce: relay.askersNonce))
  }

  /// Sends a nack where the asker's time is nearly over (Lifeguard, section IV.A).
  mutating func advance(at now: Instant, into outbox: inout Outbox) {
    for index in list.indices where list[index].nackAt <= now {
      list[index].nackAt = .distantFuture
      outbox.send(Outgoing(body: .nack, destination: list[index].asker, nonce: list[index].askersNonce))
    }
  }

  mutating func removeAll() { list = [] }

  /// As long as pending requests are remembered.
  private static let memory: Duration = .seconds(5)
  /// Each member sends two a period, and only when its own pings stay unanswered: more is a flood.
  static let capacity = 256
  /// The limit for one member, so that one that asks for more, or lies, leaves the others room. Members ask two in a
  /// period, so we remember some twenty of one that never gets an answer.
  static let perMember = 32
}
