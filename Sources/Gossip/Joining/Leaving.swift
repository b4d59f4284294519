// Leaving gracefully: announce it, wait for confirmations, stop. A node that is stopped without this is declared dead
// after about a second. If a node leaves, the others know within a round trip, and nobody raises an alarm. Rejected:
// leaving without waiting for confirmations (one lost datagram would turn it into a crash).

/// The announcement that this node leaves.
struct Leaving: Sendable {
  private(set) var isUnderWay = false
  private(set) var isOver = false
  /// The members that acknowledged it, each listed once however often we told it.
  private(set) var confirmed: [Address] = []
  private var giveUpAt = Instant.distantFuture
  private var announceAt = Instant.distantFuture

  /// When the next announcement or the end is due. The end may come with any event, as soon as enough members know.
  func deadline(_ context: Context) -> Instant {
    guard isUnderWay, !isOver else { return .distantFuture }
    return isConfirmed(context) ? context.time : min(giveUpAt, announceAt)
  }

  mutating func begin(at now: Instant, _ settings: Settings) {
    isUnderWay = true
    announceAt = now
    giveUpAt = now + settings.leaveTimeout
  }

  /// A member acknowledged that we leave.
  mutating func acknowledged(by member: Address) {
    if !confirmed.contains(member) { confirmed.append(member) }
  }

  /// Announces that we leave, and ends when enough members know or the time is over.
  mutating func advance(_ context: Context, using generator: inout Generator, into outbox: inout Outbox) {
    guard isUnderWay, !isOver else { return }
    if isConfirmed(context) || giveUpAt <= context.time {
      isOver = true
      return outbox.emit(.left(confirmed: confirmed.count))
    }
    guard announceAt <= context.time else { return }
    announceAt = context.time + Leaving.interval
    let informed = confirmed + [context.ourselves]
    let peers = context.members.random(context.settings.leaveConfirmations + 1, using: &generator) {
      $0.state == .alive && !informed.contains($0.address)
    }
    for peer in peers {
      var ping = Outgoing(body: .ping(target: peer), destination: peer, purpose: .farewell)
      ping.first = [context.ownRecord]
      outbox.send(ping)
    }
  }

  /// We are no longer active in our own list, so the active members are the others.
  private func isConfirmed(_ context: Context) -> Bool {
    confirmed.count >= min(context.settings.leaveConfirmations, context.members.activeCount)
  }

  /// Several round trips of a LAN; ten announcements fit in before giving up.
  private static let interval: Duration = .milliseconds(100)
}
