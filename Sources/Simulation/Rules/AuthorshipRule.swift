// Who accuses whom: an accusation names its accuser, and nobody may accuse in another's name. Suspicions grow shorter with
// each further accuser, so an accusation with a wrong name counts as one that was never made.
//
// A datagram with an accusation must be decoded, which costs ten times a look at its header. So only the datagrams of a
// process that suspects somebody are: no other sends accusations, but for the one in which it marks a member dead, which it
// reports. A process that accuses without a suspicion is found when somebody passes that on. A refutation needs no such
// rule: only its author can make one, as `incarnationsAreOwn` sees.

internal import Gossip

/// The rule of the accusations that one process sends.
struct AuthorshipRule {
  private let cluster: UInt64
  private var suspects: Set<Address> = []

  init(_ settings: Settings = Settings()) { cluster = Hash.of(settings.cluster) }

  mutating func check(_ step: Step, _ node: Node, _ accusations: inout Accusations, _ findings: inout Findings) {
    var suspectsSomebody = !suspects.isEmpty
    let ourselves = node.identity.address
    for case .report(.memberChanged(_, let address, _, let to, let reason)) in step.effects {
      if to == .suspect { suspects.insert(address) } else { suspects.remove(address) }
      suspectsSomebody = suspectsSomebody || to == .suspect
      switch reason {
      case .probeFailed, .suspicionExpired:
        if let held = node.claim(about: address) { accusations.note(ourselves, of: address, at: held.incarnation) }
      case .ourselves, .joined, .told, .refuted, .announced: break
      }
    }
    guard suspectsSomebody else { return }
    for case .send(let bytes, _) in step.effects {
      guard let message = try? Wire.decode(bytes, cluster: cluster) else { continue }
      for record in message.rumours {
        guard let accuser = record.accuser else { continue }
        checkAccusation(record, by: accuser, ourselves, &accusations, &findings)
      }
    }
  }

  private func checkAccusation(
    _ record: Record, by accuser: Address, _ ourselves: Address, _ accusations: inout Accusations,
    _ findings: inout Findings
  ) {
    // A process that names itself accuses: its probe of somebody who was suspect already failed as well.
    if accuser == ourselves { return accusations.note(ourselves, of: record.address, at: record.incarnation) }
    guard !accusations.wereMade(by: accuser, of: record.address, at: record.incarnation) else { return }
    findings.broken(
      .accusationsAreOwn, "says that \(accuser) accuses \(record.address) at \(record.incarnation), which it never did")
  }
}
