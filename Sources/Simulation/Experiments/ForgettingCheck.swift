// What hours do to a cluster, in a minute: the dead are forgotten, a node that sleeps longer than others remember joins
// anew, and one that stayed away for as long returns as a stranger.
//
// A trial whose settings let nodes forget within seconds goes through this after its faults. Rejected: real hours in
// each trial (a quiet hour of five nodes takes as long as fifteen trials), and leaving it to chance under faults, where
// the next fault hides what a forgotten member cannot do.

internal import Gossip

/// The rules of what is forgotten.
enum ForgettingCheck {
  /// Lets all time for forgetting pass, twice: once with those away that are, once with some asleep. Then these return.
  static func run(on cluster: inout Cluster, returning: Range<Int>, within bound: Duration, seed: UInt64) {
    guard cluster.violation == nil else { return }
    let forgetting = cluster.hosts.map(\.settings.tombstoneLifetime).max() ?? .zero
    // Each node looks for members to forget now and then, and death itself takes its time.
    let enough = forgetting + Node.forgetInterval * 2 + dying
    cluster.run(for: enough)
    let keeper = cluster.running.first { host in
      cluster.status(of: host).members.contains { !$0.status.isLive }
    }
    if let keeper {
      let detail = "still lists somebody who has gone for \(forgetting.inSeconds) s and more"
      return cluster.breaks(.deadAreForgotten, keeper, detail)
    }
    // Those that return now are unknown to all, and know nobody.
    for host in returning { cluster.perform(.start(host)) }
    cluster.settle(within: bound)
    guard cluster.violation == nil else { return }
    checkSleep(of: enough, within: bound, Generator(seed: seed, for: "sleep"), &cluster)
  }

  /// Some or all sleep for so long, and one of the others dies meanwhile.
  private static func checkSleep(
    of enough: Duration, within bound: Duration, _ generator: Generator, _ cluster: inout Cluster
  ) {
    var generator = generator
    let isNight = generator.chance(0.25)
    let asleep = cluster.running.filter { _ in isNight || generator.chance(0.5) }
    for host in asleep { cluster.perform(.pause(host)) }
    let victim = cluster.running.last
    if let victim { cluster.perform(.crash(victim)) }
    cluster.run(for: enough)
    // A node that is alone awake, and doubts itself as nobody answers, may need longer than `dying` to find the death.
    if let victim, isListed(victim, on: cluster) { cluster.run(for: enough) }
    let morning = cluster.time
    for host in asleep { cluster.perform(.resume(host)) }
    // Lists are compared, and pulled where they differ, within a few seconds.
    cluster.run(for: .seconds(5))
    let returned = cluster.membershipLog.changes.first {
      $0.time >= morning && $0.from == nil && $0.to == .alive && !$0.wasRunning
    }
    if cluster.violation == nil, let returned {
      let detail = "lists \(returned.address) again, by a sleeper's memory"
      return cluster.breaks(.deadAreForgotten, returned.observer, detail)
    }
    cluster.settle(within: bound)
    if let victim { cluster.perform(.start(victim)) }
    cluster.settle(within: bound)
  }

  /// Whether a node that is awake lists this host's process as live.
  private static func isListed(_ victim: Int, on cluster: borrowing Cluster) -> Bool {
    let address = cluster.hosts[victim].address
    return cluster.running.contains { host in
      cluster.status(of: host).members.contains { $0.address == address && $0.status.isLive }
    }
  }

  /// From a process's end, or stop, until the last node holds it dead.
  private static let dying: Duration = .seconds(10)
}
