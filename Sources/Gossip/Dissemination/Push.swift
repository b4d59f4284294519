// Eager pushes: what changed goes at once to a few random live members, who do the same, so that it reaches everybody
// in a few one-way delays (an epidemic by push; Demers and others 1987, section 1.4). Probes and anti-entropy find the
// rest. Rejected: pushing until nobody is known to lag (from 20 members on, hearing that they do not takes longer than
// pushing) and acknowledging pushes (twice the packets, no gain).
//
// Some of the members that a push goes to are our neighbours in address order, and the rest are random. Random ones alone
// miss a node with e^-4, one of 55 in each write; but whoever misses it has a neighbour that does not, and so the first
// round reaches every node where nothing is lost (Voulgaris, van Steen 2007, RingCast). Neighbours alone would take n/2
// hops.
//
// In a stream of writes the first round of the newest stamp is worth more than anything else: until it has arrived, the
// next write may start on a node that does not know of it, and then one of both is lost. So first rounds wait for nothing
// but the limit, and repeats leave them enough of it.

/// When the next push goes out. Restarted by each change; always carries the newest.
struct Push: Sendable {
  /// What changed.
  enum Cause: Sendable { case stamp, membership }

  /// When this round is due; `distantFuture` when nothing is to be pushed.
  private(set) var deadline = Instant.distantFuture
  /// Rounds that go also to members that are known to hold the stamp, because a member changed. Counted apart from those
  /// of the stamp, which begin anew with every write: in a stream of writes these would never end.
  private var roundsAboutMembers = 0
  private var began: Instant
  private var round = 0
  private var last: Instant
  private var tokens: TokenBucket
  private var replies: TokenBucket

  init(at now: Instant, _ settings: Settings) {
    began = now
    last = now - settings.pushInterval
    tokens = TokenBucket(perSecond: settings.pushRate, burst: settings.pushBurst, at: now)
    replies = TokenBucket(perSecond: settings.replyRate, burst: settings.replyBurst, at: now)
  }

  /// Something changed: all rounds begin anew.
  mutating func changed(_ cause: Cause, at now: Instant, _ settings: Settings) {
    if cause == .membership { roundsAboutMembers = settings.pushes.count }
    began = now
    round = 0
    schedule(settings)
  }

  /// Whether a single datagram may be sent to whom we heard with an older stamp or an older claim. Limited apart from
  /// the pushes, which a stream of stale datagrams would otherwise starve.
  mutating func allowsReply(at now: Instant) -> Bool { replies.take(at: now) }

  /// Begins a round of pushes, if one is due.
  /// - Returns: whom to push to: members that do not hold this stamp. Not by the outbox, as it is always the same datagram
  ///   and what a node sends most.
  mutating func advance(_ stamp: Stamp, _ context: Context, using generator: inout Generator) -> [Address] {
    guard deadline <= context.time else { return [] }
    let peers = peers(for: stamp, context, using: &generator)
    guard !peers.isEmpty else {
      end()
      return []
    }
    return begin(peers.count, at: context.time, context.settings) ? peers : []
  }

  /// Whom a round goes to: the next live members after us and before us in address order, by turns, and others at random.
  private func peers(for stamp: Stamp, _ context: Context, using generator: inout Generator) -> [Address] {
    let ourselves = context.ourselves
    let everyone = roundsAboutMembers > 0
    func wants(_ member: Member) -> Bool { everyone || (member.stamp.map { $0 < stamp } ?? true) }
    var peers: [Address] = []
    peers.reserveCapacity(context.settings.fanout)
    // Whoever leaves does not count among the live, and then one neighbour fewer is taken.
    let others = context.others
    for number in 0..<max(0, min(context.settings.ringNeighbours, context.settings.fanout, others)) {
      let places = number % 2 == 0 ? number / 2 : others - 1 - number / 2
      guard let peer = context.members.live(UInt64(places), after: ourselves),
        let index = context.members.index(of: peer),
        wants(context.members[index])
      else { continue }
      peers.append(peer)
    }
    peers += context.members.random(context.settings.fanout - peers.count, using: &generator) { member in
      member.isLive && member.address != ourselves && wants(member) && !peers.contains(member.address)
    }
    return peers
  }

  /// Begins the round that is due, with so many pushes. Returns false when it has to wait for the limit.
  mutating func begin(_ pushes: Int, at now: Instant, _ settings: Settings) -> Bool {
    let reserve = round == 0 ? 0 : settings.pushReserve
    guard tokens.take(pushes, leaving: reserve, at: now) else {
      deadline = tokens.ready(pushes + reserve, at: now)
      return false
    }
    last = now
    round += 1
    roundsAboutMembers = max(roundsAboutMembers - 1, 0)
    schedule(settings)
    return true
  }

  /// Nothing is left to push.
  private mutating func end() {
    deadline = .distantFuture
    roundsAboutMembers = 0
  }

  private mutating func schedule(_ settings: Settings) {
    guard round < settings.pushes.count else { return end() }
    let spacing = round == 0 ? settings.pushSpacing : settings.pushInterval
    deadline = max(began + settings.pushes[round], last + spacing)
  }
}
