// A schedule of faults, drawn from a seed before the run begins.
//
// Each kind of fault draws its own times, targets and strengths from its own generator, so that leaving one kind out
// keeps all the others where they were: that is how the cause of a failure is narrowed down.

package import Gossip

/// What will be done to a cluster, and when.
package struct Schedule: Sendable {
  /// In no order of time.
  package private(set) var planned: [(time: Instant, action: Action)] = []
  /// When all faults have ended.
  package let end: Instant
  /// When the last process may start: one that was leaving when the faults ended.
  package var lastStart: Instant { end + .milliseconds(1500) }
  /// How often each kind of fault sets in.
  package private(set) var counts: [(kind: FaultKind, episodes: Int)] = []

  /// - Parameters:
  ///   - hosts: how many hosts there are.
  ///   - start: when the first fault may begin.
  ///   - duration: until all have ended.
  ///   - drawsRates: whether the seed also says how often each kind comes: from half as often as usual to four times.
  ///     Seeds that were kept before there were rates go without.
  ///   - isWantedInTheEnd: whether this host has to run when all have ended. Others may stay away for ever.
  package init(
    seed: UInt64, hosts: Int, kinds: [FaultKind], start: Instant, duration: Duration, drawsRates: Bool = false,
    isWantedInTheEnd: (Int) -> Bool = { _ in true }
  ) {
    end = start + duration
    for kind in kinds {
      var episodes = Episodes(of: kind, seed: seed, hosts: hosts, from: start, to: end, drawsRate: drawsRates)
      Schedule.plan(kind, &episodes)
      planned += episodes.planned
      counts.append((kind, episodes.count))
    }
    var generator = Generator(seed: seed, for: "end")
    for host in 0..<hosts {
      // The draw comes before the question, so that it is made for each host but the first.
      let stays = host > 0 && generator.chance(0.1) && !isWantedInTheEnd(host)
      mend(host, staysAway: stays)
    }
  }

  private static func plan(_ kind: FaultKind, _ episodes: inout Episodes) {
    switch kind {
    case .loss, .burstLoss, .slowNetwork, .heavyTail, .duplication, .reordering, .corruption, .truncation, .replay:
      NetworkFaults.plan(kind, &episodes)
    case .oneWayCut, .partition, .manyWayPartition, .partialPartition, .lossyLink, .flappingLink, .outage, .firewall,
      .smallPaths, .portMapping:
      PathFaults.plan(kind, &episodes)
    case .crash, .crashOfMany, .restartOfAll, .restartInThePast, .move, .leave, .duplicateAddress, .upgrade, .pause,
      .longPause, .busyHost, .clockJump, .clockDrift, .refusedHTTP:
      HostFaults.plan(kind, &episodes)
    case .lostNames, .oddNames, .falseNames, .noise, .lies, .forgeries, .flood, .writes, .notifies, .highNotifies:
      OutsideFaults.plan(kind, &episodes)
    }
  }

  /// In the end whatever is still wrong with a host is mended. Nearly all hosts are brought up again, so that both
  /// those that stay away and those that return are tried.
  private mutating func mend(_ host: Int, staysAway: Bool) {
    planned.append((end, .slow(host, .zero)))
    planned.append((end, .resume(host)))
    guard !staysAway else { return }
    planned.append((end, .start(host)))
    // Once more for a process that is just leaving then, which takes a second at most.
    planned.append((lastStart, .start(host)))
  }
}
