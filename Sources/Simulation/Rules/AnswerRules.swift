// Clients are answered: each request once, a notify at once, and with what was done.

internal import Gossip

/// The rules of the answers of one process.
struct AnswerRules {
  private var outstanding: [(request: RequestID, value: Int64?)] = []

  /// Whether the process owes an answer.
  var owesAnswer: Bool { !outstanding.isEmpty }

  /// - Parameter held: the stamp that was published before this step.
  mutating func check(_ step: Step, held: Stamp, _ lineage: inout Lineage, _ findings: inout Findings) {
    note(step.event, held: held, &lineage)
    for effect in step.effects {
      guard case .answer(let request, let answer) = effect else { continue }
      guard let index = outstanding.firstIndex(where: { $0.request == request }) else {
        findings.broken(.answeredOnce, "an answer to \(request) that nobody waits for")
        continue
      }
      let asked = outstanding.remove(at: index)
      guard case .accepted(let stamp) = answer else { continue }
      guard let value = asked.value else {
        // Somebody outside said so, and the node took it over.
        if case .notified(let notified, _, request) = step.event { lineage.brought(notified) }
        continue
      }
      lineage.mayHold(stamp)
      if stamp.value != value || stamp.generation <= held.generation {
        findings.broken(.answersAreTrue, "a write of \(value) was accepted as \(stamp)")
      }
    }
    if case .notified(_, _, let request) = step.event, outstanding.contains(where: { $0.request == request }) {
      findings.broken(.answeredOnce, "a notify was not answered at once")
    }
  }

  private mutating func note(_ event: Event, held: Stamp, _ lineage: inout Lineage) {
    switch event {
    case .setRequested(let value, let request):
      outstanding.append((request, value))
      // What was asked for may be held, whatever is answered.
      lineage.mayHold(Stamp(generation: held.generation + 1, value: value))
    case .notified(_, _, let request): outstanding.append((request, nil))
    case .leaveRequested, .timePassed, .received, .resolved, .connectionRefused, .notifyDelivered: break
    }
  }
}
