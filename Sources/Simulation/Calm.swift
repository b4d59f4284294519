// After the faults: on a quiet network that has settled, everything works and nobody is accused.
//
// What is proved here must hold at once, not within a bound, so it is the strictest part of a trial: each node is
// written to and heard, and one of them says goodbye.

internal import Gossip

extension Cluster {
  /// Writes to every node, and lets the last one leave.
  package mutating func proveCalm() {
    guard violation == nil else { return }
    proveLosses()
    let accusations = census.falseSuspicions
    for host in running where violation == nil { proveWritable(host) }
    if violation == nil, census.falseSuspicions > accusations { breaks(.calm, 0, "somebody was accused in quiet") }
    if violation == nil { proveAwareness() }
    if violation == nil { proveGoodbye() }
  }

  /// Every node comes to see all others as current. Who was pushed to by chance shows it at once; the others do when they
  /// are probed next or probe us, which comes to each pair within two rounds of the list.
  private mutating func proveAwareness() {
    let running = running
    let period = running.map { hosts[$0].settings.period }.max() ?? .zero
    let health = running.map { status(of: $0).localHealth }.max() ?? 0
    let end = time + period * 2 * running.count * (1 + health)
    while violation == nil {
      var unaware: (host: Int, member: MemberView)?
      for host in running {
        let view = status(of: host)
        if let found = falseCopy(view, of: host) { return breaks(found.0, host, found.1) }
        let other = view.members.first { member in
          let isRunning = owner(of: member.address).map { running.contains($0) } ?? false
          return isRunning && member.convergence != nil && member.convergence != .current
        }
        if let other { unaware = unaware ?? (host, other) }
      }
      guard let (host, member) = unaware else { return }
      let shown = member.convergence.map(\.rawValue) ?? ""
      if time >= end { return breaks(.allAreCurrent, host, "shows \(member.address) as \(shown), long after a write") }
      run(for: Cluster.awarenessLook)
    }
  }

  private static let awarenessLook: Duration = .milliseconds(100)

  /// All agree on one stamp: what is not on the way to it was lost, and no more than that was told.
  private mutating func proveLosses() {
    guard let first = running.first else { return }
    let lost = invariants.lineage.lost(at: stamp(of: first))
    guard invariants.lineage.told > lost else { return }
    breaks(.lossesAreReal, first, "\(invariants.lineage.told) writes were told as lost, \(lost) were")
  }

  private mutating func proveWritable(_ host: Int) {
    let value = Int64(1_000_000 + host)
    perform(.set(host, value))
    run(for: .seconds(1))
    if violation == nil, nodes[host].stamp.value != value {
      breaks(.writable, host, "a write was refused or lost in quiet")
    }
    if violation == nil, let difference = disagreement() { breaks(.calm, difference.host, difference.detail) }
  }

  /// Who leaves in quiet is heard by all: a node that goes without a word is found dead instead, and somebody is alarmed.
  private mutating func proveGoodbye() {
    guard let leaver = running.last, running.count > 1 else { return }
    // From behind a port mapping a goodbye is a stranger's word: such a node is found dead instead, until datagrams carry
    // what shows whose they are.
    guard !mappings.concern(leaver) else { return }
    let address = hosts[leaver].address
    perform(.leave(leaver))
    // A leave takes its timeout at most, and a round trip or two to be passed on.
    run(for: hosts[leaver].settings.leaveTimeout + .milliseconds(200))
    guard violation == nil else { return }
    if hosts[leaver].activity == .running { return breaks(.leaveEnds, leaver, "was asked to leave and has not") }
    let missed = running.filter { host in
      status(of: host).members.first { $0.address == address }?.status != .left
    }
    // Rumours end after a bounded number of packets, so one goodbye in some thousand misses somebody, who finds it dead
    // instead; that most miss it is a fault.
    guard let first = missed.first, 2 * missed.count > running.count else { return }
    breaks(.goodbyeIsHeard, first, "and \(missed.count - 1) more did not hear that n\(leaver) left")
  }

  mutating func breaks(_ rule: Violation.Rule, _ host: Int, _ detail: String) {
    guard let found = invariants.broken(rule, detail) else { return }
    violation = Violation(rule: found.0, host: host, time: time, detail: found.1)
  }
}
