// Who is a member and who is dead: only addresses that a process had are members, and nobody is marked dead by hearsay.

internal import Gossip

/// The rules of the member list of one process.
struct DeathRules {
  /// A member that the process suspects.
  private struct Suspect {
    var address: Address
    /// Pings of the process to it since then, and those of the probe that failed before.
    var pings: Int
  }

  private let pingsBeforeDeath: Int
  private var suspects: [Suspect] = []

  init(pingsBeforeDeath: Int = 0) { self.pingsBeforeDeath = pingsBeforeDeath }

  /// SWIM's suspicion and our "no death by hearsay", from outside: pings are counted on their way out.
  ///
  /// - Parameter slots: how many addresses any process ever had.
  mutating func check(_ step: Step, slots: Int, _ findings: inout Findings) {
    for effect in step.effects {
      switch effect {
      case .send(let bytes, let address):
        guard !suspects.isEmpty, Peek(bytes)?.kind == .ping,
          let index = suspects.firstIndex(where: { $0.address == address })
        else { continue }
        suspects[index].pings += 1
      case .report(.memberChanged(_, let address, let from, let to, let reason)):
        if Host.slot(of: address).map({ $0 >= slots }) ?? true {
          findings.broken(.membersExist, "no process ever had \(address)")
        }
        let pings = suspects.first { $0.address == address }?.pings ?? 0
        suspects.removeAll { $0.address == address }
        if to == .suspect {
          // A probe that failed has pinged it already, up to as often as is wanted.
          suspects.append(Suspect(address: address, pings: reason == .probeFailed ? pingsBeforeDeath : 0))
        }
        guard to == .dead, from == .alive || from == .suspect else { continue }
        if pings < pingsBeforeDeath || from == .alive {
          findings.broken(.deathIsProven, "\(address) is called dead after \(pings) pings")
        }
      case .notify, .publish, .retract, .answer, .resolve, .readiness, .report, .left: continue
      }
    }
  }
}
