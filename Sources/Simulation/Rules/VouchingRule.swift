// Nobody writes behind the cluster's back. A new process neither vouches for the value nor writes on top of it before
// it has heard a process that vouches, or has waited for one in vain. By induction, the stamp that it starts from is
// one that the cluster held. The rule reads the headers of datagrams, on their way in and out.

internal import Gossip

/// The rule of what one process may vouch for.
struct VouchingRule {
  private let started: Instant
  private let wait: Duration
  /// A datagram of a process that vouches came in, or the wait is over. What the adversary says of itself does not
  /// count.
  private var mayVouch = false

  /// - Parameter firstStampTimeout: how long a process waits before its first write.
  init(from started: Instant = Instant(microseconds: 0), firstStampTimeout: Duration = .zero) {
    self.started = started
    // Machines' clocks run up to a thousandth too fast.
    wait = .microseconds(firstStampTimeout.microseconds * 99 / 100)
  }

  /// Looks at every datagram and every accepted write of a young process.
  mutating func check(_ step: Step, _ findings: inout Findings) {
    guard !mayVouch else { return }
    if case .received(let bytes, let source) = step.event, Peek(bytes)?.vouches == true, !Adversary.isSource(source) {
      mayVouch = true
      return
    }
    guard step.time - started < wait else {
      mayVouch = true
      return
    }
    for effect in step.effects {
      switch effect {
      case .send(let bytes, _) where Peek(bytes)?.vouches == true:
        findings.broken(.vouchesForWhatIsKnown, "vouches for \(step.stamp), and heard nobody")
      case .answer(_, .accepted(let stamp)):
        if case .notified = step.event { continue }
        findings.broken(.vouchesForWhatIsKnown, "writes \(stamp), and heard nobody")
      case .send, .answer, .notify, .publish, .retract, .resolve, .readiness, .report, .left: continue
      }
    }
  }
}
