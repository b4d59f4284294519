// When a node may speak for the cluster: with the first stamp that a peer vouches for, at once if the node is the
// first, or after three seconds if nobody answers. Otherwise a node that restarts behind a cluster's back would accept
// writes at generation 1 and lose every one of them.
//
// Being ready for clients is one thing, and vouching for the value to peers is another. A node without seeds is ready
// at once, because there is nobody to wait for. But others may still know it from before, and until they have had time
// to say so, it must not tell a joiner that the cluster holds (0, 42). So it vouches only after it has heard from a
// node that does, or after the time for which it holds back its own writes.

/// Decides when the node is ready, and when it vouches for its stamp.
struct ReadinessGate: Sendable {
  private(set) var state: Readiness?
  private let started: Instant
  private let joinsUntil: Instant
  private let writesAt: Instant
  private let hasSeeds: Bool
  private var hasFirstStamp = false

  init(at now: Instant, _ settings: Settings) {
    started = now
    joinsUntil = now + settings.joinTimeout
    writesAt = now + settings.firstStampTimeout
    hasSeeds = !settings.seeds.isEmpty
  }

  var isReady: Bool { state != nil }

  /// When the node becomes ready without hearing from anybody: at once if it has no seeds.
  var deadline: Instant { state != nil ? .distantFuture : hasSeeds ? joinsUntil : started }

  /// When writes stop waiting, whatever we have heard.
  var writesGoOnAt: Instant { writesAt }

  /// Whether this node vouches for its stamp, so that a newcomer may start from it.
  func vouches(at now: Instant) -> Bool { !waits(at: now) }

  /// Whether a write has to wait. It does even on a node without seeds: others may still know the node and bring the
  /// value.
  func waits(at now: Instant) -> Bool { !hasFirstStamp && now < writesAt }

  /// Makes the node ready if its time has come.
  /// - Returns: how the node became ready, if it did now.
  mutating func advance(at now: Instant) -> Readiness? {
    guard deadline <= now else { return nil }
    return become(hasSeeds ? .alone : .first)
  }

  /// We merged the stamp of a peer that vouches for it.
  mutating func receivedFirstStamp() -> Readiness? {
    hasFirstStamp = true
    return become(.synchronised)
  }

  /// All seeds turned out to be this node.
  mutating func metOnlyOurselves() -> Readiness? { become(.first) }

  private mutating func become(_ readiness: Readiness) -> Readiness? {
    guard state == nil else { return nil }
    state = readiness
    return readiness
  }
}
