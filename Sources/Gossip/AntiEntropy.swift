// Finding and mending lists that differ although rumours have passed: by comparing digests, which every datagram
// carries, and pulling the records of the buckets in which they differ (Demers and others 1987, section 1.3, by pull).
//
// A pull is as large as its answer, so that it may be answered to anyone: that is also how a newcomer gets the list.
// Rejected: pushing whole lists over TCP every 30 s (a megabyte at ten thousand members, whether or not they differ).

/// The state of comparing and pulling.
struct AntiEntropy: Sendable {
  /// A member whose digest differs from ours.
  private struct Difference: Sendable {
    var peer: Address
    var since: Instant
    /// When it was asked whether it still differs.
    var asked: Instant?
  }

  /// A pull that is under way.
  struct Pull: Sendable {
    var peer: Address
    var after: Address?
    var nonce: UInt64
    var tries: Int
    var peersLeft: Int
    var due: Instant
    var learnt: Bool
    /// Pages that came.
    var pages: Int
  }

  private var difference: Difference?
  private(set) var notBefore: Instant
  private var wait: Duration
  var pull: Pull?
  /// We know nobody for certain: others' pulls are not answered with our list until we have pulled one ourselves.
  private(set) var isAnew = false
  var pathSize: PathSize

  init(at now: Instant, _ settings: Settings) {
    notBefore = now
    wait = settings.pullInterval
    pathSize = PathSize(at: now)
  }

  func deadline(_ settings: Settings) -> Instant {
    if let pull { return pull.due }
    guard let difference else { return .distantFuture }
    if let asked = difference.asked { return asked + AntiEntropy.patience }
    return max(difference.since + settings.differenceStands, notBefore)
  }

  /// Notes how a member's digest compares. True when it is time to pull from it.
  mutating func compared(
    isEqual: Bool, with peer: Address, isOnRequest: Bool, at now: Instant, _ settings: Settings
  ) -> Bool {
    if isEqual {
      if difference?.peer == peer { difference = nil }
      return false
    }
    guard pull == nil else { return false }
    guard let current = difference else {
      difference = Difference(peer: peer, since: now)
      return false
    }
    guard current.peer == peer, now >= notBefore else { return false }
    return isOnRequest || now - current.since >= settings.differenceStands
  }

  /// The peer to ask whether it still differs, if it is time; and gives up one that did not answer that.
  mutating func peerToAsk(at now: Instant, _ settings: Settings) -> Address? {
    guard pull == nil, deadline(settings) <= now, let current = difference else { return nil }
    guard current.asked == nil else {
      difference = nil
      return nil
    }
    difference?.asked = now
    return current.peer
  }

  /// A pull ended: the next may begin in a second, or much later if it was for nothing.
  mutating func ended(learnt: Bool, at now: Instant, _ settings: Settings) {
    wait = learnt ? settings.pullInterval : min(wait + wait, settings.pullBackoff)
    notBefore = now + wait
    pull = nil
    difference = nil
    isAnew = false
  }

  /// Our list changed: what was learnt about pulling for nothing is out of date.
  mutating func listChanged(at now: Instant, _ settings: Settings) {
    wait = settings.pullInterval
    notBefore = min(notBefore, now + wait)
  }

  mutating func beginAnew(at now: Instant, _ settings: Settings, canJoin: Bool) {
    self = AntiEntropy(at: now, settings)
    isAnew = canJoin
  }

  /// A comparison is a ping: half a second is several of its round trips.
  private static let patience: Duration = .milliseconds(500)
  /// Peers that are asked for one page before the pull is given up.
  static let peersPerPage = 3
}

extension Node {
  /// A member's digest came with its datagram.
  mutating func compare(_ digest: UInt64, with peer: Address, isOnRequest: Bool) {
    let isDue = antiEntropy.compared(
      isEqual: digest == members.digest, with: peer, isOnRequest: isOnRequest, at: now.monotonic, settings)
    if isDue { pull(from: peer, after: nil, peersLeft: AntiEntropy.peersPerPage) }
  }

  /// Pulls from whom we just met, unless we pulled a moment ago.
  mutating func pullSoon(from peer: Address) {
    guard antiEntropy.pull == nil, antiEntropy.notBefore <= now.monotonic else { return }
    pull(from: peer, after: nil, peersLeft: AntiEntropy.peersPerPage)
  }

  /// Asks whether a difference still stands, and repeats a pull that is not answered.
  mutating func compareIfDue() {
    if let peer = antiEntropy.peerToAsk(at: now.monotonic, settings), isLive(peer) {
      ask(.ping(target: peer), peer, for: .comparison)
    }
    guard let current = antiEntropy.pull, current.due <= now.monotonic else { return }
    if current.tries < settings.pageTries {
      pull(from: current.peer, after: current.after, tries: current.tries + 1, peersLeft: current.peersLeft)
    } else if current.peersLeft > 1, let other = otherPeer(than: current.peer) {
      pull(from: other, after: current.after, peersLeft: current.peersLeft - 1)
    } else {
      antiEntropy.ended(learnt: current.learnt, at: now.monotonic, settings)
    }
  }

  /// Sends a page: the records of the buckets that differ, in address order.
  mutating func sendPage(
    to source: Address, _ recipient: Address, nonce: UInt64, after: Address?, _ theirs: [UInt64], limit: Int
  ) {
    guard !antiEntropy.isAnew else { return }
    let limit = min(limit, Wire.maximumPlainSize)
    let ours = members.buckets(foldedTo: theirs.count)
    var records: [Record] = []
    // What is left beside the longest header, an IPv6 sender's, and an accusation of the asker, which goes first.
    var room = limit - AntiEntropy.pageOverhead
    if let accusation = accusation(of: recipient) { room -= Wire.size(of: accusation) }
    var more = false
    var index = after.map { members.insertionIndex(of: $0) } ?? 0
    while index < members.count, !more {
      let member = members[index]
      index += 1
      let bucket = Membership.bucket(of: member.address) % theirs.count
      guard ours[bucket] != theirs[bucket], member.address != after, member.address != recipient else {
        continue
      }
      let record = told(member.record)
      room -= Wire.size(of: record)
      if room >= 0 { records.append(record) } else { more = true }
    }
    send(
      .page(more: more), to: source, recipient: recipient, nonce: nonce, first: records, limit: limit, isStranger: true)
  }

  /// A page came; its records are merged already.
  mutating func pageCame(_ nonce: UInt64, more: Bool, last: Address?, learnt: Bool) {
    guard var current = antiEntropy.pull, current.nonce == nonce else { return }
    current.learnt = current.learnt || learnt
    current.pages += 1
    antiEntropy.pull = current
    antiEntropy.pathSize.pageCame(afterTries: current.tries, at: now.monotonic, settings)
    // The cursor moves on with each page, or a liar could keep us pulling for ever.
    let isFurther = last.map { last in current.after.map { $0 < last } ?? true } ?? false
    if more, isFurther, current.pages < settings.maximumMembers / AntiEntropy.recordsOfAPage, let last {
      let peer = otherPeer(than: current.peer) ?? current.peer
      pull(from: peer, after: last, peersLeft: AntiEntropy.peersPerPage)
    } else {
      antiEntropy.ended(learnt: current.learnt, at: now.monotonic, settings)
    }
  }

  private mutating func pull(from peer: Address, after: Address?, tries: Int = 1, peersLeft: Int) {
    let patience = members.index(of: peer).map { self.patience(with: members[$0]) } ?? 1
    let wait = Duration.microseconds(Int64(Double(settings.pageTimeout.microseconds) * patience))
    let nonce = questions.ask(peer, for: .pull, at: now.monotonic)
    antiEntropy.pull = AntiEntropy.Pull(
      peer: peer, after: after, nonce: nonce, tries: tries, peersLeft: peersLeft, due: now.monotonic + wait,
      learnt: antiEntropy.pull?.learnt ?? false, pages: antiEntropy.pull?.pages ?? 0)
    counters.pulls += 1
    let size = antiEntropy.pathSize.pull(ofTry: tries, at: now.monotonic)
    let buckets = members.buckets(foldedTo: PathSize.buckets(in: size))
    send(.pull(after: after, buckets: buckets), to: peer, nonce: nonce, limit: size, isStranger: true)
  }

  private mutating func otherPeer(than peer: Address) -> Address? {
    let ourselves = identity.address
    return members.random(1, using: &generator) {
      $0.state == .alive && $0.address != ourselves && $0.address != peer
    }.first
  }
}

extension AntiEntropy {
  /// The bytes of a page before its records.
  static let pageOverhead = 77
  /// The fewest records that a page has when there are more: those with the longest names, in a small page that begins
  /// with an accusation of the asker.
  static let recordsOfAPage = 2
}
