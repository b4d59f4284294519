// The node's part in the value: writes from clients, stamps from members and strangers, and what follows from a change.

extension Node {
  /// The stamp that this node holds.
  package var stamp: Stamp { register.stamp }

  /// How often a stamp was given up for a smaller one (see `Effect.retract`).
  package var retractions: UInt64 { register.retractions }

  /// A client's write: at once, or once the first stamp is known or not to be had.
  mutating func handleWrite(_ value: Int64, _ request: RequestID) {
    // A timer that is late must not let a later write go before those that wait.
    releaseWrites()
    guard readiness.waits(at: context.time) else { return write(value, request) }
    if !waitingWrites.add(value, request, most: context.settings.waitingSets) {
      emit(.answer(request, .overloaded))
    }
  }

  /// Accepts a write, and pushes it.
  private mutating func write(_ value: Int64, _ request: RequestID) {
    let ceiling = context.ceiling.forMembers
    guard let stamp = register.set(value, ceiling: ceiling, at: context.time) else {
      return emit(.answer(request, .aboveCeiling(ceiling)))
    }
    emit(.publish(stamp))
    emit(.answer(request, .accepted(stamp)))
    stampChanged()
  }

  /// Accepts the writes that waited for the first stamp.
  mutating func releaseWrites() {
    guard !waitingWrites.isEmpty, !readiness.waits(at: context.time) else { return }
    for (value, request) in waitingWrites.take() { write(value, request) }
  }

  /// A stamp by `/notify`, from anyone.
  mutating func handleNotify(_ stamp: Stamp, by notifier: String, _ request: RequestID) {
    guard stamp.generation <= context.ceiling.forStrangers else {
      counters.refuse(.notify)
      return emit(.answer(request, .aboveCeiling(context.ceiling.forStrangers)))
    }
    merge(stamp, notifier: notifier)
    emit(.answer(request, .accepted(stamp)))
  }

  /// A stamp in a datagram that we believe. Returns false when it is above the ceiling: then it is as if not sent.
  mutating func heardStamp(_ stamp: Stamp, from member: Int?, name: String) -> Bool {
    guard stamp.generation <= context.ceiling.forMembers else {
      counters.refuse(.stamp)
      if let member {
        clockDiffers(from: context.members[member].address, by: stamp.generation - context.ceiling.effectiveClock)
      }
      return false
    }
    // One that was overtaken on its way is older than what is known.
    if let member { context.members.observe(at: member) { $0.stamp = max($0.stamp ?? stamp, stamp) } }
    merge(stamp, notifier: name)
    return true
  }

  /// Merges a stamp into ours and tells what that did.
  private mutating func merge(_ stamp: Stamp, notifier: String) {
    if register.isNewTie(stamp) {
      let held = register.stamp
      emit(.report(.concurrentWrites(kept: max(stamp, held), dropped: min(stamp, held))))
    }
    guard case .adopted(let previous, let loss) = register.merge(stamp, at: context.time, wall: context.now.wall) else {
      return
    }
    if let loss { emit(.report(.writeLost(loss.write, to: loss.winner))) }
    emit(.publish(stamp))
    emit(.report(.valueChanged(from: previous, to: stamp, notifier: notifier)))
    stampChanged()
  }

  private mutating func stampChanged() {
    summaries.changed()
    // Alone there is nobody to push to, and whoever joins is pushed to for that.
    if context.members.count > 1 { push.changed(.stamp, at: context.time, context.settings) }
  }

  /// Our clock was wrong when we took the stamp that we hold, and has been set right: no other node believes that stamp, and
  /// nothing can be written on top of it. The greatest that members hold takes its place; where none is known the value
  /// stays and its generation begins anew, so that nodes that were all wrong keep it.
  mutating func giveUpStampIfAboveCeiling() {
    let ceiling = context.ceiling.forMembers
    guard register.stamp.generation > ceiling else { return }
    let givenUp = register.stamp
    var best: Stamp?
    for index in 0..<context.members.count {
      guard let stamp = context.members[index].stamp else { continue }
      if stamp.generation > ceiling {
        context.members.observe(at: index) { $0.stamp = nil }
      } else if context.members[index].isLive {
        best = max(best ?? stamp, stamp)
      }
    }
    let stamp = best ?? Stamp(generation: 1, value: givenUp.value)
    register.giveUp(for: stamp, at: context.time)
    emit(.retract(stamp))
    emit(.report(.stampGivenUp(givenUp, for: stamp)))
    stampChanged()
  }

  /// A member says something that its clock must be far ahead for, or ours far behind.
  mutating func clockDiffers(from member: Address, by ahead: UInt64) {
    skew.differs(from: member, by: ahead, context, into: &outbox)
    flush()
  }

  // MARK: Readiness

  /// The stamp of a peer that vouches for it was merged.
  mutating func firstStampKnown() {
    show(readiness.gotFirstStamp())
    releaseWrites()
  }

  /// All seeds turned out to be ourselves: we are the first.
  mutating func readyIfAllSeedsAreOurselves() {
    guard book.isAllOurselves else { return }
    book.stopJoining()
    show(readiness.metOnlyOurselves())
  }

  /// What the node became, if it became ready now.
  mutating func show(_ state: Readiness?) {
    guard let state else { return }
    emit(.report(.ready(state)))
    showReadiness()
  }

  /// What `/readyz` says now.
  package var readinessState: ReadinessState {
    if leaving.isUnderWay { return .leaving }
    if let refused = reachability.refused { return .unreachable(refused.why, by: refused.by) }
    return readiness.state.map { .ready($0) } ?? .starting
  }

  /// Tells it if it is something else than was told last.
  mutating func showReadiness() {
    let state = readinessState
    guard state != shownReadiness else { return }
    shownReadiness = state
    emit(.readiness(state))
  }
}
