// A schedule of faults, drawn from a seed before the run begins.
//
// Each kind of fault draws its own times, targets and strengths from its own generator, so that leaving one kind out
// keeps all the others where they were: that is how the cause of a failure is narrowed down.

package import Gossip

/// The kinds of fault, and of load, that a schedule may hold.
package enum FaultKind: String, CaseIterable, Sendable {
  // The network.
  case loss, burstLoss, slowNetwork, heavyTail, duplication, reordering, corruption, truncation, replay
  // Who reaches whom.
  case oneWayCut, partition, manyWayPartition, partialPartition
  case lossyLink, flappingLink, outage, firewall, smallPaths, portMapping
  // Processes and machines.
  case crash, crashOfMany, restartOfAll, restartInThePast, move, leave, duplicateAddress
  case pause, longPause, busyHost, clockJump, clockDrift, refusedHTTP
  // The world outside.
  case lostNames, oddNames, falseNames, noise, lies, forgeries, flood
  // Load.
  case writes, notifies, highNotifies

  /// Whether it ends processes, which start again.
  var endsProcesses: Bool {
    switch self {
    case .crash, .crashOfMany, .restartOfAll, .restartInThePast, .move, .leave, .clockDrift, .duplicateAddress: true
    default: false
    }
  }

  /// What the first simulation of a cluster needs: the faults that every network has.
  package static let common: [FaultKind] = [
    .loss, .duplication, .partition, .crash, .pause, .writes, .notifies,
  ]
}

/// What will be done to a cluster, and when.
package struct Schedule: Sendable {
  /// In no order of time.
  package private(set) var planned: [(time: Instant, action: Action)] = []
  /// When all faults have ended.
  package let end: Instant
  /// When the last process may start: one that was leaving when the faults ended.
  package var lastStart: Instant { end + .milliseconds(1500) }
  let hosts: Int
  private let start: Instant
  var dice: Generator
  /// How often each kind of fault sets in.
  package private(set) var counts: [(kind: FaultKind, episodes: Int)] = []
  private var kind = 0
  private var episodes = 0
  private var begun = 0
  /// The mean gap between two episodes of this kind, in percent of the usual one.
  private var gapPercent: Int64 = 100

  /// - Parameters:
  ///   - hosts: how many hosts there are.
  ///   - start: when the first fault may begin.
  ///   - duration: until all have ended.
  ///   - drawsRates: whether the seed also says how often each kind comes: from half as often as usual to four times.
  ///     Seeds that were kept before there were rates go without.
  ///   - isWantedInTheEnd: whether this host has to run when all have ended. Who has not may stay away for ever.
  package init(
    seed: UInt64, hosts: Int, kinds: [FaultKind], start: Instant, duration: Duration, drawsRates: Bool = false,
    isWantedInTheEnd: (Int) -> Bool = { _ in true }
  ) {
    self.hosts = hosts
    self.start = start
    end = start + duration
    dice = Generator(seed: seed)
    for kind in kinds {
      dice = Generator(seed: seed, for: kind.rawValue)
      var rates = Generator(seed: seed, for: kind.rawValue + " rate")
      gapPercent = drawsRates ? 25 + Int64(rates.below(176)) : 100
      self.kind = FaultKind.allCases.firstIndex(of: kind) ?? 0
      episodes = 0
      begun = 0
      plan(kind)
      counts.append((kind, begun))
    }
    dice = Generator(seed: seed, for: "end")
    endAll(isWantedInTheEnd)
  }

  private mutating func plan(_ kind: FaultKind) {
    switch kind {
    case .loss, .burstLoss, .slowNetwork, .heavyTail, .duplication, .reordering, .corruption, .truncation, .replay:
      planConditions(kind)
    case .oneWayCut, .partition, .manyWayPartition, .partialPartition, .lossyLink, .outage, .firewall:
      planImpairments(kind)
    case .flappingLink: planFlapping()
    case .smallPaths: planSmallPaths()
    case .portMapping: planMappings()
    case .duplicateAddress: planDuplicates()
    case .crash, .crashOfMany, .restartOfAll, .restartInThePast, .move, .clockDrift, .leave: planRestarts(kind)
    case .pause, .longPause, .busyHost, .clockJump: planHostFaults(kind)
    case .refusedHTTP: planRefusals()
    case .lostNames, .oddNames, .falseNames: planNames(kind)
    case .flood: planFloods()
    case .noise, .lies, .forgeries, .writes, .notifies, .highNotifies: planLoad(kind)
    }
  }

  // MARK: Kinds

  private mutating func planConditions(_ kind: FaultKind) {
    planEpisodes(every: 20, lasting: 10) { schedule, begin, end in
      let id = schedule.nextID()
      schedule.add(.worsen(id, schedule.conditions(of: kind)), at: begin)
      schedule.add(.end(id), at: end)
    }
  }

  private mutating func conditions(of kind: FaultKind) -> Conditions {
    var conditions = Conditions.none
    let strength = Double(1 + dice.below(100)) / 100
    switch kind {
    case .loss: conditions.loss = 0.5 * strength
    case .burstLoss:
      conditions.burst = 0.01 * strength
      conditions.burstLength = .milliseconds(5 + dice.below(300))
    case .slowNetwork:
      conditions.delay = .milliseconds(dice.below(200))
      conditions.jitter = .milliseconds(dice.below(100))
    case .heavyTail:
      conditions.tail = 0.1 * strength
      conditions.tailDelay = .milliseconds(1 + dice.below(20))
    case .duplication: conditions.duplication = strength
    case .reordering:
      conditions.reordering = strength
      conditions.reorderDelay = .milliseconds(1 + dice.below(100))
    case .corruption: conditions.corruption = 0.3 * strength
    case .truncation: conditions.truncation = 0.3 * strength
    case .replay: conditions.replay = 0.5 * strength
    default: preconditionFailure("\(kind) is no condition of the network")
    }
    return conditions
  }

  private mutating func planRestarts(_ kind: FaultKind) {
    planEpisodes(every: 20, lasting: 10) { schedule, begin, end in
      var targets = [schedule.dice.below(schedule.hosts)]
      // All at once, and all of them join at once then.
      if kind == .restartOfAll { targets = Array(0..<schedule.hosts) }
      if kind == .crashOfMany { targets = (0..<schedule.hosts).filter { _ in schedule.dice.chance(0.7) } }
      for host in targets {
        schedule.add(kind == .leave ? .leave(host) : .crash(host), at: begin)
        switch kind {
        case .move: schedule.add(.move(host), at: end)
        case .restartInThePast:
          schedule.add(.turnClock(host, by: .seconds(-schedule.dice.below(86_400))), at: end)
        case .clockDrift: schedule.add(.drift(host, Int64(schedule.dice.below(2001) - 1000)), at: end)
        default: break
        }
        schedule.add(.start(host), at: end)
      }
    }
  }

  private mutating func planHostFaults(_ kind: FaultKind) {
    planEpisodes(every: 15, lasting: kind == .longPause ? 30 : 3) { schedule, begin, end in
      let host = schedule.dice.below(schedule.hosts)
      switch kind {
      case .busyHost:
        schedule.add(.slow(host, .milliseconds(1 + schedule.dice.below(400))), at: begin)
        schedule.add(.slow(host, .zero), at: end)
      case .clockJump:
        schedule.add(.turnClock(host, by: .seconds(schedule.dice.below(172_801) - 86_400)), at: begin)
      default:
        schedule.add(.pause(host), at: begin)
        schedule.add(.resume(host), at: end)
      }
    }
  }

  /// Ports that refuse: for a while, or for as long as their process lives, also into the quiet after the faults.
  private mutating func planRefusals() {
    planEpisodes(every: 30, lasting: 20) { schedule, begin, end in
      let host = schedule.dice.below(schedule.hosts)
      schedule.add(.refuseHTTP(host, true), at: begin)
      if schedule.dice.chance(0.5) { schedule.add(.refuseHTTP(host, false), at: end) }
    }
  }

  private mutating func planLoad(_ kind: FaultKind) {
    let gap: Int64 =
      switch kind {
      case .noise, .lies: 1
      // After the first one every generation is near the ceiling: most of a run should be without it.
      case .highNotifies: 60
      default: 3
      }
    planEpisodes(every: gap, lasting: 1) { schedule, begin, _ in
      let host = schedule.dice.below(schedule.hosts)
      let value = Int64(schedule.dice.below(1000))
      switch kind {
      case .noise: schedule.add(.noise(host), at: begin)
      case .lies: schedule.add(.lie(host), at: begin)
      case .forgeries: schedule.add(.forge(host, as: schedule.dice.below(schedule.hosts)), at: begin)
      case .highNotifies:
        let below = Int64(schedule.dice.below(2_000_000)) - 1_000_000
        schedule.add(.notifyNearCeiling(host, below: below, value), at: begin)
      case .notifies: schedule.add(.notify(host, ahead: UInt64(schedule.dice.below(3)), value), at: begin)
      default:
        schedule.add(.set(host, value), at: begin)
        // Sometimes another node is written to at the same moment.
        let other = schedule.dice.below(schedule.hosts)
        if schedule.dice.chance(0.3) { schedule.add(.set(other, value + 1), at: begin) }
      }
    }
  }

  // MARK: Times

  /// Episodes one after another: a gap and a length, each from zero to twice the mean in seconds, the gap as the rate says.
  mutating func planEpisodes(
    every gap: Int64, lasting length: Int64, _ plan: (inout Schedule, Instant, Instant) -> Void
  ) {
    var time = start
    while true {
      let begin = time + .microseconds(dice.below(Int(20_000 * gapPercent * gap)))
      guard begin < end else { return }
      time = begin + .microseconds(1 + dice.below(Int(2_000_000 * length)))
      begun += 1
      plan(&self, begin, min(time, end))
    }
  }

  mutating func nextID() -> FaultID {
    episodes += 1
    return FaultID(kind: kind, episode: episodes)
  }

  mutating func add(_ action: Action, at time: Instant) { planned.append((time, action)) }

  /// Whatever is still wrong is mended; nearly all hosts are brought up again, so that both who stays away and who
  /// returns is tried.
  private mutating func endAll(_ isWanted: (Int) -> Bool) {
    for host in 0..<hosts {
      let stays = host > 0 && dice.chance(0.1) && !isWanted(host)
      add(.slow(host, .zero), at: end)
      add(.resume(host), at: end)
      if !stays {
        add(.start(host), at: end)
        // Once more for who is just leaving then, which takes a second at most.
        add(.start(host), at: lastStart)
      }
    }
  }
}
