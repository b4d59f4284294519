// The life of a process has an order: it becomes ready once, and leaves when it is asked to.

internal import Gossip

/// The rules of the life of one process.
struct LifeRules {
  private var isReady = false
  private var isAskedToLeave = false

  mutating func check(_ step: Step, _ findings: inout Findings) {
    if step.event == .leaveRequested { isAskedToLeave = true }
    for effect in step.effects {
      switch effect {
      case .report(.ready):
        if isReady { findings.broken(.lifeIsOrdered, "ready twice") }
        isReady = true
      case .left:
        if !isAskedToLeave { findings.broken(.lifeIsOrdered, "left without being asked") }
        isAskedToLeave = false
      case .send, .notify, .publish, .retract, .answer, .resolve, .readiness, .report: break
      }
    }
  }
}
