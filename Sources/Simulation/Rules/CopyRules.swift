// What a node shows of the others' copies, the three classes of `/members`, against what the others really held.
//
// This much is certain. A member's stamp was held by its process, the one whose incarnation is shown. Where it is not
// less than ours, the member is current for good, as stamps of a process only grow. A member that is behind held less
// when it sent what was heard of it last; it may have ours by now. And one that is unheard may hold anything.
//
// After every step the member that the step was about is looked at, and one more in turn: that costs two searches.

internal import Gossip

/// The rules of what one process shows of the others' copies.
struct CopyRules {
  private let cluster: UInt64
  /// It advertises another's address: what it says of itself is its right only if the address is its own.
  private let isImpostor: Bool
  /// Which life of all it is, and the incarnation that it has.
  private let life: Int
  private var incarnation: UInt64 = 0
  private var changed = Instant(microseconds: 0)
  /// When a datagram last came from each address.
  private var heard: [Address: Instant] = [:]
  private var turn = 0

  init(_ settings: Settings = Settings(), life: Int = 0, isImpostor: Bool = false) {
    cluster = Hash.of(settings.cluster)
    self.life = life
    self.isImpostor = isImpostor
  }

  /// A process that just started, or gave itself another incarnation.
  mutating func noteLife(of node: Node, _ lives: inout Lives) {
    guard !isImpostor, let own = node.claim(about: node.identity.address), own.incarnation != incarnation else {
      return
    }
    incarnation = own.incarnation
    lives.note(own.address, own.incarnation, life)
  }

  /// Takes in what this step changed, and looks at what the node shows then.
  mutating func check(_ step: Step, _ node: Node, _ lives: inout Lives, _ findings: inout Findings) {
    noteLife(of: node, &lives)
    for effect in step.effects { if case .publish(let stamp) = effect { noteCopy(stamp, at: step.time, &lives) } }
    noteCopy(step.stamp, at: step.time, &lives)
    noteAnswer(step)
    turn = (turn + 1) % max(node.memberCount, 1)
    if case .received(let bytes, let source) = step.event, Host.slot(of: source) != nil {
      heard[source] = step.time
      // A datagram of nobody that is listed changes nothing that is shown.
      guard let shown = node.copy(of: source) else { return }
      checkCopy(shown, step, node, lives, &findings)
      checkHeard(shown, bytes, step, &findings)
    }
    checkCopy(node.copy(at: turn), step, node, lives, &findings)
  }

  private mutating func noteCopy(_ stamp: Stamp, at time: Instant, _ lives: inout Lives) {
    if lives.holds(life, stamp) { changed = time }
  }

  /// A member behind a mapping is heard by its answers, wherever they come from.
  private mutating func noteAnswer(_ step: Step) {
    guard case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil,
      let datagram = Peek(bytes), CopyRules.isAnswer(datagram.kind),
      let message = try? Wire.decode(bytes, cluster: cluster)
    else { return }
    heard[message.sender.address] = step.time
  }

  private static func isAnswer(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .ack, .misdirected, .indirectAck, .nack, .page, .notice: true
    case .ping, .join, .pingRequest, .gossip, .pull, nil: false
    }
  }

  /// What is shown of one member, at any time.
  private func checkCopy(_ shown: ShownCopy, _ step: Step, _ node: Node, _ lives: Lives, _ findings: inout Findings) {
    guard shown.address != node.identity.address else { return }
    // An incarnation that a liar gave it is nobody's.
    if let copy = shown.stamp, lives.held(shown.address, shown.incarnation, copy) == false {
      findings.broken(
        .copiesAreShownTruly, "shows \(shown.address), at \(shown.incarnation), with \(copy), which it never held")
    }
    checkClass(shown, holding: step.stamp, &findings)
  }

  /// Everything that the node shows to people.
  func check(_ view: StatusSnapshot, _ findings: inout Findings) {
    for member in view.members where !member.isSelf {
      let shown = ShownCopy(
        address: member.address, incarnation: member.incarnation, stamp: member.stamp, convergence: member.convergence)
      checkClass(shown, holding: view.stamp, &findings)
    }
  }

  /// In which class one member is shown.
  private func checkClass(_ shown: ShownCopy, holding stamp: Stamp, _ findings: inout Findings) {
    guard let what = misplaced(shown, holding: stamp) else { return }
    findings.broken(.copiesAreShownTruly, "shows \(shown.address) \(what)")
  }

  /// Why a member is in the wrong class; nil when it is in the right one.
  private func misplaced(_ shown: ShownCopy, holding stamp: Stamp) -> String? {
    guard let copy = shown.stamp else {
      return shown.convergence == nil || shown.convergence == .unheard ? nil : "with no stamp and in a class"
    }
    switch shown.convergence {
    case .current: return copy >= stamp ? nil : "as current with \(copy), and holds \(stamp)"
    case .behind:
      if copy >= stamp { return "as behind with \(copy), and holds \(stamp)" }
      let heard = heard[shown.address] ?? Instant(microseconds: 0)
      return heard >= changed ? nil : "as behind, and did not hear it since"
    case .unheard: return copy < stamp ? nil : "as unheard with \(copy), and holds \(stamp)"
    case nil: return nil
    }
  }

  /// A datagram of a live member just came: it is heard then.
  private func checkHeard(_ shown: ShownCopy, _ bytes: [UInt8], _ step: Step, _ findings: inout Findings) {
    guard shown.convergence == .unheard, shown.stamp != nil,
      // Two microseconds of true time may be one of a clock that runs slow.
      step.time - changed > .microseconds(2),
      let message = try? Wire.decode(bytes, cluster: cluster),
      message.sender.address == shown.address, message.sender.incarnation == shown.incarnation
    else { return }
    findings.broken(.copiesAreShownTruly, "shows \(shown.address) as unheard, whom it hears")
  }
}
