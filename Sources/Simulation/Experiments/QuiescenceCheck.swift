// Quiescence: after the faults, on a quiet network that has settled, everything works and nobody is accused.
//
// What is checked here must hold at once, not within a bound, so it is the strictest part of a trial: each node is
// written to and heard, and one of them says goodbye.

internal import Gossip

/// The rules of a cluster in quiet.
package enum QuiescenceCheck {
  /// Writes to every node, and lets the last one leave.
  package static func run(on cluster: inout Cluster) {
    guard cluster.violation == nil else { return }
    checkLosses(&cluster)
    let accusations = cluster.membershipLog.falseAlarms.suspicions
    for host in cluster.running where cluster.violation == nil { checkWrite(on: host, &cluster) }
    if cluster.violation == nil, cluster.membershipLog.falseAlarms.suspicions > accusations {
      cluster.breaks(.quiescent, 0, "somebody was accused in quiet")
    }
    if cluster.violation == nil { checkAwareness(&cluster) }
    if cluster.violation == nil { checkGoodbye(&cluster) }
  }

  /// All agree on one stamp: what is not on the way to it was lost, and no more than that was reported.
  private static func checkLosses(_ cluster: inout Cluster) {
    guard let first = cluster.running.first else { return }
    let lost = cluster.lostWrites(at: cluster.stamp(of: first))
    guard cluster.toldLosses > lost else { return }
    cluster.breaks(.lossesAreReal, first, "\(cluster.toldLosses) writes were told as lost, \(lost) were")
  }

  private static func checkWrite(on host: Int, _ cluster: inout Cluster) {
    let value = Int64(1_000_000 + host)
    cluster.perform(.set(host, value))
    cluster.run(for: .seconds(1))
    if cluster.violation == nil, cluster.nodes[host].stamp.value != value {
      cluster.breaks(.writable, host, "a write was refused or lost in quiet")
    }
    if cluster.violation == nil, let (host, finding) = cluster.disagreement() {
      cluster.breaks(.quiescent, host, finding.detail)
    }
  }

  /// Every node comes to see all others as current. A node that the write was pushed to by chance shows it at once. The
  /// others do when they probe or are probed next, which comes to each pair within two rounds of the list.
  private static func checkAwareness(_ cluster: inout Cluster) {
    let running = cluster.running
    let period = running.map { cluster.hosts[$0].settings.period }.max() ?? .zero
    let health = running.map { cluster.status(of: $0).localHealth }.max() ?? 0
    let end = cluster.time + period * 2 * running.count * (1 + health)
    while cluster.violation == nil {
      var unaware: (host: Int, member: MemberView)?
      for host in running {
        let view = cluster.status(of: host)
        cluster.check(view, of: host)
        guard cluster.violation == nil else { return }
        let other = view.members.first { member in
          let isRunning = cluster.owner(of: member.address).map { running.contains($0) } ?? false
          return isRunning && member.convergence != nil && member.convergence != .current
        }
        if let other { unaware = unaware ?? (host, other) }
      }
      guard let (host, member) = unaware else { return }
      let shown = member.convergence.map(\.rawValue) ?? ""
      if cluster.time >= end {
        return cluster.breaks(.allAreCurrent, host, "shows \(member.address) as \(shown), long after a write")
      }
      cluster.run(for: look)
    }
  }

  /// How often it is checked whether all are aware of each other.
  private static let look: Duration = .milliseconds(100)

  /// When a node leaves in quiet, all hear of it. A node that goes without a word is found dead instead, and somebody
  /// is alarmed.
  private static func checkGoodbye(_ cluster: inout Cluster) {
    guard let leaver = cluster.running.last, cluster.running.count > 1 else { return }
    // From behind a port mapping a goodbye is a stranger's word: such a node is found dead instead, until datagrams
    // carry what shows whose they are.
    guard !cluster.isMapped(leaver) else { return }
    let address = cluster.hosts[leaver].address
    cluster.perform(.leave(leaver))
    // A leave takes its timeout at most, and a round trip or two to be passed on.
    cluster.run(for: cluster.hosts[leaver].settings.leaveTimeout + .milliseconds(200))
    guard cluster.violation == nil else { return }
    if cluster.hosts[leaver].activity == .running {
      return cluster.breaks(.leaveEnds, leaver, "was asked to leave and has not")
    }
    let missed = cluster.running.filter { host in
      cluster.status(of: host).members.first { $0.address == address }?.status != .left
    }
    // Rumours end after a bounded number of packets, so one goodbye in some thousand misses somebody, who finds it dead
    // instead. It is a fault when most miss it.
    guard let first = missed.first, 2 * missed.count > cluster.running.count else { return }
    cluster.breaks(.goodbyeIsHeard, first, "and \(missed.count - 1) more did not hear that n\(leaver) left")
  }
}
