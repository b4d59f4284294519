// How a node handles the value: writes from clients, stamps from members and strangers, and the consequences of a
// change.

extension Node {
  /// The stamp that this node holds.
  package var stamp: Stamp { register.stamp }

  /// How often a stamp was given up for a smaller one (see `Effect.retract`).
  package var retractions: UInt64 { register.retractions }

  /// A client's write. It is accepted at once, or when the first stamp is known or we have waited long enough for it.
  mutating func handleWrite(_ value: Int64, _ request: RequestID) {
    // If the timer is late, this write must not overtake those that wait.
    releaseWrites()
    if let obstacle = readiness.obstacle { return emit(.answer(request, .heldBack(obstacle))) }
    guard readiness.waits(at: context.time) else { return write(value, request) }
    if !waitingWrites.add(value, request, limit: context.settings.maximumWaitingWrites) {
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

  /// A stamp that came through `/notify`, from anyone.
  mutating func handleNotify(_ stamp: Stamp, by notifier: String, _ request: RequestID) {
    guard stamp.generation <= context.ceiling.forStrangers else {
      counters.drop(.notify)
      return emit(.answer(request, .aboveCeiling(context.ceiling.forStrangers)))
    }
    merge(stamp, notifier: notifier)
    emit(.answer(request, .accepted(stamp)))
  }

  /// A stamp in a datagram that we accept. Returns false when it is above the ceiling: then we ignore it.
  mutating func receiveStamp(_ stamp: Stamp, from member: Int?, name: String) -> Bool {
    guard stamp.generation <= context.ceiling.forMembers else {
      counters.drop(.stamp)
      if let member {
        clockDiffers(from: context.members[member].address, by: stamp.generation - context.ceiling.effectiveClock)
      }
      return false
    }
    // A stamp that was overtaken on its way is older than the one we know.
    if let member { context.members.observe(at: member) { $0.stamp = max($0.stamp ?? stamp, stamp) } }
    merge(stamp, notifier: name)
    return true
  }

  /// Merges a stamp into ours and reports the result.
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
    // Alone there is nobody to push to; a node that joins causes a push itself.
    if context.members.count > 1 { push.changed(.stamp, at: context.time, context.settings) }
  }

  /// Our clock was wrong when we accepted our stamp, and has been set right: no other node accepts that stamp, and
  /// nothing can be written on top of it. The greatest stamp that members hold replaces it. If none is known, the value
  /// stays and its generation starts over, so that it survives if all nodes were wrong.
  mutating func giveUpStampIfAboveCeiling() {
    let ceiling = context.ceiling.forMembers
    guard register.stamp.generation > ceiling else { return }
    let givenUp = register.stamp
    var best: Stamp?
    for index in 0..<context.members.count {
      guard let stamp = context.members[index].stamp else { continue }
      if stamp.generation > ceiling {
        context.members.observe(at: index) { $0.stamp = nil }
      } else if context.members[index].isActive {
        best = max(best ?? stamp, stamp)
      }
    }
    let stamp = best ?? Stamp(generation: 1, value: givenUp.value)
    register.giveUp(for: stamp, at: context.time)
    emit(.retract(stamp))
    emit(.report(.stampGivenUp(givenUp, for: stamp)))
    stampChanged()
  }

  /// A member's claim shows that its clock is far ahead, or ours far behind.
  mutating func clockDiffers(from member: Address, by ahead: UInt64) {
    skew.differs(from: member, by: ahead, context, into: &outbox)
    flush()
  }

  // MARK: Readiness

  /// We merged the stamp of a peer that vouches for it.
  mutating func receivedFirstStamp() {
    announce(readiness.receivedFirstStamp())
    releaseWrites()
  }

  /// A datagram came from a node that we cannot understand. It gets our header, so that it knows as much as we do, also
  /// at a member's address: that member may just have been upgraded, and whoever understands us ignores the header. A
  /// header alone gets none, or two nodes would exchange them for ever.
  mutating func receivedForeign(_ bytes: [UInt8], from source: Address) {
    guard source.isReachable, let header = Header(bytes) else { return }
    if bytes.count > Wire.headerSize, admission.admitsForeign(source, at: context.time) {
      counters.countHeader()
      emit(.send(Header(cluster: cluster).bytes, to: source))
    }
    // Only the answer to a contact is a header alone, and no damage turns a datagram of ours into one.
    guard bytes.count == Wire.headerSize, book.isSeed(source), !context.isActive(source),
      let obstacle = Obstacle(header, from: source, to: cluster)
    else { return }
    holdBack(readiness.received(header, obstacle, isUnwritten: isUnwritten, at: context.time), because: source)
  }

  /// A member's own datagram says whether it is held back.
  mutating func heard(isHeldBack: Bool, from member: Address) {
    guard isHeldBack || readiness.obstacle != nil else { return }
    let consequence = readiness.heard(
      from: member, isHeldBack: isHeldBack, isUnwritten: isUnwritten, at: context.time)
    holdBack(consequence, because: member)
  }

  private var isUnwritten: Bool { register.stamp.generation == 0 }

  private mutating func holdBack(_ consequence: ReadinessGate.Consequence, because node: Address) {
    switch consequence {
    case .nothing: break
    case .askAll: book.restart(at: context.time)
    case .ask:
      outbox.contact(node)
      flush()
    case .wait(let isReported):
      guard let obstacle = readiness.obstacle else { break }
      if isReported { emit(.report(.heldBack(obstacle))) }
      for (_, request) in waitingWrites.take() { emit(.answer(request, .heldBack(obstacle))) }
    }
    announceReadiness()
  }

  /// If all seeds turned out to be this node, it is the first and ready.
  mutating func readyIfAllSeedsAreOurselves() {
    guard book.isAllOurselves else { return }
    book.stopJoining()
    announce(readiness.metOnlyOurselves())
  }

  /// Announces how the node became ready, if it did now.
  mutating func announce(_ state: Readiness?) {
    guard let state else { return }
    emit(.report(.ready(state)))
    announceReadiness()
  }

  /// The current answer to `/readyz`.
  package var readinessState: ReadinessState {
    if leaving.isUnderWay { return .leaving }
    if let obstacle = readiness.obstacle { return .heldBack(obstacle) }
    if let complaint = reachability.complaint { return .unreachable(complaint.why, by: complaint.by) }
    return readiness.state.map { .ready($0) } ?? .starting
  }

  /// Announces the readiness if it changed.
  mutating func announceReadiness() {
    let state = readinessState
    guard state != announcedReadiness else { return }
    announcedReadiness = state
    emit(.readiness(state))
  }
}
