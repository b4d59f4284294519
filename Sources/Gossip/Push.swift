// Eager pushes: what changed goes at once to a few random live members, who do the same, so that it reaches everybody
// in a few one-way delays (an epidemic by push; Demers and others 1987, section 1.4). Probes and anti-entropy find the
// rest. Rejected: pushing until nobody is known to lag (from 20 members on, hearing that they do not takes longer than
// pushing) and acknowledging pushes (twice the packets, no gain). Only the first round of our own write asks for
// acknowledgement: without knowing of a copy, the next write on top of it would look like its loss.

/// When the next push goes out. Restarted by each change; always carries the newest.
struct Push: Sendable {
  /// What changed.
  enum Cause: Sendable { case ownWrite, stamp, membership }

  /// When this round is due; `distantFuture` when nothing is to be pushed.
  private(set) var deadline = Instant.distantFuture
  /// Pushes go also to members that are known to hold the stamp, because it is not only about the stamp.
  private(set) var isAboutMembers = false
  /// The round that is due is the first of a write of our own.
  private(set) var wantsAcknowledgement = false
  private var began: Instant
  private var round = 0
  private var last: Instant
  private var tokens: TokenBucket
  private var replies: TokenBucket

  init(at now: Instant, _ settings: Settings) {
    began = now
    last = now - settings.pushInterval
    tokens = TokenBucket(perSecond: settings.pushRate, burst: settings.pushBurst, at: now)
    replies = tokens
  }

  /// Something changed: all rounds begin anew.
  mutating func changed(_ cause: Cause, at now: Instant, _ settings: Settings) {
    switch cause {
    case .membership: isAboutMembers = true
    case .ownWrite: wantsAcknowledgement = true
    case .stamp: wantsAcknowledgement = false
    }
    began = now
    round = 0
    schedule(settings)
  }

  /// Whether a single datagram may be sent to whom we heard with an older stamp or an older claim. Limited apart from
  /// the pushes, which a stream of stale datagrams would otherwise starve.
  mutating func allowsReply(at now: Instant) -> Bool { replies.take(at: now) }

  /// Begins the round that is due, with so many pushes. Returns false when it has to wait for the limit.
  mutating func begin(_ pushes: Int, at now: Instant, _ settings: Settings) -> Bool {
    guard tokens.take(pushes, at: now) else {
      deadline = tokens.ready(pushes, at: now)
      return false
    }
    last = now
    round += 1
    wantsAcknowledgement = false
    schedule(settings)
    return true
  }

  /// Nothing is left to push.
  mutating func end() {
    deadline = .distantFuture
    isAboutMembers = false
    wantsAcknowledgement = false
  }

  private mutating func schedule(_ settings: Settings) {
    guard round < settings.pushes.count else { return end() }
    deadline = max(began + settings.pushes[round], last + settings.pushInterval)
  }
}

extension Node {
  /// Sends one round of pushes, if one is due.
  mutating func pushIfDue() {
    guard push.deadline <= now.monotonic else { return }
    guard members.count > 1 else { return push.end() }
    let stamp = register.stamp
    let everyone = push.isAboutMembers
    let ourselves = identity.address
    let peers = members.random(settings.fanout, using: &generator) {
      $0.isLive && $0.address != ourselves && (everyone || ($0.stamp.map { $0 < stamp } ?? true))
    }
    guard !peers.isEmpty else { return push.end() }
    let asks = push.wantsAcknowledgement
    guard push.begin(peers.count, at: now.monotonic, settings) else { return }
    for peer in peers {
      if asks { ask(.ping(target: peer), peer, for: .write) } else { send(.gossip, to: peer) }
    }
  }
}
