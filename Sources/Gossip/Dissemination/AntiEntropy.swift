// Finds and mends lists that still differ after rumours have passed: it compares digests, which every datagram carries,
// and pulls the records of the buckets that differ (Demers and others 1987, section 1.3, by pull).
//
// A pull is as large as its answer, so a node may answer anyone's: that is also how a newcomer gets the list. Rejected:
// pushing whole lists over TCP every 30 s (a megabyte at ten thousand members, whether or not they differ).

/// The state of comparing and pulling.
struct AntiEntropy: Sendable {
  /// A member whose digest differs from ours.
  private struct Difference: Sendable {
    var peer: Address
    var since: Instant
    /// When we asked it whether it still differs.
    var asked: Instant?
  }

  /// The pull under way.
  struct Pull: Sendable {
    let peer: Address
    let after: Address?
    /// The number of this request among all pulls of this node.
    let number: UInt64
    let tries: Int
    let peersLeft: Int
    let due: Instant
    /// Whether one of its pages changed our list.
    fileprivate(set) var learnt: Bool
    /// How many pages have arrived.
    fileprivate(set) var pages: Int
  }

  private var difference: Difference?
  private(set) var notBefore: Instant
  private var wait: Duration
  private(set) var pull: Pull?
  private var number: UInt64 = 0
  /// We know nobody for certain: until we have pulled a list ourselves, we do not answer pulls with ours.
  private(set) var isRestarting = false
  private(set) var pathSize: PathSize

  init(at now: Instant, _ settings: Settings) {
    notBefore = now
    wait = settings.pullInterval
    pathSize = PathSize(at: now)
  }

  func deadline(_ settings: Settings) -> Instant {
    if let pull { return pull.due }
    guard let difference else { return .distantFuture }
    if let asked = difference.asked { return asked + AntiEntropy.comparisonTimeout }
    return max(difference.since + settings.mismatchGrace, notBefore)
  }

  // MARK: Events

  /// Compares the digest that a member's datagram carried with ours.
  mutating func compare(
    _ digest: UInt64, with peer: Address, isOnRequest: Bool, _ context: Context, into outbox: inout Outbox
  ) {
    let isEqual = digest == context.members.digest
    let isTime = isTimeToPull(
      from: peer, isEqual: isEqual, isOnRequest: isOnRequest, at: context.time, context.settings)
    guard isTime else { return }
    pull(from: peer, after: nil, peersLeft: AntiEntropy.peersPerPage, context, into: &outbox)
  }

  /// We met another node: pulls from it, unless we pulled a moment ago.
  mutating func met(_ peer: Address, _ context: Context, into outbox: inout Outbox) {
    guard pull == nil, notBefore <= context.time else { return }
    pull(from: peer, after: nil, peersLeft: AntiEntropy.peersPerPage, context, into: &outbox)
  }

  /// Asks a peer whether its digest still differs, and repeats a pull that was not answered.
  mutating func advance(_ context: Context, using generator: inout Generator, into outbox: inout Outbox) {
    if let peer = peerToAsk(at: context.time, context.settings), context.isActive(peer) {
      outbox.ask(.ping(target: peer), peer, for: .comparison)
    }
    guard let current = pull, current.due <= context.time else { return }
    if current.tries < context.settings.pageTries {
      pull(
        from: current.peer, after: current.after, tries: current.tries + 1, peersLeft: current.peersLeft, context,
        into: &outbox)
    } else if current.peersLeft > 1, let other = otherPeer(than: current.peer, context, using: &generator) {
      pull(from: other, after: current.after, peersLeft: current.peersLeft - 1, context, into: &outbox)
    } else {
      ended(learnt: current.learnt, at: context.time, context.settings)
    }
  }

  /// A page arrived; its records are merged already.
  ///
  /// - Parameters:
  ///   - last: the greatest address of its records.
  ///   - learnt: whether they changed our list.
  mutating func pageCame(
    ofPull number: UInt64, more: Bool, last: Address?, learnt: Bool, _ context: Context,
    using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard var current = pull, current.number == number else { return }
    let settings = context.settings
    current.learnt = current.learnt || learnt
    current.pages += 1
    pull = current
    pathSize.pageCame(afterTries: current.tries, at: context.time, settings)
    // The cursor moves on with each page, or a liar could keep us pulling for ever.
    let isFurther = last.map { last in current.after.map { $0 < last } ?? true } ?? false
    if more, isFurther, current.pages < settings.maximumMembers / AntiEntropy.recordsOfAPage, let last {
      let peer = otherPeer(than: current.peer, context, using: &generator) ?? current.peer
      pull(from: peer, after: last, peersLeft: AntiEntropy.peersPerPage, context, into: &outbox)
    } else {
      ended(learnt: current.learnt, at: context.time, settings)
    }
  }

  /// Our list changed, so the backoff after fruitless pulls no longer applies.
  mutating func listChanged(at now: Instant, _ settings: Settings) {
    wait = settings.pullInterval
    notBefore = min(notBefore, now + wait)
  }

  /// Our list is out of date, so we need a new one; if there is nobody to join, it is still the best there is.
  mutating func restart(at now: Instant, _ settings: Settings, canJoin: Bool) {
    let number = number
    self = AntiEntropy(at: now, settings)
    self.number = number
    isRestarting = canJoin
  }

  // MARK: Pages for others

  /// The records of the buckets whose digests differ from these, in address order, as many as fit.
  ///
  /// - Parameters:
  ///   - after: where the previous page ended.
  ///   - room: bytes for records.
  ///   - prepare: turns a record into the form that we send.
  static func makePage(
    for recipient: Address, after: Address?, _ theirs: [UInt64], room: Int, of members: Membership,
    prepare: (Record) -> Record
  ) -> (records: [Record], more: Bool) {
    let ours = members.buckets(foldedTo: theirs.count)
    var records: [Record] = []
    var room = room
    var index = after.map { members.insertionIndex(of: $0) } ?? 0
    while index < members.count {
      let member = members[index]
      index += 1
      let bucket = Membership.bucket(of: member.address) % theirs.count
      guard ours[bucket] != theirs[bucket], member.address != after, member.address != recipient else {
        continue
      }
      let record = prepare(member.record)
      room -= Wire.size(of: record)
      guard room >= 0 else { return (records, true) }
      records.append(record)
    }
    return (records, false)
  }

  // MARK: Progress

  /// Notes whether a member's digest differs from ours. True when it is time to pull from it.
  mutating func isTimeToPull(
    from peer: Address, isEqual: Bool, isOnRequest: Bool, at now: Instant, _ settings: Settings
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
    return isOnRequest || now - current.since >= settings.mismatchGrace
  }

  /// The peer to ask now whether it still differs, if any. Drops a peer that did not answer this.
  mutating func peerToAsk(at now: Instant, _ settings: Settings) -> Address? {
    guard pull == nil, deadline(settings) <= now, let current = difference else { return nil }
    guard current.asked == nil else {
      difference = nil
      return nil
    }
    difference?.asked = now
    return current.peer
  }

  private mutating func pull(
    from peer: Address, after: Address?, tries: Int = 1, peersLeft: Int, _ context: Context,
    into outbox: inout Outbox
  ) {
    let multiplier = context.members.index(of: peer).map { context.timeoutMultiplier(for: context.members[$0]) } ?? 1
    let wait = Duration.microseconds(Int64(Double(context.settings.pageTimeout.microseconds) * multiplier))
    number += 1
    pull = Pull(
      peer: peer, after: after, number: number, tries: tries, peersLeft: peersLeft, due: context.time + wait,
      learnt: pull?.learnt ?? false, pages: pull?.pages ?? 0)
    let size = pathSize.sizeOfPull(ofTry: tries, at: context.time)
    let buckets = context.members.buckets(foldedTo: PathSize.buckets(in: size))
    var request = Outgoing(
      body: .pull(after: after, buckets: buckets), destination: peer, purpose: .pull(number))
    request.limit = size
    request.isStranger = true
    outbox.send(request)
  }

  /// A pull ended. The next one may start in a second, or much later if this one taught us nothing.
  mutating func ended(learnt: Bool, at now: Instant, _ settings: Settings) {
    wait = learnt ? settings.pullInterval : min(wait + wait, settings.pullBackoff)
    notBefore = now + wait
    pull = nil
    difference = nil
    isRestarting = false
  }

  private func otherPeer(
    than peer: Address, _ context: Context, using generator: inout Generator
  ) -> Address? {
    let ourselves = context.ourselves
    return context.members.random(1, using: &generator) {
      $0.state == .alive && $0.address != ourselves && $0.address != peer
    }.first
  }

  /// A comparison is a ping: half a second is several of its round trips.
  private static let comparisonTimeout: Duration = .milliseconds(500)
  /// How many peers we ask for one page before we give up the pull.
  private static let peersPerPage = 3
  /// The size of a page without its records, with the longest header, an IPv6 sender's.
  static let pageOverhead = 80
  /// The fewest records in a page that is not the last: a small page that begins with an accusation of the asker, with
  /// the longest names.
  private static let recordsOfAPage = 2
}
