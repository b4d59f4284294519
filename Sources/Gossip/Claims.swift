// Merging what is said about members: the one place where a record meets what is held.
//
// A claim replaces another if it is of a higher incarnation, or of the same and a worse state (SWIM, section 4.2);
// two things stand outside that order. Death by hearsay becomes suspicion (see `Suspicion`), and what is said of a
// member that only the member could have said, an incarnation that no clock can have reached, is not merged: it is
// asked.

extension Node {
  /// Takes in a record.
  ///
  /// - Parameters:
  ///   - sender: who told it; nil for one that must not be answered.
  ///   - isOwnWord: the member says it of itself, from its own address or in answer to our nonce.
  /// - Returns: what the sender should hear in return: what we hold, where its claim is older.
  mutating func hear(_ record: Record, from sender: Address, isOwnWord: Bool) -> Record? {
    if record.address == identity.address { return heardOfOurselves(record) }
    let position = members.index(of: record.address)
    // If we hold that incarnation we have the member's own word for it, and it may be our clock that is wrong.
    if !isOwnWord, record.incarnation > max(ceiling.forHearsay, position.map { members[$0].incarnation } ?? 0) {
      counters.refuse(.incarnation)
      if canReach(record.address), strangers.follows(sender, at: now.monotonic) { verify(record.address) }
      return nil
    }
    guard let index = position else {
      // A tombstone of an unknown is not stored, or tombstones would never die: each node that forgot one would learn
      // it again from one that has not yet.
      guard record.state < .dead else { return nil }
      // A member may tell of one beside it that we can't reach, and that would never leave our list.
      guard isOwnWord || canReach(record.address) else {
        counters.refuse(.address)
        return nil
      }
      welcome(record, because: isOwnWord ? .joined : .told(by: sender))
      return nil
    }
    let held = members[index].record
    let isAccusation = record.state == .suspect || record.state == .dead
    // Who accuses a member that said goodbye did not hear it, and would list it as dead for as long as it lists it.
    let missedGoodbye = isAccusation && held.state == .left && record.incarnation == held.incarnation
    if record.incarnation < held.incarnation || missedGoodbye { return record.state == .alive ? nil : told(held) }
    switch record.state {
    case .alive: heardAlive(record, at: index, held, from: sender)
    case .suspect: heardSuspect(record, at: index, held, from: sender)
    case .dead: heardDead(record, at: index, held, from: sender)
    case .left:
      guard record.outranks(held) else { return nil }
      change(index, to: record, because: isOwnWord ? .announced : .told(by: sender))
      spread(Rumours.Claim(address: record.address, incarnation: record.incarnation, state: .left))
      // The accused must be able to object to a forged goodbye; sixteen of all are enough to reach it.
      if !isOwnWord, generator.chance(Node.goodbyeTellers / Double(members.liveCount)) { verify(record.address) }
    }
    return nil
  }

  private static let goodbyeTellers = 16.0

  private mutating func heardAlive(_ record: Record, at index: Int, _ held: Record, from sender: Address) {
    if record.outranks(held) {
      let isNews = held.state != .alive
      change(index, to: record, because: isNews ? .refuted : .told(by: sender))
      spread(Rumours.Claim(address: record.address, incarnation: record.incarnation, state: .alive))
    } else if held.state >= .dead, sender != record.address, strangers.follows(sender, at: now.monotonic) {
      // Somebody holds it alive whom we hold dead: after a partition that is how the other side's members are found.
      // Tell it itself, so that it outbids what we hold.
      contact(record.address)
    }
  }

  private mutating func heardSuspect(_ record: Record, at index: Int, _ held: Record, from sender: Address) {
    if record.outranks(held) {
      if held.state >= .dead {
        // It returned and is accused again, both unheard by us; alive or dead, it is to be asked.
        verify(record.address)
      }
      suspect(index, record, accuser: record.accuser, because: .told(by: record.accuser ?? sender))
    } else if held.state == .suspect, held.incarnation == record.incarnation, let accuser = record.accuser,
      accuser == identity.address || isLive(accuser)
    {
      confirm(record.address, by: accuser)
    }
  }

  private mutating func heardDead(_ record: Record, at index: Int, _ held: Record, from sender: Address) {
    guard record.outranks(held) else { return }
    switch held.state {
    case .alive:
      suspect(
        index, record, accuser: record.accuser, isConfirmed: true, because: .told(by: record.accuser ?? sender))
    case .suspect:
      let position = suspicions.firstIndex { $0.address == held.address }
      guard record.incarnation == held.incarnation, let position else {
        return suspect(
          index, record, accuser: record.accuser, isConfirmed: true, because: .told(by: record.accuser ?? sender))
      }
      suspicions[position].confirmFully()
    case .dead, .left:
      var record = record
      record.accuser = nil
      change(index, to: record, because: .told(by: sender))
    }
  }

  /// Whether what is sent to this address can come to the one who is meant. A loopback address is whoever has it on this
  /// machine: only among nodes that all advertise one do they mean the same, and otherwise only the member's own word
  /// shows that it is here.
  private func canReach(_ address: Address) -> Bool {
    switch settings.reach {
    case .ipv4 where !address.isIPv4, .ipv6 where address.isIPv4: false
    case .ipv4, .ipv6, .both: !address.isLoopback || identity.address.isLoopback
    }
  }

  func isLive(_ address: Address) -> Bool { members.index(of: address).map { members[$0].isLive } ?? false }

  /// Adds a member that was not in the list.
  private mutating func welcome(_ record: Record, because reason: Reason) {
    guard makeRoom() else { return counters.refuse(.full) }
    var alive = record
    alive.state = .alive
    let index = members.insert(Member(record: alive, since: now.monotonic))
    appeared(record.address)
    emit(
      .report(
        .memberChanged(name: record.name, record.address, from: nil, to: .alive, because: reason)))
    reports.changed(record.address)
    if record.state == .suspect {
      suspect(index, record, accuser: record.accuser, because: .told(by: record.accuser ?? record.address))
    } else {
      spread(Rumours.Claim(address: record.address, incarnation: record.incarnation, state: .alive))
    }
  }

  /// Whether there is room for one more member, if need be in place of the tombstone that is oldest.
  private mutating func makeRoom() -> Bool {
    guard members.count >= settings.maximumMembers else { return true }
    let tombstones = (0..<members.count).filter { !members[$0].isLive && members[$0].address != identity.address }
    guard let oldest = tombstones.min(by: { members[$0].since < members[$1].since }) else { return false }
    members.remove(at: oldest)
    return true
  }

  /// Replaces what is held of a member, and all that hangs on it.
  mutating func change(_ index: Int, to record: Record, because reason: Reason) {
    let held = members[index].record
    members.update(at: index, to: record, since: now.monotonic)
    if record.state != .suspect { suspicions.removeAll { $0.address == record.address } }
    // What it was asked before it spoke up may have been lost in the partition that it comes back from.
    if record.state == .alive { probe.void(record.address) }
    switch record.state {
    case .alive, .suspect:
      if held.state >= .dead { appeared(record.address) }
    case .dead:
      if members[index].hasAnswered { book.add(record.address, at: now.monotonic, settings, using: &generator) }
      antiEntropy.listChanged(at: now.monotonic, settings)
    case .left:
      book.remove(record.address)
      antiEntropy.listChanged(at: now.monotonic, settings)
    }
    guard held.state != record.state || held.incarnation != record.incarnation else { return }
    reports.changed(record.address)
    if held.state != record.state {
      emit(
        .report(
          .memberChanged(
            name: members[index].name, record.address, from: held.state.status, to: record.state.status,
            because: reason)))
    }
  }

  /// A member is live that was not.
  private mutating func appeared(_ address: Address) {
    probe.added(address, using: &generator)
    book.isJoining = false
    antiEntropy.listChanged(at: now.monotonic, settings)
  }

  /// Passes a claim on: at once to a few, and on every datagram for a while.
  mutating func spread(_ claim: Rumours.Claim) {
    rumours.add(claim, limit: 2 * settings.maximumMembers)
    push.changed(.membership, at: now.monotonic, settings)
  }

  /// Longer than rumours travel; a minute that such a member is away is better than an hour.
  private static let absurdForgetting: Duration = .seconds(60)

  /// Forgets members that are dead or left for long.
  mutating func forgetIfDue() {
    guard forgetAt <= now.monotonic else { return }
    forgetAt = now.monotonic + Node.forgetInterval
    guard members.tombstones > 0 else { return }
    for index in (0..<members.count).reversed() {
      let member = members[index]
      // Only the member itself can have said what no clock can reach; if it is gone, its next process says less. So that
      // it is not kept out by its own tombstone, that is forgotten soon.
      let isAbsurd = member.incarnation > ceiling.forHearsay
      let forgetting = isAbsurd ? min(settings.forgetting, Node.absurdForgetting) : settings.forgetting
      let isOld = now.monotonic - member.since > forgetting
      guard isOld, !member.isLive, member.address != identity.address else { continue }
      members.remove(at: index)
      emit(.report(.memberForgotten(name: member.name, member.address)))
    }
  }
}

extension Record.State {
  /// The same, for people.
  var status: MemberStatus {
    switch self {
    case .alive: .alive
    case .suspect: .suspect
    case .dead: .dead
    case .left: .left
    }
  }
}
