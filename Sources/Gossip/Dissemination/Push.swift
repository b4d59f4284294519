// Eager pushes: a node sends each change at once to a few random active members, which do the same, so that it reaches
// everybody in a few one-way delays (a push epidemic; Demers and others 1987, section 1.4). Probes and anti-entropy
// reach the members that pushes missed. Rejected: pushing until no member is known to lag (from 20 members on, learning
// that takes longer than pushing) and acknowledging pushes (twice the packets, no gain).
//
// Some receivers of a push are our neighbours in address order, and the rest are random. Random ones alone miss a node
// with probability e^-4, one in 55 for each write. But a node that they miss has a neighbour that they reach, so
// without loss the first round reaches every node (Voulgaris, van Steen 2007, RingCast). Neighbours alone would take
// n/2 hops.
//
// In a stream of writes the first round of the newest stamp is worth more than anything else: until it has arrived, the
// next write may start on a node that does not know of it, and then one of the two is lost. So first rounds wait for
// nothing but the rate limit, and repeats leave them enough of it.

/// When the next push goes out. Each change restarts it, and it always carries the newest stamp.
struct Push: Sendable {
  /// The cause of a push.
  enum Cause: Sendable { case stamp, membership }

  /// When the next round is due; `distantFuture` when there is nothing to push.
  private(set) var deadline = Instant.distantFuture
  /// How many rounds still go to members that hold the stamp already, too, because a member changed. They are counted
  /// apart from those of the stamp, which start over with every write: in a stream of writes they would never end.
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

  /// Something changed: all rounds start over.
  mutating func changed(_ cause: Cause, at now: Instant, _ settings: Settings) {
    if cause == .membership { roundsAboutMembers = settings.pushes.count }
    began = now
    round = 0
    schedule(settings)
  }

  /// Whether we may send a single datagram to a member that reported an older stamp or an older claim. These have a
  /// limit of their own: otherwise a stream of stale datagrams would starve the pushes.
  mutating func allowsReply(at now: Instant) -> Bool { replies.take(at: now) }

  /// Starts a round of pushes if one is due.
  /// - Returns: the receivers: members that do not hold this stamp. They bypass the outbox, because all get the same
  ///   datagram, the one that a node sends most.
  mutating func advance(_ stamp: Stamp, _ context: Context, using generator: inout Generator) -> [Address] {
    guard deadline <= context.time else { return [] }
    let peers = peers(for: stamp, context, using: &generator)
    guard !peers.isEmpty else {
      end()
      return []
    }
    return begin(peers.count, at: context.time, context.settings) ? peers : []
  }

  /// The receivers of a round: the next active members after and before us in address order, alternately, and others at
  /// random.
  private func peers(for stamp: Stamp, _ context: Context, using generator: inout Generator) -> [Address] {
    let ourselves = context.ourselves
    let everyone = roundsAboutMembers > 0
    func wants(_ member: Member) -> Bool { everyone || (member.stamp.map { $0 < stamp } ?? true) }
    var peers: [Address] = []
    peers.reserveCapacity(context.settings.fanout)
    // A node that leaves does not count itself as active, and so takes one neighbour fewer.
    let others = context.others
    for number in 0..<max(0, min(context.settings.ringNeighbours, context.settings.fanout, others)) {
      let places = number % 2 == 0 ? number / 2 : others - 1 - number / 2
      guard let peer = context.members.active(UInt64(places), after: ourselves),
        let index = context.members.index(of: peer),
        wants(context.members[index])
      else { continue }
      peers.append(peer)
    }
    peers += context.members.random(context.settings.fanout - peers.count, using: &generator) { member in
      member.isActive && member.address != ourselves && wants(member) && !peers.contains(member.address)
    }
    return peers
  }

  /// Starts the round that is due, with this many pushes. Returns false when it has to wait for the rate limit.
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

  /// Stops: there is nothing left to push.
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
