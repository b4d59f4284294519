// When a node may speak for the cluster: with the first stamp that a peer vouches for, at once if the node is the
// first, or after three seconds if nobody answers. Otherwise a node that restarts behind a cluster's back would accept
// writes at generation 1 and lose every one of them.
//
// Being ready for clients is one thing, and vouching for the value to peers is another. A node without seeds is ready
// at once, because there is nobody to wait for. But others may still know it from before, and until they have had time
// to say so, it must not tell a joiner that the cluster holds (0, 42). So it vouches only after it has heard from a
// node that does, or after the time for which it holds back its own writes.
//
// And silence is not the same as an answer that we cannot read. If a seed says that it speaks another version, or
// belongs to another cluster, the value is probably there: an upgrade to another version of the protocol or a mistyped
// CLUSTER_NAME would otherwise make the new nodes ready with 42, one after the other, until the value is gone. So such a
// node is not ready and takes no writes until a node that it understands vouches for a stamp, or until it understands all
// those seeds, however long that takes: when the last of the others has been replaced, their value is gone anyway.
// Rejected: giving up after a time (the value would be lost a minute later), and believing two new nodes that only
// understand each other (neither knows the value).

/// Decides when the node is ready, and when it vouches for its stamp.
struct ReadinessGate: Sendable {
  private(set) var state: Readiness?
  private let started: Instant
  private let joinsUntil: Instant
  private let writesAt: Instant
  private let hasSeeds: Bool
  /// Whether we never wait for those that we do not understand (`--alone`).
  private let startsAlone: Bool
  private var hasFirstStamp = false
  private var obstacles = Obstacles()
  /// Until then we wait for a second header like one that may have been damaged, or for what others tell us.
  private var heldUntil: Instant
  private var tellAt: Instant
  private var silence = ReadinessGate.usualSilence

  init(at now: Instant, _ settings: Settings) {
    started = now
    joinsUntil = now + settings.joinTimeout
    writesAt = now + settings.firstStampTimeout
    hasSeeds = !settings.seeds.isEmpty
    startsAlone = settings.startsAlone
    heldUntil = now
    tellAt = now
  }

  var isReady: Bool { state != nil }

  /// Why we do not know the value; nil if we know it, or nobody else does.
  var obstacle: Obstacle? { obstacles.latest }

  /// Whether to tell others that we are held back. A member that is held back only by another one does not say so, or two
  /// would wait for each other for ever.
  var isHeldBack: Bool { obstacles.isFirstHand }

  /// When the node becomes ready without hearing from anybody: at once if it has no seeds.
  var deadline: Instant {
    state != nil || obstacle != nil ? .distantFuture : max(hasSeeds ? joinsUntil : started, heldUntil)
  }

  /// When writes stop waiting, whatever we have heard; never while there is an obstacle.
  var writesGoOnAt: Instant { obstacle == nil ? max(writesAt, heldUntil) : .distantFuture }

  /// Whether this node vouches for its stamp, so that a newcomer may start from it.
  func vouches(at now: Instant) -> Bool { !waits(at: now) }

  /// Whether a write has to wait. It does even on a node without seeds: others may still know the node and bring the
  /// value.
  func waits(at now: Instant) -> Bool { !hasFirstStamp && now < writesGoOnAt }

  /// Makes the node ready if its time has come.
  /// - Returns: how the node became ready, if it did now.
  mutating func advance(at now: Instant) -> Readiness? {
    guard deadline <= now else { return nil }
    return become(hasSeeds ? .alone : .first)
  }

  /// We merged the stamp of a peer that vouches for it.
  mutating func receivedFirstStamp() -> Readiness? {
    hasFirstStamp = true
    obstacles.removeAll()
    return become(.synchronised)
  }

  /// What to do about a node from which we may not learn the value.
  enum Consequence: Equatable {
    case nothing
    /// Contact it once more: its header may have been damaged on the way.
    case ask
    /// Contact all seeds, as at the start: the last obstacle is gone.
    case askAll
    /// There is an obstacle now. It is reported at first, and then more and more rarely.
    case wait(isReported: Bool)
  }

  /// A seed sent a header that we do not understand.
  /// - Parameter isUnwritten: whether this node holds the value that nobody has written. Otherwise it is too late: holding
  ///   back would only take a value from its clients.
  mutating func received(
    _ header: Header, _ obstacle: Obstacle, isUnwritten: Bool, at now: Instant
  ) -> Consequence {
    guard mayHoldBack(isUnwritten) else { return .nothing }
    if obstacles.received(header, obstacle) { return hold(at: now) }
    // One look at a time, or seeds of two versions would have us ask each of them in turn for ever.
    guard heldUntil <= now else { return .nothing }
    heldUntil = now + ReadinessGate.secondLook
    return .ask
  }

  /// A member says whether it is held back itself. If it is, nobody must learn from us that the value is 42. But whoever
  /// is ready does not listen, or one newcomer with a wrong seed would stop a cluster in which nobody has written.
  mutating func heard(from member: Address, isHeldBack: Bool, isUnwritten: Bool, at now: Instant) -> Consequence {
    let isFree = obstacles.understood(member, isHeldBack: isHeldBack)
    if isHeldBack, state == nil, obstacle == nil, mayHoldBack(isUnwritten) {
      obstacles.add(Obstacle(.heldBack, member))
      return hold(at: now)
    }
    guard isFree else { return .nothing }
    // Time for others to tell us the value, or that we cannot understand them, before we go on alone.
    heldUntil = now + ReadinessGate.secondLook
    return .askAll
  }

  /// A node that has heard a stamp that a peer vouches for goes on: its seeds are being upgraded before it.
  private func mayHoldBack(_ isUnwritten: Bool) -> Bool {
    !startsAlone && !hasFirstStamp && (obstacle != nil || isUnwritten)
  }

  private mutating func hold(at now: Instant) -> Consequence {
    state = nil
    guard tellAt <= now else { return .wait(isReported: false) }
    tellAt = now + silence.wait()
    return .wait(isReported: true)
  }

  /// All seeds turned out to be this node.
  mutating func metOnlyOurselves() -> Readiness? { become(.first) }

  /// Time for a contact and its answer, and for the next ones if those are lost. More would only delay a node that
  /// received a damaged datagram from its seed.
  private static let secondLook: Duration = .seconds(3)

  /// Each report waits twice as long for the next: the line must not be lost among others, nor fill the log.
  private static let usualSilence = Backoff(from: .seconds(10), to: .seconds(600))

  private mutating func become(_ readiness: Readiness) -> Readiness? {
    guard state == nil else { return nil }
    state = readiness
    return readiness
  }
}
