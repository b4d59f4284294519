// Nobody writes behind what is held within reach: a client's write goes on top of what every member held for longer
// than a stamp travels.
//
// The protocol promises no more than that stamps spread, so the rule says when that is certain. Since before one host
// took its stamp over, nothing was in the way between it and the other, and each listed the other: then it pushed the
// stamp to the other or, where it lists more members than it pushes to, to its neighbours in the ring, and these to
// theirs. And a process whose seed runs, can be reached and is what its name stands for asked that seed as it started.
// A stamp that was taken over under faults may be pushed in vain and is found by the next probe, which may take a
// minute at the worst local health. No write can be held to that, and that all agree at last is another rule.
//
// Rejected: the same of every write, ready or not (a partition's sides write behind each other, and say so later).

internal import Gossip

/// The rule of what a client's write goes on top of.
struct ReachRule {
  private var paths = Paths()
  /// Of each host's process.
  private var reaches: [Reach] = []

  mutating func addHost() { reaches.append(Reach()) }

  mutating func started(_ host: Int, at time: Instant) { reaches[host] = Reach(at: time) }

  /// Looks anew at what is in the way; after everything that is done from outside.
  mutating func note(_ now: Surroundings, _ network: Network, isQuiet: Bool, namesAreTrue: Bool) {
    paths.note(now, network, isQuiet: isQuiet, namesAreTrue: namesAreTrue)
  }

  /// A process accepted a client's write: what it wrote on top of is what others held, as far as that is certain.
  mutating func check(_ step: Step, _ node: Node, _ now: Surroundings, _ findings: inout Findings) {
    if now.hosts.count <= Paths.mostHosts, now.isWell(step.host), let base = ReachRule.base(of: step) {
      checkWrite(step, on: base, now, &findings)
    }
    reaches[step.host].note(
      step, own: node.identity.address, tombstoneLifetime: now.hosts[step.host].settings.tombstoneLifetime)
  }

  private func checkWrite(_ step: Step, on base: UInt64, _ now: Surroundings, _ findings: inout Findings) {
    // What its clock does not allow it does not take.
    let ceiling = Ceiling(wall: step.wall, released: now.hosts[step.host].settings.released).forMembers
    for other in now.hosts.indices where other != step.host && now.isWell(other) {
      guard let stamp = certain(for: step.host, from: other, now), base < stamp.generation, stamp.generation <= ceiling
      else { continue }
      findings.broken(
        .writesAreOnTop, "writes on top of generation \(base), and n\(other) held \(stamp) within its reach")
    }
  }

  /// What a host must have learnt of another's stamp by now; nil when that is not certain.
  private func certain(for host: Int, from other: Int, _ now: Surroundings) -> Stamp? {
    let latest = now.time - ReachRule.spreading
    let clear = paths.since(host, other)
    guard clear <= latest else { return nil }
    let (ours, theirs) = (reaches[host], reaches[other])
    guard let held = theirs.held(at: latest) else { return nil }
    // It asked its seeds as it started.
    let isSeed = now.hosts[host].seeds.contains { $0.contains(other) }
    let hasAsked = isSeed && clear <= ours.started && paths.namesSince <= ours.started
    let asked = hasAsked ? theirs.held(at: ours.started)?.stamp : nil
    guard clear < held.since, ours.lists(now.hosts[other].address, since: held.since),
      theirs.lists(now.hosts[host].address, since: held.since)
    else { return asked }
    let reachesAll = held.others <= now.hosts[other].settings.fanout
    return reachesAll || isWhole(since: held.since, now) ? held.stamp : asked
  }

  /// Whether all that run reached and listed each other for so long, and nobody else: then the ring is closed.
  private func isWhole(since start: Instant, _ now: Surroundings) -> Bool {
    let members = now.hosts.indices.filter { now.hosts[$0].activity != .down }
    return members.allSatisfy { one in
      guard now.isWell(one), reaches[one].others == members.count - 1 else { return false }
      return members.allSatisfy { other in
        other == one
          || (paths.since(one, other) < start && reaches[one].lists(now.hosts[other].address, since: start))
      }
    }
  }

  /// The generation on top of which a client's write was accepted in this step; nil when none was. Of several, the
  /// first.
  private static func base(of step: Step) -> UInt64? {
    if case .notified = step.event { return nil }
    // What is published with the answer is what was written, whatever is answered.
    var written: Stamp?
    for effect in step.effects {
      switch effect {
      case .publish(let stamp): written = stamp
      case .answer(_, .accepted): return written.map { $0.generation - 1 }
      case .send, .notify, .retract, .answer, .resolve, .report, .readiness, .left: break
      }
    }
    return nil
  }

  /// What a stamp takes to all that are in reach: ten hops, each with the delay of a quiet network and overtaken once.
  private static let spreading: Duration = .milliseconds(400)
}
