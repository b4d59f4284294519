// Faults of the network as a whole, which come and go.

internal import Gossip

/// Plans conditions: loss, delay, damage.
enum NetworkFaults {
  static func plan(_ kind: FaultKind, _ episodes: inout Episodes) {
    episodes.plan(every: 20, lasting: 10) { episodes, begin, end in
      let id = episodes.nextID()
      episodes.add(.worsen(id, conditions(of: kind, &episodes)), at: begin)
      episodes.add(.end(id), at: end)
    }
  }

  private static func conditions(of kind: FaultKind, _ episodes: inout Episodes) -> Conditions {
    var conditions = Conditions.none
    let strength = Double(1 + episodes.generator.below(100)) / 100
    switch kind {
    case .loss: conditions.loss = 0.5 * strength
    case .burstLoss:
      conditions.burst = 0.01 * strength
      conditions.burstLength = .milliseconds(5 + episodes.generator.below(300))
    case .slowNetwork:
      conditions.delay = .milliseconds(episodes.generator.below(200))
      conditions.jitter = .milliseconds(episodes.generator.below(100))
    case .heavyTail:
      conditions.tail = 0.1 * strength
      conditions.tailDelay = .milliseconds(1 + episodes.generator.below(20))
    case .duplication: conditions.duplication = strength
    case .reordering:
      conditions.reordering = strength
      conditions.reorderDelay = .milliseconds(1 + episodes.generator.below(100))
    case .corruption: conditions.corruption = 0.3 * strength
    case .truncation: conditions.truncation = 0.3 * strength
    case .replay: conditions.replay = 0.5 * strength
    default: preconditionFailure("\(kind) is no condition of the network")
    }
    return conditions
  }
}
