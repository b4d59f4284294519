// When the faults have ended, the cluster must come together: one stamp, one view of who is alive, nobody accused.
//
// That the one stamp is the greatest that any running node held follows from two rules: stamps of a running process
// only grow (`StampRules`), and all are equal here. Digests are not compared: they are sums over what is compared.

internal import Gossip

/// What one running node shows, and what is true of it.
struct NodeView {
  var host: Int
  var address: Address
  var isLeaving: Bool
  var owesAnswer: Bool
  var status: StatusSnapshot
}

/// The rules of one agreeing cluster.
enum Agreement {
  /// What still differs; the gravest first: a node that knows nobody agrees with nobody. Takes time in proportion to
  /// the square of the hosts, so it is for now and then, not for each step.
  ///
  /// - Returns: the first rule that does not hold yet, and the host that it does not hold on.
  static func difference(
    of views: [NodeView], ignoring ignored: Set<Violation.Rule>
  ) -> (host: Int, finding: Findings.Finding)? {
    func first(_ check: (NodeView, inout Findings) -> Void) -> (host: Int, finding: Findings.Finding)? {
      for view in views {
        var findings = Findings(ignoring: ignored)
        check(view, &findings)
        if let found = findings.first { return (view.host, found) }
      }
      return nil
    }
    let staying = views.filter { !$0.isLeaving }
    return first(checkReady)
      ?? first { if !$0.isLeaving { checkKnown($0, staying, &$1) } }
      ?? first { if !$0.isLeaving { checkStamp($0, staying[0], &$1) } }
      ?? first { if !$0.isLeaving { checkMembers($0, staying, &$1) } }
  }

  private static func checkReady(_ view: NodeView, _ findings: inout Findings) {
    if view.isLeaving {
      findings.broken(.leaveEnds, "was asked to leave and has not")
    } else if view.status.readiness == nil {
      findings.broken(.readyInTheEnd, "is not ready")
    } else if let why = view.status.addressProblem {
      findings.broken(.readyInTheEnd, "is said to be not at its address: \(why)")
    }
    if !view.isLeaving, view.owesAnswer { findings.broken(.answeredOnce, "owes an answer") }
  }

  private static func checkKnown(_ view: NodeView, _ staying: [NodeView], _ findings: inout Findings) {
    for peer in staying where !view.status.members.contains(where: { $0.address == peer.address }) {
      findings.broken(.neverIsolated, "does not know n\(peer.host)")
    }
  }

  private static func checkStamp(_ view: NodeView, _ first: NodeView, _ findings: inout Findings) {
    guard view.status.stamp != first.status.stamp else { return }
    findings.broken(.oneValue, "holds \(view.status.stamp), n\(first.host) holds \(first.status.stamp)")
  }

  /// How one node's list differs from the processes that run.
  private static func checkMembers(_ view: NodeView, _ staying: [NodeView], _ findings: inout Findings) {
    for member in view.status.members {
      guard let peer = staying.first(where: { $0.address == member.address }) else {
        if member.status.isLive {
          findings.broken(.deadIsDead, "holds \(member.address) \(member.status), which is not there")
        }
        continue
      }
      if member.status != .alive {
        findings.broken(.aliveIsAlive, "holds n\(peer.host) \(member.status), which runs")
      }
      let own = peer.status.members.first(where: \.isSelf)
      if member.status.isLive, own?.incarnation != member.incarnation {
        findings.broken(.newestLife, "holds n\(peer.host) at another incarnation than it has")
      }
    }
  }
}

extension MemberStatus {
  /// Whether somebody is held to be there.
  var isLive: Bool { self == .alive || self == .suspect }
}
