// When the faults have ended, the cluster must come together: one stamp, one view of who lives, nobody accused.
//
// That the one stamp is the greatest that any running node held follows from two rules: stamps of a running process only
// grow (see `Invariants`), and all are equal here. Digests are not compared: they are sums over what is compared.

package import Gossip

/// What still differs from one agreeing cluster.
struct Disagreement {
  var rule: Violation.Rule
  var host: Int
  var detail: String
}

extension Cluster {
  /// What still differs; nil when nothing does. The gravest first: who knows nobody agrees with nobody. Takes time in
  /// proportion to the square of the hosts: for now and then, not for each step.
  func disagreement() -> Disagreement? {
    let running = hosts.indices.filter { hosts[$0].activity == .running }
    let views = running.map { host in status(of: host) }
    for (host, view) in zip(running, views) {
      if hosts[host].isLeaving {
        if let found = broken(.leaveEnds, host, "was asked to leave and has not") { return found }
      } else if view.readiness == nil, let found = broken(.readyInTheEnd, host, "is not ready") {
        return found
      } else if let why = view.addressProblem,
        let found = broken(.readyInTheEnd, host, "is said to be not at its address: \(why)")
      {
        return found
      } else if invariants.outstanding(host) > 0, let found = broken(.answeredOnce, host, "owes an answer") {
        return found
      }
    }
    let staying = zip(running, views).filter { !hosts[$0.0].isLeaving }
    for (host, view) in staying {
      for (peer, _) in staying where !view.members.contains(where: { $0.address == hosts[peer].address }) {
        if let found = broken(.neverIsolated, host, "does not know n\(peer)") { return found }
      }
    }
    for (host, view) in staying where view.stamp != staying[0].1.stamp {
      let detail = "holds \(view.stamp), n\(staying[0].0) holds \(staying[0].1.stamp)"
      if let found = broken(.oneValue, host, detail) { return found }
    }
    for (host, view) in staying {
      if let found = difference(of: host, view, from: staying) { return found }
    }
    return nil
  }

  private func broken(_ rule: Violation.Rule, _ host: Int, _ detail: @autoclosure () -> String) -> Disagreement? {
    invariants.broken(rule, detail()).map { Disagreement(rule: $0.0, host: host, detail: $0.1) }
  }

  /// How one node's list differs from who lives.
  private func difference(
    of host: Int, _ view: StatusSnapshot, from staying: [(Int, StatusSnapshot)]
  ) -> Disagreement? {
    for member in view.members {
      let peer = owner(of: member.address).flatMap { peer in staying.first { $0.0 == peer } }
      let isLive = member.status == .alive || member.status == .suspect
      guard let peer else {
        if isLive, let found = broken(.deadIsDead, host, "holds \(member.address) \(member.status), which is not there")
        {
          return found
        }
        continue
      }
      if member.status != .alive,
        let found = broken(.aliveIsAlive, host, "holds n\(peer.0) \(member.status), which runs")
      {
        return found
      }
      let own = peer.1.members.first(where: \.isSelf)
      if isLive, own?.incarnation != member.incarnation,
        let found = broken(.newestLife, host, "holds n\(peer.0) at another incarnation than it has")
      {
        return found
      }
    }
    return nil
  }

  /// Whether all running nodes list the same members as live, and as many as run. Takes time in proportion to the hosts,
  /// so that thousands can be looked at often.
  package var isAcquainted: Bool {
    let running = running
    guard let first = running.first else { return true }
    let digest = nodes[first].activeMembers.digest
    return running.allSatisfy { nodes[$0].activeMembers == (running.count, digest) }
  }

  /// Runs until the cluster agrees, or the bound has passed.
  /// - Returns: how long it took; nil when it did not come to agree, which is a violation.
  @discardableResult
  package mutating func settle(within bound: Duration) -> Duration? {
    let start = time
    while violation == nil {
      guard let difference = disagreement() else { return time - start }
      if time - start >= bound {
        violation = Violation(rule: difference.rule, host: difference.host, time: time, detail: difference.detail)
      } else {
        run(for: Cluster.look)
      }
    }
    return nil
  }

  /// How often it is looked whether the cluster agrees.
  private static let look: Duration = .milliseconds(50)

  /// The processes that run, paused ones not counted.
  package var running: [Int] { hosts.indices.filter { hosts[$0].activity == .running } }

  /// The stamp that a host's process published last.
  package func stamp(of host: Int) -> Stamp { invariants.published(host) }

  /// The members that a host's node holds alive or suspect, itself among them.
  package func liveMembers(of host: Int) -> Int {
    status(of: host).members.count { $0.status == .alive || $0.status == .suspect }
  }

  /// What a host's node says of itself and the others.
  package func status(of host: Int) -> StatusSnapshot {
    let status = nodes[host].status(at: readClock(of: host))
    return tampering?.status(host, status) ?? status
  }
}
