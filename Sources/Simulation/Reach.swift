// Nobody writes behind what is held where it can be reached: a client's write goes on top of what every member held for
// longer than a stamp travels.
//
// Promised is no more than that stamps spread, so the rule says when that is certain. Between two hosts nothing was in the
// way, and each listed the other, since before the one took its stamp over: then it pushed it to the other, or, where it
// lists more than it pushes to, to its neighbours in the ring, and these to theirs. And a process whose seed runs, can be
// reached and is what its name stands for has asked it as it started. A stamp that was taken over under faults may be
// pushed in vain and is found by the next probe, which may take a minute at the worst local health; that is no bound to
// hold a write to, and that all agree at last is another rule.
//
// Rejected: the same of every write, ready or not (a partition's sides write behind each other, and say so later).

internal import Gossip

/// Since when hosts reach each other with nothing in the way.
struct Paths {
  /// By pairs of hosts; the distant future while something is in the way.
  private var since: [[Instant]] = []
  /// As many as a trial can have. Each action from outside looks at all pairs, which a thousand hosts do a thousand times as
  /// they start.
  static let mostHosts = 50
  /// Since when names stand for what they should.
  private(set) var namesSince = Instant(microseconds: 0)

  func since(_ one: Int, _ other: Int) -> Instant {
    one < since.count && other < since.count ? since[one][other] : .distantFuture
  }

  /// Says whether anything is in the way between two hosts now.
  mutating func note(_ one: Int, _ other: Int, isClear: Bool, hosts: Int, at time: Instant) {
    while since.count < hosts { since.append([]) }
    for index in since.indices {
      while since[index].count < hosts { since[index].append(.distantFuture) }
    }
    let before = since[one][other]
    let now = isClear ? min(before, time) : .distantFuture
    since[one][other] = now
    since[other][one] = now
  }

  mutating func note(namesAreTrue: Bool, at time: Instant) {
    namesSince = namesAreTrue ? min(namesSince, time) : .distantFuture
  }
}

extension Cluster {
  /// Looks anew at what is in the way; after everything that is done from outside.
  mutating func notePaths() {
    guard hosts.count <= Paths.mostHosts else { return }
    let isCalm = network.isCalm && floods.isEmpty
    for one in hosts.indices {
      for other in hosts.indices where other > one {
        let isClear =
          isCalm && isWell(one) && isWell(other) && network.isOpen(from: one, to: other)
          && network.isOpen(from: other, to: one)
        paths.note(one, other, isClear: isClear, hosts: hosts.count, at: time)
      }
    }
    paths.note(namesAreTrue: nameServer.isHonest, at: time)
  }

  private func isWell(_ host: Int) -> Bool {
    hosts[host].activity == .running && !hosts[host].isLeaving && hosts[host].lateness == .zero
      && hosts[host].advertised == nil && !mappings.concern(host)
  }

  /// A process accepted a client's write: what it wrote on top of is what others held, as far as it is certain.
  func writtenBehind(_ step: Step) -> Violation? {
    guard hosts.count <= Paths.mostHosts, isWell(step.host), let base = step.base else { return nil }
    // What its clock does not allow it does not take.
    let ceiling = Ceiling(wall: step.wall, released: hosts[step.host].settings.released).forMembers
    for other in hosts.indices where other != step.host && isWell(other) {
      guard let stamp = certain(for: step.host, from: other), base < stamp.generation, stamp.generation <= ceiling
      else { continue }
      let detail = "writes on top of generation \(base), and n\(other) held \(stamp) within its reach"
      guard let found = invariants.broken(.writesAreOnTop, detail) else { return nil }
      return Violation(rule: found.0, host: step.host, time: time, detail: found.1)
    }
    return nil
  }

  /// What a host must have learnt of another's stamp by now; nil when that is not certain.
  private func certain(for host: Int, from other: Int) -> Stamp? {
    let latest = time - Cluster.spreading
    let clear = paths.since(host, other)
    guard clear <= latest else { return nil }
    let theirs = invariants.memories[other].reach
    guard let held = theirs.held(at: latest) else { return nil }
    // It asked its seeds as it started.
    let started = invariants.memories[host].vouching.started
    let isSeed = hosts[host].seeds.contains { $0.contains(other) }
    let asked = isSeed && clear <= started && paths.namesSince <= started ? theirs.held(at: started)?.stamp : nil
    let ours = invariants.memories[host].reach
    guard clear < held.since, ours.lists(hosts[other].address, since: held.since),
      theirs.lists(hosts[host].address, since: held.since)
    else { return asked }
    let reachesAll = held.others <= hosts[other].settings.fanout
    return reachesAll || isWhole(since: held.since) ? held.stamp : asked
  }

  /// Whether all that run reached and listed each other for so long, and nobody else: then the ring is closed.
  private func isWhole(since start: Instant) -> Bool {
    let members = hosts.indices.filter { hosts[$0].activity != .down }
    return members.allSatisfy { one in
      let reach = invariants.memories[one].reach
      guard isWell(one), reach.others == members.count - 1 else { return false }
      return members.allSatisfy { other in
        other == one || (paths.since(one, other) < start && reach.lists(hosts[other].address, since: start))
      }
    }
  }

  /// What a stamp takes to all that are in reach: ten hops, each with the delay of a quiet network and overtaken once.
  private static let spreading: Duration = .milliseconds(400)
}

extension Step {
  /// The generation on top of which a client's write was accepted in this step; nil when none was. Of several, the first.
  fileprivate var base: UInt64? {
    if case .notified = event { return nil }
    // What is published with the answer is what was written, whatever is answered.
    var written: Stamp?
    for effect in effects {
      switch effect {
      case .publish(let stamp): written = stamp
      case .answer(_, .accepted): return written.map { $0.generation - 1 }
      case .send, .notify, .retract, .answer, .resolve, .report, .readiness, .left: break
      }
    }
    return nil
  }
}

extension Invariants {
  /// Whom a process lists as live, and what it held when.
  struct Reach {
    struct Held {
      var since: Instant
      var stamp: Stamp
      /// How many others it listed as live when it took this over.
      var others: Int
    }

    private var listed: [Address: Instant] = [:]
    private var history: [Held] = []

    var others: Int { listed.count }

    init(at time: Instant = Instant(microseconds: 0)) {
      history = [Held(since: time, stamp: .initial, others: 0)]
    }

    func lists(_ address: Address, since time: Instant) -> Bool { listed[address].map { $0 < time } ?? false }

    /// What it held at that time; nil when it did not run yet.
    func held(at time: Instant) -> Held? { history.last { $0.since <= time } }

    mutating func note(_ step: Step, own address: Address, forgetting: Duration) {
      for effect in step.effects {
        switch effect {
        case .publish(let stamp), .retract(let stamp):
          history.append(Held(since: step.time, stamp: stamp, others: listed.count))
          if history.count > Reach.kept { history.removeFirst(Reach.kept / 2) }
        case .report(.memberChanged(_, let other, _, let to, _)) where other != address:
          if to != .alive && to != .suspect {
            listed[other] = nil
          } else if listed[other] == nil {
            listed[other] = step.time
          }
        case .report(.stalled(let stall)) where stall > forgetting: listed = [:]
        case .report, .readiness, .send, .notify, .answer, .resolve, .left: break
        }
      }
    }

    /// More than come within the time that a stamp travels.
    private static let kept = 256
  }
}
