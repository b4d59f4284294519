// The node's part in the value: writes from clients, stamps from members and strangers, and what follows from a change.

extension Node {
  /// A client's write: at once, or once the first stamp is known or not to be had.
  mutating func setRequested(_ value: Int64, _ request: RequestID) {
    guard readiness.waits(at: now.monotonic) else { return write(value, request) }
    guard readiness.waiting.count < settings.waitingSets else { return emit(.answer(request, .overloaded)) }
    readiness.waiting.append((value, request))
  }

  /// Accepts a write, and pushes it.
  mutating func write(_ value: Int64, _ request: RequestID) {
    let ceiling = self.ceiling.forMembers
    guard let stamp = register.set(value, ceiling: ceiling, at: now.monotonic) else {
      return emit(.answer(request, .aboveCeiling(ceiling)))
    }
    emit(.publish(stamp))
    emit(.answer(request, .accepted(stamp)))
    reports.changed()
    push.changed(.stamp, at: now.monotonic, settings)
  }

  /// A stamp by `/notify`, from anyone.
  mutating func notified(_ stamp: Stamp, by notifier: String, _ request: RequestID) {
    guard stamp.generation <= ceiling.forStrangers else {
      counters.refuse(.notify)
      return emit(.answer(request, .aboveCeiling(ceiling.forStrangers)))
    }
    merge(stamp, notifier: notifier)
    emit(.answer(request, .accepted(stamp)))
  }

  /// A stamp in a datagram that we believe. Returns false when it is above the ceiling: then it is as if not sent.
  mutating func heardStamp(_ stamp: Stamp, from member: Int?, name: String) -> Bool {
    guard stamp.generation <= ceiling.forMembers else {
      counters.refuse(.stamp)
      if let member { clockDiffers(from: members[member].address, by: stamp.generation - ceiling.effectiveClock) }
      return false
    }
    // One that was overtaken on its way is older than what is known.
    if let member { members.observe(at: member) { $0.stamp = max($0.stamp ?? stamp, stamp) } }
    merge(stamp, notifier: name)
    return true
  }

  /// Merges a stamp into ours and tells what that did.
  private mutating func merge(_ stamp: Stamp, notifier: String) {
    if register.isNewTie(stamp) {
      let held = register.stamp
      emit(.report(.concurrentWrites(kept: max(stamp, held), dropped: min(stamp, held))))
    }
    switch register.merge(stamp, at: now.monotonic, wall: now.wall) {
    case .known: break
    case .adopted(let previous, let loss):
      if let loss { emit(.report(.writeLost(loss.write, to: loss.winner))) }
      emit(.publish(stamp))
      emit(.report(.valueChanged(from: previous, to: stamp, notifier: notifier)))
      reports.changed()
      push.changed(.stamp, at: now.monotonic, settings)
    }
  }
}
