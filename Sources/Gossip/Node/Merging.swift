// Merging claims: a claim about a member becomes a change of the list, and the change is handed to the parts that it
// concerns.
//
// `Merge` decides what a claim changes. This file decides which parts learn of the change. Rejected: observers that
// parts register with (nobody would decide the order in which they run).

extension Node {
  // MARK: Claims

  /// Merges a record.
  ///
  /// - Parameters:
  ///   - sender: the node that sent it.
  ///   - isOwnWord: the member says it of itself, from its own address or in answer to our nonce.
  /// - Returns: the record to send back: ours, if the sender's claim is older.
  mutating func merge(_ record: Record, from sender: Address, isOwnWord: Bool) -> Record? {
    if record.address == context.ourselves { return mergeOfOurselves(record) }
    let held = context.members.index(of: record.address).map { context.members[$0].record }
    let isReachable = context.canReach(record.address)
    let merge = Merge(
      record, over: held, isOwnWord: isOwnWord, ceiling: context.ceiling.forHearsay, isReachable: isReachable)
    switch merge {
    case .known, .outdatedButAlive: break
    case .outdated: return held.map(withAccuser)
    case .implausible:
      counters.drop(.incarnation)
      if isReachable, admission.admitsHearsay(from: sender, at: context.time) {
        verifications.verify(record.address, context)
      }
    case .unreachable: counters.drop(.address)
    case .newcomer: admit(record, because: isOwnWord ? .joined : .told(by: sender))
    case .alive:
      change(to: record, because: held?.state == .alive ? .told(by: sender) : .refuted)
      spread(Rumours.Claim(record, accuser: nil))
    case .aliveElsewhere:
      // After a partition, this is how we find the other side's members. Contact the member itself, so that it outbids
      // our record.
      if sender != record.address, admission.admitsHearsay(from: sender, at: context.time) {
        outbox.contact(record.address)
      }
      flush()
    case .suspect(let isConfirmed):
      // It returned and was accused again without our hearing of either; ping it, whether it is alive or dead.
      if let held, held.state >= .dead { verifications.verify(record.address, context) }
      beginSuspicion(of: record, isConfirmed: isConfirmed, from: sender)
    case .confirmed(let accuser):
      if context.isActive(accuser) { confirm(record.address, by: accuser) }
    case .confirmedFully:
      suspicions.confirmFully(record.address)
    case .stillDead:
      var record = record
      record.accuser = nil
      change(to: record, because: .told(by: sender))
    case .left:
      change(to: record, because: isOwnWord ? .announced : .told(by: sender))
      spread(Rumours.Claim(record, accuser: nil))
      // The member must be able to object to a forged goodbye; sixteen nodes that ping it are enough.
      if !isOwnWord, generator.chance(Node.goodbyeVerifiers / Double(context.members.activeCount)) {
        verifications.verify(record.address, context)
      }
    }
    return nil
  }

  private static let goodbyeVerifiers = 16.0

  /// Adds a member that was not in the list.
  private mutating func admit(_ record: Record, because reason: Reason) {
    guard makeRoom() else { return counters.drop(.full) }
    var alive = record
    alive.state = .alive
    _ = context.members.insert(Member(record: alive, since: context.time))
    becameActive(record.address)
    emit(.report(.memberChanged(name: record.name, record.address, from: nil, to: .alive, because: reason)))
    summaries.changed(record.address)
    if record.state == .suspect {
      beginSuspicion(of: record, isConfirmed: false, from: record.address)
    } else {
      spread(Rumours.Claim(alive, accuser: nil))
    }
  }

  /// Whether there is room for one more member. Drops the oldest tombstone if necessary.
  private mutating func makeRoom() -> Bool {
    guard context.members.count >= context.settings.maximumMembers else { return true }
    let tombstones = (0..<context.members.count).filter {
      !context.members[$0].isActive && context.members[$0].address != context.ourselves
    }
    guard let oldest = tombstones.min(by: { context.members[$0].since < context.members[$1].since }) else {
      return false
    }
    context.members.remove(at: oldest)
    return true
  }

  /// Replaces the record of a member, and updates everything that depends on it.
  private mutating func change(to record: Record, because reason: Reason) {
    guard let index = context.members.index(of: record.address) else { return }
    let held = context.members[index].record
    context.members.update(at: index, to: record, since: context.time)
    if record.state != .suspect { suspicions.remove(record.address) }
    // Our pings from before it spoke up may have been lost in the partition that it returns from.
    if record.state == .alive { probe.cancel(record.address) }
    switch record.state {
    case .alive, .suspect: if held.state >= .dead { becameActive(record.address) }
    case .dead:
      if context.members[index].hasAnswered {
        book.add(record.address, at: context.time, context.settings, using: &generator)
      }
      antiEntropy.listChanged(at: context.time, context.settings)
    case .left:
      book.remove(record.address)
      antiEntropy.listChanged(at: context.time, context.settings)
    }
    guard held.state != record.state || held.incarnation != record.incarnation else { return }
    summaries.changed(record.address)
    guard held.state != record.state else { return }
    emit(
      .report(
        .memberChanged(
          name: context.members[index].name, record.address, from: held.state.status, to: record.state.status,
          because: reason)))
  }

  /// A member became active.
  private mutating func becameActive(_ address: Address) {
    probe.added(address, using: &generator)
    book.stopJoining()
    antiEntropy.listChanged(at: context.time, context.settings)
  }

  /// Spreads a claim: pushes it at once to a few members, and puts it on every datagram for a while.
  mutating func spread(_ claim: Rumours.Claim) {
    rumours.add(claim, limit: 2 * context.settings.maximumMembers)
    push.changed(.membership, at: context.time, context.settings)
  }

  /// After a stop longer than others remember us, our list is a list of strangers: we join again as at the start.
  mutating func rejoin() {
    for index in (0..<context.members.count).reversed() where context.members[index].address != context.ourselves {
      if context.members[index].isActive {
        book.add(
          context.members[index].address, at: context.time, context.settings, using: &generator)
      }
      context.members.remove(at: index)
    }
    suspicions.removeAll()
    relays.removeAll()
    probe.cancel()
    antiEntropy.restart(at: context.time, context.settings, canJoin: book.count > 0)
    book.restart(at: context.time)
    summaries.changed()
  }

  // MARK: Suspicion and death

  /// Our own probe of a member failed: we accuse it.
  mutating func beginSuspicion(_ failure: Probe.Failure) {
    guard let index = context.members.index(of: failure.target) else { return }
    counters.failedProbes += 1
    let record = context.members[index].record
    guard record.state == .alive else { return confirm(record.address, by: context.ourselves) }
    let accusation = Suspicions.Accusation(accuser: context.ourselves, unanswered: failure.pings, isOurs: true)
    beginSuspicion(of: record, accusation, because: .probeFailed)
  }

  /// Others accuse a member.
  private mutating func beginSuspicion(of record: Record, isConfirmed: Bool, from sender: Address) {
    let accusation = Suspicions.Accusation(accuser: record.accuser, isConfirmed: isConfirmed)
    beginSuspicion(of: record, accusation, because: .told(by: record.accuser ?? sender))
  }

  /// Marks an active member as suspect, or as suspect at a higher incarnation, with the name and the port that belong
  /// to it.
  private mutating func beginSuspicion(
    of claim: Record, _ accusation: Suspicions.Accusation, because reason: Reason
  ) {
    guard let index = context.members.index(of: claim.address) else { return }
    suspicions.begin(
      of: context.members[index], incarnation: claim.incarnation, accusation, context, using: &generator)
    counters.suspicions += 1
    var record = claim
    record.state = .suspect
    record.accuser = nil
    change(to: record, because: reason)
    spread(Rumours.Claim(record, accuser: accusation.accuser))
  }

  /// One more member accuses a suspect.
  mutating func confirm(_ address: Address, by accuser: Address) {
    if let claim = suspicions.confirm(address, by: accuser, context) { spread(claim) }
  }

  mutating func declareDead(_ address: Address) {
    guard let index = context.members.index(of: address), context.members[index].state == .suspect,
      let suspicion = suspicions[address]
    else { return }
    var record = context.members[index].record
    record.state = .dead
    counters.deaths += 1
    change(to: record, because: .suspicionExpired(unansweredPings: suspicion.unanswered))
    spread(Rumours.Claim(record, accuser: context.ourselves))
  }

  // MARK: Ourselves

  /// Another node sent a record of us. Returns our own record if theirs is older, or if we just refuted it.
  private mutating func mergeOfOurselves(_ record: Record) -> Record? {
    let own = context.ownRecord
    switch refutation.merge(record, own: own) {
    case .agrees: return nil
    case .outdated: return own
    case .disputed: return refute() ? context.ownRecord : nil
    }
  }

  /// Outbids a record held against us, if there is one and its wait is over.
  @discardableResult
  mutating func refute() -> Bool {
    var own = context.ownRecord
    guard let record = refutation.take(own: own, at: context.time, context.settings) else { return false }
    own.incarnation = record.incarnation + 1
    context.members.update(at: context.ownIndex, to: own, since: context.time)
    counters.refutations += 1
    if record.state == .suspect || record.state == .dead { probe.worsenHealth(by: 1, context.settings) }
    emit(.report(.refuted(record.state.status, incarnation: own.incarnation)))
    spread(Rumours.Claim(own, accuser: nil))
    return true
  }
}
