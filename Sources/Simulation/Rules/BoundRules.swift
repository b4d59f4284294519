// Work has an end: a node that was woken is not due any more, and no event has too many effects.

internal import Gossip

/// The rules of the work of one process.
struct BoundRules {
  private var wakesInVain = 0

  mutating func check(_ step: Step, members: Int, _ findings: inout Findings) {
    if step.event == .timePassed {
      wakesInVain = step.isOverdue ? wakesInVain + 1 : 0
      if wakesInVain > BoundRules.mostWakesInVain {
        findings.broken(.deadlineMovesOn, "still due after \(wakesInVain) wake-ups")
      }
    }
    let bound = BoundRules.effectsOfOneEvent + 4 * members + 2 * BoundRules.recordsReceived(in: step.event)
    guard step.effects.count > bound else { return }
    findings.broken(.effectsAreBounded, "\(step.effects.count) effects of one event")
  }

  /// The bytes of the datagram that came, divided by the size of the smallest record.
  private static func recordsReceived(in event: Event) -> Int {
    if case .received(let bytes, _) = event { bytes.count / 19 } else { 0 }
  }

  /// Parts of a node that are due together may be served one after the other; a loop would go on.
  private static let mostWakesInVain = 16
  /// A change is told and pushed to a few. Beyond that, work is in proportion to members (suspects to ping, or
  /// tombstones to forget) or to what came (each record of a page is at most one change, and takes 19 bytes). Of the
  /// verifications that are due at once after a flood and a stop, one event carries on 32.
  private static let effectsOfOneEvent = 64
}
