// The rules of each step that are about members: who is believed of whom, who may be called dead, how much is said.
//
// They cost a search in the member list and some counting, so that they can be looked at after every step. What is known
// here and to no node is the truth: which incarnation each process really gave itself, and what liars claimed.

internal import Gossip

extension Invariants {
  /// A member that a process suspects.
  struct Suspect {
    var address: Address
    /// Pings of the process to it since then, and those of the probe that failed before.
    var pings: Int
  }

  /// What a process sent in the running second.
  struct Traffic {
    var since = Instant(microseconds: 0)
    var sent = 0
    /// Datagrams that came and want an answer.
    var questions = 0
  }

  // MARK: Incarnations

  /// The highest incarnation that anybody gave this address so far.
  func claimed(_ address: Address) -> UInt64 {
    Host.slot(of: address).flatMap { $0 < claimedInSlot.count ? claimedInSlot[$0] : nil } ?? 0
  }

  /// Somebody says that this address has this incarnation: its process, or a liar.
  mutating func claims(_ incarnation: UInt64, of address: Address) {
    guard let slot = Host.slot(of: address) else { return }
    while claimedInSlot.count <= slot { claimedInSlot.append(0) }
    claimedInSlot[slot] = max(claimedInSlot[slot], incarnation)
  }

  /// What a node says of itself is its right to say, unless its address is another's.
  mutating func noteOwnLife(of node: Node, _ host: Int) {
    guard !memories[host].isImpostor, let own = node.claim(about: node.identity.address) else { return }
    if own.incarnation > claimed(own.address) { claims(own.incarnation, of: own.address) }
  }

  /// After what came from outside, all that is held; in large clusters one member at each step, in turn.
  func checkIncarnations(_ step: Step, _ node: Node) -> Finding? {
    guard case .received = step.event else { return nil }
    let count = node.memberCount
    let first = count <= Invariants.fewMembers ? 0 : Int(truncatingIfNeeded: step.time.microseconds) % count
    for index in first..<min(count, first + Invariants.fewMembers) {
      let held = node.claim(at: index)
      guard held.incarnation > claimed(held.address), held.address != node.identity.address else { continue }
      return broken(.incarnationsAreOwn, "holds \(held.address) at \(held.incarnation), which nobody ever said")
    }
    return nil
  }

  /// What all trials have; looking at eight costs a tenth of a step.
  private static let fewMembers = 8

  // MARK: A member's own word

  /// What is held of the sender of this datagram, if the sender is a live member and the datagram comes from a newer
  /// incarnation of it. Only the header is read, so that nearly all datagrams cost nothing.
  func claimInQuestion(_ event: Event, _ node: Node) -> HeldClaim? {
    guard case .received(let bytes, let source) = event, Host.slot(of: source) != nil, let datagram = Peek(bytes),
      let held = node.claim(about: source), held.state < .dead, datagram.incarnation > held.incarnation
    else { return nil }
    return held
  }

  /// A live member spoke for itself, with its own newer record, from its own address: then it is alive.
  func checkOwnWord(_ step: Step, _ node: Node) -> Finding? {
    guard let before = step.heldBefore, before.address != node.identity.address,
      case .received(let bytes, let source) = step.event,
      let message = try? Wire.decode(bytes, cluster: Hash.of(memories[step.host].settings.cluster)),
      message.sender.address == source,
      let word = message.rumours.first(where: { $0.address == source }), word.state == .alive,
      word.incarnation == message.sender.incarnation
    else { return nil }
    let after = node.claim(about: source)
    // Who slept for longer than others remember forgets everybody as he wakes up, and then hears a stranger.
    if after == nil, step.slept(longerThan: memories[step.host].settings.tombstoneLifetime) { return nil }
    if let after, after.incarnation > word.incarnation { return nil }
    if let after, after.incarnation == word.incarnation, after.state == .alive { return nil }
    return broken(
      .ownWordCounts, "\(source) said \(word.incarnation), but is held \(after.map { "\($0)" } ?? "unknown")")
  }

  // MARK: Deaths

  /// SWIM's suspicion and our "no death by hearsay", from outside: pings are counted on their way out.
  mutating func checkDeaths(_ step: Step) -> Finding? {
    let host = step.host
    let wanted = memories[host].settings.pingsBeforeDeath
    for effect in step.effects {
      switch effect {
      case .send(let bytes, let address):
        guard !memories[host].suspects.isEmpty, Peek(bytes)?.kind == .ping,
          let index = memories[host].suspects.firstIndex(where: { $0.address == address })
        else { continue }
        memories[host].suspects[index].pings += 1
      case .report(.memberChanged(_, let address, let from, let to, let reason)):
        let suspect = memories[host].suspects.first { $0.address == address }
        memories[host].suspects.removeAll { $0.address == address }
        if to == .suspect {
          // A probe that failed has pinged it already, up to as often as is wanted.
          memories[host].suspects.append(Suspect(address: address, pings: reason == .probeFailed ? wanted : 0))
        }
        guard to == .dead, from == .alive || from == .suspect else { continue }
        guard (suspect?.pings ?? 0) < wanted || from == .alive else { continue }
        if let found = broken(.deathIsProven, "\(address) is called dead after \(suspect?.pings ?? 0) pings") {
          return found
        }
      case .notify, .publish, .retract, .answer, .resolve, .readiness, .report, .left: continue
      }
    }
    return nil
  }

  // MARK: Traffic

  /// Counts what a process sends in each second of true time.
  mutating func checkTraffic(_ step: Step, members: Int) -> Finding? {
    let host = step.host
    if step.time - memories[host].traffic.since >= .seconds(1) { memories[host].traffic = Traffic(since: step.time) }
    if case .received(let bytes, let source) = step.event, let datagram = Peek(bytes),
      Invariants.isQuestion(datagram.kind) || Host.slot(of: source) == nil
    {
      memories[host].traffic.questions += 1
    }
    for effect in step.effects { if case .send = effect { memories[host].traffic.sent += 1 } }
    let bound = Invariants.mostTraffic(memories[host].settings, members: members)
    let traffic = memories[host].traffic
    // A request for a third party is worth a ping, a nack and an answer, a newcomer's contact an ack and three pings; and
    // whatever a stranger sends may have it asked who it is.
    guard traffic.sent > bound + 4 * traffic.questions else { return nil }
    return broken(.trafficIsBounded, "\(traffic.sent) datagrams in a second, \(traffic.questions) questions")
  }

  private static func isQuestion(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .ping, .join, .pingRequest, .pull: true
    case .ack, .misdirected, .indirectAck, .nack, .gossip, .page, .notice, nil: false
    }
  }

  /// The sum of all that limits a node: pushes and single answers, each with its burst; verifying pings that no
  /// question drew; the addresses of seeds, for which a node has a second of its own after its start; a probe a period with all its tries; pings of every other member as a suspect; and goodbyes, contacts
  /// and pulls, which are some tens.
  private static func mostTraffic(_ settings: Settings, members: Int) -> Int {
    func times(_ interval: Duration) -> Int { Int(1_000_000 / max(interval.microseconds, 1)) + 2 }
    let probe = settings.directPings.count + settings.indirectPings.count * settings.helpers
    let pushes = settings.pushRate + settings.pushBurst + settings.replyRate + settings.replyBurst
    let seeds = settings.seeds.count * 11 * 16
    return pushes + 4 * settings.strangerRate + seeds + times(settings.period) * probe
      + members * times(settings.suspectPingInterval) + 64
  }
}

extension Step {
  /// Whether the node noticed that it had not run for longer than this.
  fileprivate func slept(longerThan duration: Duration) -> Bool {
    effects.contains { effect in
      if case .report(.stalled(let stall)) = effect { stall > duration } else { false }
    }
  }
}
