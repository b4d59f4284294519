// Whom one process lists, and what it held when.

internal import Gossip

/// What one process must have told the others, and whom.
struct Reach {
  /// A stamp that it took over.
  struct Held {
    var since: Instant
    var stamp: Stamp
    /// How many others it listed as live at that time.
    var others: Int
  }

  let started: Instant
  private var listed: [Address: Instant] = [:]
  private var history: [Held] = []

  init(at time: Instant = Instant(microseconds: 0)) {
    started = time
    history = [Held(since: time, stamp: .initial, others: 0)]
  }

  /// How many others it lists as live.
  var others: Int { listed.count }

  func lists(_ address: Address, since time: Instant) -> Bool { listed[address].map { $0 < time } ?? false }

  /// What it held at that time; nil when it did not run yet.
  func held(at time: Instant) -> Held? { history.last { $0.since <= time } }

  mutating func note(_ step: Step, own address: Address, tombstoneLifetime: Duration) {
    for effect in step.effects {
      switch effect {
      case .publish(let stamp), .retract(let stamp):
        history.append(Held(since: step.time, stamp: stamp, others: listed.count))
        if history.count > Reach.kept { history.removeFirst(Reach.kept / 2) }
      case .report(.memberChanged(_, let other, _, let to, _)) where other != address:
        if to != .alive && to != .suspect {
          listed[other] = nil
        } else if listed[other] == nil {
          listed[other] = step.time
        }
      case .report(.stalled(let stall)) where stall > tombstoneLifetime: listed = [:]
      case .report, .readiness, .send, .notify, .answer, .resolve, .left: break
      }
    }
  }

  /// More than come within the time that a stamp travels.
  private static let kept = 256
}
