// When a node may speak for the cluster: at the first stamp of a peer that vouches for it, at once when it is the first,
// after three seconds when nobody answers. A node that restarts behind a cluster's back would otherwise take writes at
// generation 1 and lose every one of them.
//
// Being ready for clients is one thing and vouching for the value to peers is another. A node without seeds is ready at
// once, as nobody is there to wait for; but others may still know it from before, and until they had time to say so, it
// must not tell a joiner that (0, 42) is what the cluster holds. So it vouches only after it has heard somebody who does,
// or after the time for which it holds back its own writes.

/// The way to readiness, and the writes that wait for the first stamp.
struct ReadinessGate: Sendable {
  let started: Instant
  private(set) var state: Readiness?
  private let aloneAt: Instant
  private let writesAt: Instant
  private var hasFirstStamp = false
  /// What `/readyz` says, as far as was told.
  var shown = ReadinessState.starting
  /// Writes of the node's first moments, in the order in which they came.
  var waiting: [(value: Int64, request: RequestID)] = []

  init(at now: Instant, _ settings: Settings) {
    started = now
    aloneAt = now + settings.aloneAfter
    writesAt = now + settings.firstSetWaits
    state = nil
  }

  var isReady: Bool { state != nil }

  var deadline: Instant {
    min(state == nil ? aloneAt : .distantFuture, waiting.isEmpty ? .distantFuture : writesAt)
  }

  /// Whether this node's stamp is one to start from, for a peer that has none.
  func vouches(at now: Instant) -> Bool { !waits(at: now) }

  /// Whether a write has to wait. Also on a node without seeds: others may still know it and bring the value.
  func waits(at now: Instant) -> Bool { !hasFirstStamp && now < writesAt }

  func isLate(at now: Instant) -> Bool { state == nil && aloneAt <= now }

  mutating func become(_ readiness: Readiness) { state = state ?? readiness }

  mutating func gotFirstStamp() { hasFirstStamp = true }
}

extension Node {
  /// The stamp of a peer that vouches for it was merged.
  mutating func firstStampKnown() {
    readiness.gotFirstStamp()
    become(.synchronised)
    releaseWrites()
  }

  /// Time alone makes ready, and lets writes go on.
  mutating func readyIfDue() {
    if settings.seeds.isEmpty { become(.first) }
    if readiness.isLate(at: now.monotonic) { become(.alone) }
    releaseWrites()
  }

  /// All seeds turned out to be ourselves: we are the first.
  mutating func readyIfAllSeedsAreOurselves() {
    let known = book.ourselves
    let isOurselves = { (address: Address) in known.contains(address) }
    guard book.seeds.allSatisfy({ $0.allListed(isOurselves) }) else { return }
    book.isJoining = false
    become(.first)
  }

  private mutating func become(_ state: Readiness) {
    guard !readiness.isReady else { return }
    readiness.become(state)
    emit(.report(.ready(state)))
    showReadiness()
  }

  /// What `/readyz` says now.
  package var readinessState: ReadinessState {
    if leaving.isUnderWay { return .leaving }
    if let refused = reachability.refused { return .unreachable(refused.why, by: refused.by) }
    return readiness.state.map { .ready($0) } ?? .starting
  }

  /// Tells it if it is something else than was told last.
  mutating func showReadiness() {
    let state = readinessState
    guard state != readiness.shown else { return }
    readiness.shown = state
    emit(.readiness(state))
  }

  private mutating func releaseWrites() {
    guard !readiness.waiting.isEmpty, !readiness.waits(at: now.monotonic) else { return }
    let waiting = readiness.waiting
    readiness.waiting = []
    for (value, request) in waiting { write(value, request) }
  }
}
