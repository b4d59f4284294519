// Going in order: say so, be heard, stop. A node that is stopped without this is found dead after about a second;
// one that leaves is known to have left within a round trip, and nobody raises an alarm. Rejected: leaving without waiting
// to be heard (one lost datagram makes a crash of it).

/// The announcement that this node leaves.
struct Leaving: Sendable {
  private(set) var isUnderWay = false
  private(set) var isOver = false
  /// The members that acknowledged it, each once, however often it was told.
  private(set) var confirmed: [Address] = []
  private var giveUpAt = Instant.distantFuture
  private var announceAt = Instant.distantFuture

  /// When the next announcement is due, or the end: that can come with any event, as soon as enough members know.
  func deadline(_ context: Context) -> Instant {
    guard isUnderWay, !isOver else { return .distantFuture }
    return isHeard(context) ? context.time : min(giveUpAt, announceAt)
  }

  mutating func begin(at now: Instant, _ settings: Settings) {
    isUnderWay = true
    announceAt = now
    giveUpAt = now + settings.leaveTimeout
  }

  /// A member acknowledged that we leave.
  mutating func heard(by member: Address) {
    if !confirmed.contains(member) { confirmed.append(member) }
  }

  /// Announces, and ends when enough members know or the time is over.
  mutating func advance(_ context: Context, using generator: inout Generator, into outbox: inout Outbox) {
    guard isUnderWay, !isOver else { return }
    if isHeard(context) || giveUpAt <= context.time {
      isOver = true
      return outbox.emit(.left(confirmed: confirmed.count))
    }
    guard announceAt <= context.time else { return }
    announceAt = context.time + Leaving.interval
    let told = confirmed + [context.ourselves]
    let peers = context.members.random(context.settings.leaveConfirmations + 1, using: &generator) {
      $0.state == .alive && !told.contains($0.address)
    }
    for peer in peers {
      var ping = Outgoing(body: .ping(target: peer), destination: peer, purpose: .farewell)
      ping.first = [context.ownRecord]
      outbox.send(ping)
    }
  }

  /// We are no longer live in our own list, so that the live are the others.
  private func isHeard(_ context: Context) -> Bool {
    confirmed.count >= min(context.settings.leaveConfirmations, context.members.liveCount)
  }

  /// Several round trips of a LAN; ten announcements fit in before giving up.
  private static let interval: Duration = .milliseconds(100)
}
