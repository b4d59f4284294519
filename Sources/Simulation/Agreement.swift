// When the faults have ended, the cluster must come together: one stamp, one view of who lives, nobody accused.
//
// That the one stamp is the greatest that any running node held follows from two rules: stamps of a running process only
// grow (see `Invariants`), and all are equal here. Digests are not compared: they are sums over what is compared.

package import Gossip

extension Cluster {
  /// What still differs from one agreeing cluster; nil when nothing does. Takes time in proportion to the square of the
  /// hosts: for now and then, not for each step.
  package func disagreement() -> String? {
    let running = hosts.indices.filter { hosts[$0].activity == .running && !hosts[$0].isLeaving }
    guard let first = running.first else { return nil }
    for host in running where nodes[host].stamp != nodes[first].stamp {
      return "n\(first) holds \(nodes[first].stamp), n\(host) holds \(nodes[host].stamp)"
    }
    for host in running {
      if let difference = difference(of: host, from: running) { return difference }
    }
    return nil
  }

  private func difference(of host: Int, from running: [Int]) -> String? {
    let status = nodes[host].status(at: hosts[host].clock.now(at: time))
    guard status.readiness != nil else { return "n\(host) is not ready" }
    guard invariants.outstanding(host) == 0 else { return "n\(host) owes an answer" }
    var seen = 0
    for member in status.members {
      let peer = owner(of: member.address).flatMap { running.contains($0) ? $0 : nil }
      switch member.status {
      case .alive:
        guard let peer else { return "n\(host) holds \(member.address) alive, which is not" }
        let own = nodes[peer].status(at: hosts[peer].clock.now(at: time)).members.first(where: \.isSelf)
        guard own?.incarnation == member.incarnation else { return "n\(host) holds an old incarnation of n\(peer)" }
        seen += 1
      case .suspect: return "n\(host) suspects \(member.address)"
      case .dead, .left, .replaced:
        if let peer { return "n\(host) holds n\(peer) \(member.status.rawValue), which runs" }
      }
    }
    return seen == running.count ? nil : "n\(host) knows \(seen) of \(running.count)"
  }

  /// Runs until the cluster agrees, or the bound has passed.
  /// - Returns: how long it took; nil when it did not come to agree, which is a violation.
  @discardableResult
  package mutating func settle(within bound: Duration) -> Duration? {
    let start = time
    while violation == nil {
      let difference = disagreement()
      guard let difference else { return time - start }
      if time - start >= bound {
        violation = Violation(rule: .agreement, host: 0, time: time, detail: difference)
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
  package func status(of host: Int) -> StatusSnapshot { nodes[host].status(at: hosts[host].clock.now(at: time)) }
}
