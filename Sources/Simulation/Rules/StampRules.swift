// What a process publishes: stamps that somebody wrote, each greater than the one before, and an account of what was
// lost.

internal import Gossip

/// The rules of the stamps of one process.
struct StampRules {
  private(set) var published = Stamp.initial
  /// The latest write that was accepted and not reported as lost.
  private var ownWrite: Stamp?

  /// - Parameter released: the setting from which the node's clock ceiling comes.
  mutating func check(_ step: Step, released: UInt64, _ lineage: inout Lineage, _ findings: inout Findings) {
    var before = published
    for effect in step.effects {
      switch effect {
      case .publish(let stamp):
        before = published
        checkPublished(stamp, lineage, &findings)
        published = stamp
      case .retract(let stamp):
        let ceiling = Ceiling(wall: step.wall, released: released).forMembers
        checkRetracted(to: stamp, ceiling: ceiling, &lineage, &findings)
        published = stamp
        ownWrite = nil
      case .report(.writeLost(let write, let winner)):
        lineage.toldLoss()
        if write != ownWrite || lineage.isWritten(winner, onTopOf: write) {
          findings.broken(.lossIsTrue, "\(write) is told as lost to \(winner)")
        }
        ownWrite = nil
      case .answer(_, .accepted(let stamp)):
        if case .notified = step.event { break }
        ownWrite = stamp
        lineage.wrote(stamp, onTopOf: before)
      case .send, .notify, .answer, .resolve, .readiness, .report, .left: break
      }
    }
    if step.stamp != published { findings.broken(.publishedIsHeld, "holds \(step.stamp), published \(published)") }
  }

  private func checkPublished(_ stamp: Stamp, _ lineage: Lineage, _ findings: inout Findings) {
    if stamp <= published { findings.broken(.stampsGrow, "\(stamp) published after \(published)") }
    if !lineage.wasWritten(stamp) { findings.broken(.stampsAreWritten, "nobody wrote \(stamp)") }
    if let own = ownWrite, own.generation == stamp.generation, own != stamp {
      findings.broken(.lossIsTold, "\(own) was replaced by \(stamp)")
    }
  }

  /// A stamp is given up for a smaller one only where the clock no longer allows it; then for one that was written, or
  /// for the first generation of the value that it had.
  private func checkRetracted(
    to stamp: Stamp, ceiling: UInt64, _ lineage: inout Lineage, _ findings: inout Findings
  ) {
    if published.generation <= ceiling || stamp.generation > ceiling {
      findings.broken(.stampsGrow, "\(published) was given up for \(stamp)")
    }
    if stamp == Stamp(generation: 1, value: published.value) { lineage.mayHold(stamp) }
    if !lineage.wasWritten(stamp) { findings.broken(.stampsAreWritten, "nobody wrote \(stamp)") }
  }
}
