// Pinging for others (SWIM's ping-req, section 3.1), only for members and only of members, so that nobody can use us to
// reach a third party.

/// A request of a member that is not answered yet.
struct Relay: Sendable {
  /// Who asked, and with which nonce.
  var asker: Address
  var askersNonce: UInt64
  /// Our own ping.
  var target: Address
  var nonce: UInt64
  /// When to say that no answer came so far; `distantFuture` once it was said.
  var nackAt: Instant
  var asked: Instant
}

extension Node {
  /// Pings a member for another.
  mutating func pingFor(_ asker: Address, _ target: Address, deadline: UInt16, nonce: UInt64) {
    guard target != identity.address, isLive(asker) else { return counters.refuse(.notMember) }
    // Whom we hold dead we do not ping for others; saying nothing would look like our own failure.
    guard isLive(target) else { return send(.nack, to: asker, nonce: nonce) }
    relays.removeAll { now.monotonic - $0.asked > Relay.memory }
    guard relays.count < Relay.capacity else { return counters.refuse(.flood) }
    let own = questions.ask(target, for: .relay, at: now.monotonic)
    send(.ping(target: target), to: target, nonce: own)
    let patience = Duration.microseconds(Int64(Double(deadline) * 1000 * settings.nackShare))
    relays.append(
      Relay(
        asker: asker, askersNonce: nonce, target: target, nonce: own, nackAt: now.monotonic + patience,
        asked: now.monotonic))
  }

  /// The member that we pinged for another answered us.
  mutating func vouch(for sender: Message.Sender, _ nonce: UInt64) {
    guard let index = relays.firstIndex(where: { $0.nonce == nonce }) else { return }
    let relay = relays.remove(at: index)
    send(
      .vouch(target: sender.address, incarnation: sender.incarnation), to: relay.asker, nonce: relay.askersNonce)
  }

  /// Says "not so far" where the asker's time is nearly over (Lifeguard, section IV.A).
  mutating func nackIfDue() {
    for index in relays.indices where relays[index].nackAt <= now.monotonic {
      relays[index].nackAt = .distantFuture
      send(.nack, to: relays[index].asker, nonce: relays[index].askersNonce)
    }
  }
}

extension Relay {
  /// As long as questions are remembered.
  static let memory: Duration = .seconds(5)
  /// Each member asks two a period and only when its own pings stay unanswered: more is a flood.
  static let capacity = 256
}
