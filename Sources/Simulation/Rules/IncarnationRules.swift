// Whom a node believes: no member is held at an incarnation that nobody gave it, and a live member's own word counts.
//
// Looking costs a search in the member list, so that it can be done after every step. The truth, known here and to no
// node, is which incarnation each process really gave itself, and what liars claimed.

internal import Gossip

/// The rules of what one process holds of the others.
struct IncarnationRules {
  private let cluster: UInt64
  private let tombstoneLifetime: Duration

  init(_ settings: Settings = Settings()) {
    cluster = Hash.of(settings.cluster)
    tombstoneLifetime = settings.tombstoneLifetime
  }

  func check(_ step: Step, _ node: Node, _ incarnations: Incarnations, _ findings: inout Findings) {
    checkOwnWord(step, node, &findings)
    checkHeld(step, node, incarnations, &findings)
  }

  /// After what came from outside, all that is held; in large clusters a few members at each step, in turn.
  private func checkHeld(_ step: Step, _ node: Node, _ incarnations: Incarnations, _ findings: inout Findings) {
    guard case .received = step.event else { return }
    let count = node.memberCount
    let first = count <= IncarnationRules.few ? 0 : Int(truncatingIfNeeded: step.time.microseconds) % count
    for index in first..<min(count, first + IncarnationRules.few) {
      let held = node.claim(at: index)
      guard held.incarnation > incarnations.highest(of: held.address), held.address != node.identity.address else {
        continue
      }
      findings.broken(.incarnationsAreOwn, "holds \(held.address) at \(held.incarnation), which nobody ever said")
    }
  }

  /// What all trials have; looking at eight costs a tenth of a step.
  private static let few = 8

  // MARK: A member's own word

  /// What is held of the sender of this datagram before the step, if the sender is a live member and the datagram comes
  /// from a newer incarnation of it. Only the header is read, so that nearly all datagrams cost nothing.
  static func claimInQuestion(_ event: Event, _ node: Node) -> HeldClaim? {
    guard case .received(let bytes, let source) = event, Host.slot(of: source) != nil, let datagram = Peek(bytes),
      let held = node.claim(about: source), held.state < .dead, datagram.incarnation > held.incarnation
    else { return nil }
    return held
  }

  /// A live member spoke for itself, with its own newer record, from its own address: then it is alive.
  private func checkOwnWord(_ step: Step, _ node: Node, _ findings: inout Findings) {
    guard let before = step.heldBefore, before.address != node.identity.address,
      case .received(let bytes, let source) = step.event, let message = try? Wire.decode(bytes, cluster: cluster),
      message.sender.address == source,
      let word = message.rumours.first(where: { $0.address == source }), word.state == .alive,
      word.incarnation == message.sender.incarnation
    else { return }
    let after = node.claim(about: source)
    // A node that slept for longer than others remember forgets everybody as it wakes up, and then hears a stranger.
    if after == nil, slept(step) { return }
    if let after, after.incarnation > word.incarnation { return }
    if let after, after.incarnation == word.incarnation, after.state == .alive { return }
    findings.broken(
      .ownWordCounts, "\(source) said \(word.incarnation), but is held \(after.map { "\($0)" } ?? "unknown")")
  }

  /// Whether the node noticed that it had not run for longer than it remembers the dead.
  private func slept(_ step: Step) -> Bool {
    step.effects.contains { effect in
      if case .report(.stalled(let stall)) = effect { stall > tombstoneLifetime } else { false }
    }
  }
}
