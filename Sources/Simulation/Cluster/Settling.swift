// What a cluster shows: whether it has come together, and what each node says of itself.

package import Gossip

extension Cluster {
  // MARK: Agreement

  /// What still differs from one agreeing cluster, and on which host; nil when nothing does (see `Agreement`).
  func disagreement() -> (host: Int, finding: Findings.Finding)? {
    let views = running.map { host in
      NodeView(
        host: host, address: hosts[host].address, isLeaving: hosts[host].isLeaving,
        owesAnswer: invariants.owesAnswer(host), status: status(of: host))
    }
    return Agreement.difference(of: views, ignoring: invariants.ignored)
  }

  /// Whether all running nodes list the same members as live, and as many as run. Takes time in proportion to the
  /// hosts, so that thousands can be looked at often.
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
      guard let (host, finding) = disagreement() else { return time - start }
      if time - start >= bound {
        breaks(finding.rule, host, finding.detail)
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
    return mutation?.status(host, status) ?? status
  }

  /// Whether a host is behind a port mapping.
  func isMapped(_ host: Int) -> Bool { mappings.concern(host) }

  /// Everything that all hosts sent.
  package var sent: Traffic { hosts.reduce(Traffic()) { $0 + $1.sent } }

  /// Until when an accusation may be an echo of the faults: a probe whose pings all went out under them fails when they
  /// are over, at the worst local health and after slow round trips half a minute later. Each node is asked for that,
  /// as a bound for all of them would excuse half a minute of every trial. The accused gets a second more to refute.
  var lastEcho: Instant {
    let ends = running.compactMap { host in nodes[host].probeEnd.map { hosts[host].clock.trueTime(of: $0) } }
    return max(ends.max() ?? time, time) + .seconds(1)
  }

  // MARK: What is kept

  /// How many writes were lost if this is the last stamp.
  func lostWrites(at last: Stamp) -> Int { invariants.lineage.lost(at: last) }

  /// The losses that nodes reported so far.
  var toldLosses: Int { invariants.lineage.told }

  /// From now on it is kept when which stamp reached whom.
  mutating func keepPublications() { publications = [] }

  /// What was kept; nothing is kept from now on.
  mutating func takePublications() -> [Publication] {
    defer { publications = nil }
    return publications ?? []
  }

  // MARK: Rules

  /// A rule is broken, unless it is left out.
  mutating func breaks(_ rule: Violation.Rule, _ host: Int, _ detail: String) {
    violation = violation ?? invariants.violation(rule, host, detail, at: time)
  }

  /// Checks what a host's node shows to people, against the truth.
  mutating func check(_ view: StatusSnapshot, of host: Int) {
    violation = violation ?? invariants.check(view, of: host, at: time)
  }

  /// Throws the rule that was broken, if one was: figures of such a run mean nothing.
  package func check() throws(Violation) {
    if let violation { throw violation }
  }
}

extension Violation: Error {}
