// What hours do to a cluster, in a minute: the dead are forgotten, who sleeps longer than others remember joins anew, and
// who stayed away for as long returns as a stranger.
//
// A trial whose settings let nodes forget within seconds goes through this after its faults. Rejected: real hours in each
// trial (a quiet hour of five nodes takes as long as fifteen trials), and leaving it to chance under faults, where the
// next fault hides what a forgotten member cannot do.

internal import Gossip

extension Cluster {
  /// Lets all time for forgetting pass, twice: once with those away who are, once with some asleep. Then these return.
  mutating func proveForgetting(of returning: Range<Int>, within bound: Duration, seed: UInt64) {
    guard violation == nil else { return }
    let forgetting = hosts.map(\.settings.tombstoneLifetime).max() ?? .zero
    // Each node looks for whom to forget now and then, and death itself takes its time.
    let enough = forgetting + Node.forgetInterval * 2 + Cluster.dying
    run(for: enough)
    if let host = running.first(where: { host in status(of: host).members.contains { !$0.status.isLive } }) {
      return breaks(.deadAreForgotten, host, "still lists somebody who has gone for \(forgetting.inSeconds) s and more")
    }
    // Who returns now is unknown to all, and knows nobody.
    for host in returning { perform(.start(host)) }
    settle(within: bound)
    guard violation == nil else { return }
    proveSleep(of: enough, within: bound, Generator(seed: seed, for: "sleep"))
  }

  /// Some or all sleep for so long, and one of the others dies meanwhile.
  private mutating func proveSleep(of enough: Duration, within bound: Duration, _ dice: Generator) {
    var dice = dice
    let isNight = dice.chance(0.25)
    let asleep = running.filter { _ in isNight || dice.chance(0.5) }
    for host in asleep { perform(.pause(host)) }
    let victim = running.last
    if let victim { perform(.crash(victim)) }
    run(for: enough)
    let morning = time
    for host in asleep { perform(.resume(host)) }
    // Lists are compared, and pulled where they differ, within a few seconds.
    run(for: .seconds(5))
    let returned = census.changes.first { $0.time >= morning && $0.from == nil && $0.to == .alive && !$0.wasRunning }
    if violation == nil, let returned {
      return breaks(.deadAreForgotten, returned.observer, "lists \(returned.address) again, by a sleeper's memory")
    }
    settle(within: bound)
    if let victim { perform(.start(victim)) }
    settle(within: bound)
  }

  /// From a process's end, or stop, until the last node holds it dead.
  private static let dying: Duration = .seconds(10)
}

extension MemberStatus {
  /// Whether somebody is held to be there.
  var isLive: Bool { self == .alive || self == .suspect }
}
