// Nobody writes behind the cluster's back: a new process neither speaks for the value nor writes on top of it before it
// has heard somebody who may, or has waited in vain. By induction the stamp that it starts from is then one that the
// cluster held. Read from the headers of datagrams, on their way in and out.

internal import Gossip

extension Invariants {
  /// What a process may vouch for.
  struct Vouching {
    var started = Instant(microseconds: 0)
    /// A datagram of a process that vouches came in. What strangers say of themselves does not count.
    var hasHeard = false
  }

  /// Looks at every datagram and every accepted write of a young process.
  mutating func checkVouching(_ step: Step) -> Finding? {
    let host = step.host
    guard !memories[host].vouching.hasHeard else { return nil }
    if case .received(let bytes, let source) = step.event, Peek(bytes)?.vouches == true, !Cluster.isStranger(source) {
      memories[host].vouching.hasHeard = true
      return nil
    }
    // Machines' clocks run up to a thousandth too fast.
    let wait = memories[host].settings.firstStampTimeout.microseconds * 99 / 100
    guard step.time - memories[host].vouching.started < .microseconds(wait) else {
      memories[host].vouching.hasHeard = true
      return nil
    }
    for effect in step.effects {
      switch effect {
      case .send(let bytes, _) where Peek(bytes)?.vouches == true:
        if let found = broken(.vouchesForWhatIsKnown, "vouches for \(step.stamp), and heard nobody") { return found }
      case .answer(_, .accepted(let stamp)):
        if case .notified = step.event { continue }
        if let found = broken(.vouchesForWhatIsKnown, "writes \(stamp), and heard nobody") { return found }
      case .send, .answer, .notify, .publish, .retract, .resolve, .readiness, .report, .left: continue
      }
    }
    return nil
  }
}
