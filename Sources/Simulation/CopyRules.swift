// What a node shows of the others' copies, `/members`' three classes, against what the others really held.
//
// What is certain: a member's stamp was held by its process, the one whose incarnation is shown; where it is not less than
// ours, the member is current for good, as stamps of a process only grow. A member that is behind held less when it sent
// what was heard of it last: it may have ours by now. And one that is unheard may hold anything.
//
// Looked at after every step is the member that the step was about, and one more in turn, so that it costs two searches.

internal import Gossip

/// What every process that ever ran held, by the incarnations that it gave itself.
struct Lives {
  private struct Key: Hashable {
    var address: Address
    var incarnation: UInt64
  }

  private var ofClaims: [Key: [Int]] = [:]
  /// The stamps of each process in their order, from the first on.
  private var stamps: [[Stamp]] = []

  /// A process starts. Returns its number.
  mutating func begin() -> Int {
    stamps.append([.initial])
    return stamps.count - 1
  }

  /// A process names itself so.
  mutating func note(_ address: Address, _ incarnation: UInt64, _ life: Int) {
    ofClaims[Key(address: address, incarnation: incarnation), default: []].append(life)
  }

  /// A process holds this now. Returns whether it held another one before.
  mutating func holds(_ life: Int, _ stamp: Stamp) -> Bool {
    guard stamps[life].last != stamp else { return false }
    stamps[life].append(stamp)
    return true
  }

  /// Whether a process that named itself so ever held this; nil when nobody named itself so. There may be two: one whose
  /// clock was turned back outbids what is held of the one before it, and that may have outbid more, elsewhere. Nobody
  /// can tell these two apart.
  func held(_ address: Address, _ incarnation: UInt64, _ stamp: Stamp) -> Bool? {
    guard let lives = ofClaims[Key(address: address, incarnation: incarnation)] else { return nil }
    // What is asked for is nearly always among the last.
    return lives.contains { stamps[$0].reversed().contains(stamp) }
  }
}

extension Invariants {
  /// What a process can know of the others' copies.
  struct Awareness {
    /// Which life of all it is, and the incarnation that it has.
    var life = 0
    var incarnation: UInt64 = 0
    var changed = Instant(microseconds: 0)
    /// When a datagram last came from each address.
    var heard: [Address: Instant] = [:]
    var turn = 0
  }

  /// Takes in what this step changed, and looks at what the node shows then.
  mutating func checkCopies(_ step: Step, _ node: Node) -> Finding? {
    let host = step.host
    noteLife(of: node, host)
    for effect in step.effects { if case .publish(let stamp) = effect { noteCopy(stamp, of: host, at: step.time) } }
    noteCopy(step.stamp, of: host, at: step.time)
    memories[host].awareness.turn = (memories[host].awareness.turn + 1) % max(node.memberCount, 1)
    let inTurn = node.copy(at: memories[host].awareness.turn)
    noteAnswer(step)
    guard case .received(let bytes, let source) = step.event, Host.slot(of: source) != nil else {
      return checkCopy(inTurn, shownBy: host, holding: step.stamp, ourselves: node.identity.address)
    }
    memories[host].awareness.heard[source] = step.time
    guard let shown = node.copy(of: source) else { return nil }
    return checkCopy(shown, shownBy: host, holding: step.stamp, ourselves: node.identity.address)
      ?? checkCopy(inTurn, shownBy: host, holding: step.stamp, ourselves: node.identity.address)
      ?? checkHeard(shown, bytes, step)
  }

  /// Who is behind a mapping is heard by its answers, wherever they come from.
  private mutating func noteAnswer(_ step: Step) {
    guard case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil,
      let datagram = Peek(bytes), Invariants.isAnswer(datagram.kind),
      let message = try? Wire.decode(bytes, cluster: Hash.of(memories[step.host].settings.cluster))
    else { return }
    memories[step.host].awareness.heard[message.sender.address] = step.time
  }

  private static func isAnswer(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .ack, .misdirected, .indirectAck, .nack, .page, .notice: true
    case .ping, .join, .pingRequest, .gossip, .pull, nil: false
    }
  }

  private mutating func noteCopy(_ stamp: Stamp, of host: Int, at time: Instant) {
    guard lives.holds(memories[host].awareness.life, stamp) else { return }
    memories[host].awareness.changed = time
  }

  /// A process that just started, or gave itself another incarnation.
  mutating func noteLife(of node: Node, _ host: Int) {
    guard !memories[host].isImpostor, let own = node.claim(about: node.identity.address),
      own.incarnation != memories[host].awareness.incarnation
    else { return }
    memories[host].awareness.incarnation = own.incarnation
    lives.note(own.address, own.incarnation, memories[host].awareness.life)
  }

  /// What is shown of one member, at any time.
  private func checkCopy(_ shown: ShownCopy, shownBy host: Int, holding stamp: Stamp, ourselves: Address) -> Finding? {
    guard shown.address != ourselves else { return nil }
    // An incarnation that a liar gave it is nobody's.
    if let copy = shown.stamp, lives.held(shown.address, shown.incarnation, copy) == false {
      return broken(
        .copiesAreShownTruly, "shows \(shown.address), at \(shown.incarnation), with \(copy), which it never held")
    }
    return checkClass(shown, shownBy: host, holding: stamp)
  }

  /// In which class one member is shown.
  func checkClass(_ shown: ShownCopy, shownBy host: Int, holding stamp: Stamp) -> Finding? {
    func found(_ what: String) -> Finding? {
      broken(.copiesAreShownTruly, "shows \(shown.address) \(what)")
    }
    guard let copy = shown.stamp else {
      return shown.convergence == nil || shown.convergence == .unheard ? nil : found("with no stamp and in a class")
    }
    switch shown.convergence {
    case .current: return copy >= stamp ? nil : found("as current with \(copy), and holds \(stamp)")
    case .behind:
      if copy >= stamp { return found("as behind with \(copy), and holds \(stamp)") }
      let heard = memories[host].awareness.heard[shown.address] ?? Instant(microseconds: 0)
      return heard >= memories[host].awareness.changed ? nil : found("as behind, and did not hear it since")
    case .unheard: return copy < stamp ? nil : found("as unheard with \(copy), and holds \(stamp)")
    case nil: return nil
    }
  }

  /// A datagram of a live member just came: it is heard then.
  private func checkHeard(_ shown: ShownCopy, _ bytes: [UInt8], _ step: Step) -> Finding? {
    guard shown.convergence == .unheard, shown.stamp != nil,
      // Two microseconds of true time may be one of a clock that runs slow.
      step.time - memories[step.host].awareness.changed > .microseconds(2),
      let message = try? Wire.decode(bytes, cluster: Hash.of(memories[step.host].settings.cluster)),
      message.sender.address == shown.address, message.sender.incarnation == shown.incarnation
    else { return nil }
    return broken(.copiesAreShownTruly, "shows \(shown.address) as unheard, whom it hears")
  }
}

extension Cluster {
  /// What a node shows to people, against the truth; nil when all of it is true.
  func falseCopy(_ view: StatusSnapshot, of host: Int) -> Invariants.Finding? {
    for member in view.members where !member.isSelf {
      let shown = ShownCopy(
        address: member.address, incarnation: member.incarnation, stamp: member.stamp, convergence: member.convergence)
      if let found = invariants.checkClass(shown, shownBy: host, holding: view.stamp) { return found }
    }
    return nil
  }
}
