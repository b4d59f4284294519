// Clocks that are wrong by a day cost nothing; by a year, nothing that lasts; by more, nothing that lasts once they are
// set right. Nothing ever needs a restart for it.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct WrongClocksTests {
  private nonisolated static let day: Int64 = 86_400_000_000
  private nonisolated static let year = 365 * day

  /// Hosts whose clocks are wrong by these microseconds, all running and in one cluster.
  private func cluster(seed: UInt64, wrongBy offsets: [Int64]) -> Cluster {
    var cluster = Cluster(seed: seed)
    var settings = Settings()
    settings.released = 0
    for (host, offset) in offsets.enumerated() {
      cluster.addHost(seeds: host == 0 ? [] : [[0]], settings: settings)
      cluster.perform(.turnClock(host, by: .microseconds(offset)))
    }
    for host in offsets.indices { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(30))
    return cluster
  }

  /// How long it takes until all others declare the last one dead.
  private func detection(seed: UInt64, wrongBy offsets: [Int64]) -> Double {
    var cluster = cluster(seed: seed, wrongBy: offsets)
    cluster.run(for: .milliseconds(5000 + Int64(seed) * 37))
    let began = cluster.time
    cluster.perform(.crash(offsets.count - 1))
    cluster.run(until: began + .seconds(60)) { cluster in
      cluster.running.allSatisfy { cluster.liveMembers(of: $0) == offsets.count - 1 }
    }
    #expect(cluster.violation == nil)
    return (cluster.time - began).inSeconds
  }

  nonisolated enum Spread: String, CaseIterable, Sendable {
    case right, aDayEitherWay, oneTwoDaysBehind, oneAYearBehind, theCrashedOneAYearAhead

    func offset(of host: Int, using generator: inout Generator) -> Int64 {
      switch self {
      case .right: 0
      case .aDayEitherWay: Int64(generator.below(Int(2 * day))) - day
      case .oneTwoDaysBehind: host == 1 ? -2 * day - 1_000_000 : 0
      case .oneAYearBehind: host == 1 ? -year : 0
      case .theCrashedOneAYearAhead: host == 7 ? year : 0
      }
    }
  }

  @Test(arguments: Spread.allCases)
  func `a crash is found as soon as with right clocks`(spread: Spread) {
    var times = (1...40 as ClosedRange<UInt64>).map { seed in
      var generator = Generator(seed: seed)
      return detection(seed: seed, wrongBy: (0..<8).map { spread.offset(of: $0, using: &generator) })
    }
    times.sort()
    print("clocks, \(spread): a crash is known to all after \(times[20]) s in the median and \(times[39]) s at most")
    #expect(times[20] < 1.4 && times[39] < 2.5, "\(times)")
  }

  /// Every kind of fault except those that turn clocks, because the test turns them.
  private static let kinds = FaultKind.allCases.filter { $0 != .clockJump && $0 != .restartInThePast }

  /// A trial in which each clock is set again and again, wrong by up to so many years.
  private func trial(seed: UInt64, years: Int64, isSetRight: Bool) -> Cluster {
    let hosts = 5
    var generator = Generator(seed: seed)
    var offsets = (0..<hosts).map { _ in Int64(generator.below(Int(2 * years * Self.year))) - years * Self.year }
    var cluster = Cluster(seed: seed)
    var settings = Settings()
    settings.released = 0
    for host in 0..<hosts {
      cluster.addHost(seeds: host < 3 ? [[0], [1], [2]] : [[host % 3]], settings: settings)
      cluster.perform(.turnClock(host, by: .microseconds(offsets[host])))
    }
    for host in 0..<hosts { cluster.perform(.start(host)) }
    let start = cluster.time + .seconds(3)
    let schedule = Schedule(seed: seed, hosts: hosts, kinds: Self.kinds, start: start, duration: .seconds(60))
    for (time, action) in schedule.planned { cluster.schedule(action, at: time) }
    func turn(_ host: Int, to offset: Int64, at time: Instant) {
      cluster.schedule(.turnClock(host, by: .microseconds(offset - offsets[host])), at: time)
      offsets[host] = offset
    }
    for second in stride(from: 1, to: 60, by: 3) {
      let offset = Int64(generator.below(Int(2 * years * Self.year))) - years * Self.year
      turn(generator.below(hosts), to: offset, at: start + .seconds(second))
      // What somebody outside can do to such a cluster at worst.
      let stamp = Action.notifyNearCeiling(generator.below(hosts), below: 0, Int64(second))
      cluster.schedule(stamp, at: start + .seconds(second) + .milliseconds(500))
    }
    if isSetRight { for host in 0..<hosts { turn(host, to: 0, at: schedule.end) } }
    cluster.run(until: schedule.end + .seconds(5))
    return cluster
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `a cluster converges whose clocks are wrong by up to a year`(seed: UInt64) {
    var cluster = trial(seed: seed, years: 1, isSetRight: false)
    cluster.settle(within: .seconds(240))
    cluster.run(for: .seconds(60))
    cluster.settle(within: .seconds(120))
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil, "seed \(seed)")
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `whose clocks were wrong by many years converge once they are set right`(seed: UInt64) {
    var cluster = trial(seed: seed, years: 6, isSetRight: true)
    cluster.settle(within: .seconds(240))
    cluster.run(for: .seconds(60))
    cluster.settle(within: .seconds(120))
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil, "seed \(seed)")
  }

  @Test(arguments: [1, 5])
  func `one notify wedges nobody whose clock was years ahead`(wrong: Int) {
    var cluster = cluster(seed: 3, wrongBy: (0..<5).map { $0 < wrong ? 3 * Self.year : 0 })
    cluster.perform(.set(4, 7))
    cluster.run(for: .seconds(2))
    cluster.perform(.notifyNearCeiling(0, below: 0, 666))
    cluster.run(for: .seconds(10))
    for host in 0..<wrong {
      cluster.perform(.turnClock(host, by: .microseconds(-3 * Self.year)))
      cluster.run(for: .seconds(3))
    }
    cluster.settle(within: .seconds(10))
    #expect((0..<5).allSatisfy { cluster.stamp(of: $0).value == (wrong == 1 ? 7 : 666) })
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil)
  }
}
