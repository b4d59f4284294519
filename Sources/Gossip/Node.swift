// A node: the whole protocol as one value.
//
// Whatever happens goes in by `handle` together with the time; whatever is to be done comes out of it, in order. A node
// reads no clock, opens no socket, waits for nothing and draws its randomness from its own seed, so that the same
// events give the same effects in every process, and a thousand of them run in one simulation.

/// One node of a cluster.
package struct Node: Sendable {
  package let identity: Identity
  package let settings: Settings
  private var generator: Generator
  private(set) package var stamp = Stamp.initial
  private var deadline: Instant

  /// - Parameters:
  ///   - seed: of all the node's randomness; unguessable for a real node, chosen for a simulated one.
  ///   - now: the start; the incarnation is its wall clock.
  package init(identity: Identity, settings: Settings, seed: UInt64, now: Now) {
    self.identity = identity
    self.settings = settings
    generator = Generator(seed: seed)
    deadline = now.monotonic
  }

  /// When `handle` must be called at the latest, with `.timePassed` if nothing else happens. It moves with every event.
  package var nextDeadline: Instant { deadline }

  /// Takes what happened and returns what to do about it, in order.
  package mutating func handle(_ event: Event, at now: Now) -> [Effect] {
    deadline = now.monotonic + settings.period
    switch event {
    case .setRequested(let value, let request):
      stamp = Stamp(generation: stamp.generation + 1, value: value)
      return [.publish(stamp), .answer(request, .accepted(stamp))]
    case .notified(let notified, _, let request):
      stamp = max(stamp, notified)
      return [.publish(stamp), .answer(request, .accepted(stamp))]
    case .leaveRequested:
      return [.left(confirmed: 0)]
    case .timePassed, .received, .resolved, .connectionRefused, .notifyDelivered:
      return []
    }
  }

  /// Everything that people may ask about, copied out. Takes time in proportion to the members.
  package func status(at now: Now) -> StatusSnapshot {
    StatusSnapshot(
      stamp: stamp, readiness: .first, isLeaving: false, members: [], convergence: ConvergenceCount(), sets: 0,
      lostWrites: 0, recentLosses: [], localHealth: 0, counters: Counters())
  }
}
