// Going in order: say so, be heard, stop. A node that is stopped without this is found dead after about a second;
// one that leaves is known to have left within a round trip, and nobody raises an alarm.

/// The announcement that this node leaves.
struct Leaving: Sendable {
  private(set) var isUnderWay = false
  private(set) var isOver = false
  /// The members that acknowledged it, each once, however often it was told.
  private(set) var confirmed: [Address] = []
  private var giveUpAt = Instant.distantFuture
  private var announceAt = Instant.distantFuture

  var deadline: Instant { isUnderWay && !isOver ? min(giveUpAt, announceAt) : .distantFuture }

  mutating func begin(at now: Instant, _ settings: Settings) {
    isUnderWay = true
    announceAt = now
    giveUpAt = now + settings.leaveTimeout
  }

  /// Whether to announce again.
  mutating func announces(at now: Instant) -> Bool {
    guard announceAt <= now else { return false }
    announceAt = now + Leaving.interval
    return true
  }

  mutating func heard(by member: Address) {
    if !confirmed.contains(member) { confirmed.append(member) }
  }

  func isDone(wanted: Int, at now: Instant) -> Bool { confirmed.count >= wanted || giveUpAt <= now }

  mutating func end() { isOver = true }

  /// Several round trips of a LAN; ten announcements fit in before giving up.
  private static let interval: Duration = .milliseconds(100)
}

extension Node {
  /// We are asked to leave.
  mutating func leave() {
    guard !leaving.isUnderWay, let index = members.index(of: identity.address) else { return }
    leaving.begin(at: now.monotonic, settings)
    showReadiness()
    probe.attempt = nil
    var own = ownRecord
    own.state = .left
    members.update(at: index, to: own, since: now.monotonic)
    spread(Rumours.Claim(address: own.address, incarnation: own.incarnation, state: .left))
  }

  /// Announces, and ends when enough members know or the time is over.
  mutating func leaveIfDue() {
    guard leaving.isUnderWay, !leaving.isOver else { return }
    // We are no longer live in our own list, so this is the number of the others.
    let wanted = min(settings.leaveConfirmations, members.liveCount)
    if leaving.isDone(wanted: wanted, at: now.monotonic) {
      leaving.end()
      return emit(.left(confirmed: leaving.confirmed.count))
    }
    guard leaving.announces(at: now.monotonic) else { return }
    let told = leaving.confirmed + [identity.address]
    let peers = members.random(settings.leaveConfirmations + 1, using: &generator) {
      $0.state == .alive && !told.contains($0.address)
    }
    for peer in peers {
      let nonce = questions.ask(peer, for: .farewell, at: now.monotonic)
      send(.ping(target: peer), to: peer, nonce: nonce, first: [ownRecord])
    }
  }

  /// A member acknowledged that we leave.
  mutating func farewellHeard(by member: Address) { leaving.heard(by: member) }
}
