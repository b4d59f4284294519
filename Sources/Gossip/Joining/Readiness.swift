// When a node may speak for the cluster: at the first stamp of a peer that vouches for it, at once when it is the first,
// after three seconds when nobody answers. A node that restarts behind a cluster's back would otherwise take writes at
// generation 1 and lose every one of them.
//
// Being ready for clients is one thing and vouching for the value to peers is another. A node without seeds is ready at
// once, as nobody is there to wait for; but others may still know it from before, and until they had time to say so, it
// must not tell a joiner that (0, 42) is what the cluster holds. So it vouches only after it has heard somebody who does,
// or after the time for which it holds back its own writes.

/// The way to readiness.
struct ReadinessGate: Sendable {
  private(set) var state: Readiness?
  private let started: Instant
  private let aloneAt: Instant
  private let writesAt: Instant
  private let hasSeeds: Bool
  private var hasFirstStamp = false

  init(at now: Instant, _ settings: Settings) {
    started = now
    aloneAt = now + settings.aloneAfter
    writesAt = now + settings.firstSetWaits
    hasSeeds = !settings.seeds.isEmpty
  }

  var isReady: Bool { state != nil }

  /// When time alone makes ready: at once where there are no seeds.
  var deadline: Instant { state != nil ? .distantFuture : hasSeeds ? aloneAt : started }

  /// When writes wait no longer, whatever was heard.
  var writesGoOnAt: Instant { writesAt }

  /// Whether this node's stamp is one to start from, for a peer that has none.
  func vouches(at now: Instant) -> Bool { !waits(at: now) }

  /// Whether a write has to wait. Also on a node without seeds: others may still know it and bring the value.
  func waits(at now: Instant) -> Bool { !hasFirstStamp && now < writesAt }

  /// Time alone makes ready.
  /// - Returns: what the node became now, if it did.
  mutating func advance(at now: Instant) -> Readiness? {
    guard deadline <= now else { return nil }
    return become(hasSeeds ? .alone : .first)
  }

  /// The stamp of a peer that vouches for it was merged.
  mutating func gotFirstStamp() -> Readiness? {
    hasFirstStamp = true
    return become(.synchronised)
  }

  /// All seeds turned out to be ourselves.
  mutating func metOnlyOurselves() -> Readiness? { become(.first) }

  private mutating func become(_ readiness: Readiness) -> Readiness? {
    guard state == nil else { return nil }
    state = readiness
    return readiness
  }
}
