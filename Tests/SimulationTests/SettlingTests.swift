// How long it takes until all agree again, as a distribution over fixed seeds. Time is virtual, so the figures are
// exact, and a protocol that is twice as slow fails.
//
// After a sweep's many faults most clusters have settled by the first check, and some take long for many reasons (see
// `Sweep.slowness`, which holds a sweep to its pace). Here each figure has only one reason.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct SettlingTests {
  /// What there is to settle.
  enum Cause: String, CaseIterable, Sendable {
    /// Two sides that declared each other dead, each with its own write, meet again through their address books.
    case heal
    /// A killed node is found by a probe and a suspicion.
    case crash
  }

  /// The greatest median and the greatest 99 % in seconds.
  private static func bounds(_ cause: Cause) -> (median: Double, most: Double) {
    switch cause {
    case .heal: (0.6, 1.4)
    case .crash: (1.3, 2.2)
    }
  }

  private nonisolated static func settle(_ cause: Cause, seed: UInt64, slowly: Bool) -> Duration? {
    let count = 3 + Int(seed % 5)
    var settings = Settings()
    if slowly {
      settings.contactInterval = settings.contactInterval * 2
      settings.period = settings.period * 2
      settings.suspicionMinimum = settings.suspicionMinimum * 2
      settings.suspicionMaximum = settings.suspicionMaximum * 2
    }
    var cluster = Cluster(seed: seed)
    cluster.startHosts(count, settings: settings)
    cluster.run(for: .seconds(10))
    switch cause {
    case .crash: cluster.perform(.crash(1 + Int(seed / 5) % (count - 1)))
    case .heal:
      let split = 1 + Int(seed / 5) % (count - 1)
      cluster.perform(.impair(FaultID(1), Impairment.partition([Array(0..<split), Array(split..<count)])))
      cluster.run(for: .milliseconds(10_000 + Int64(seed * 37 % 2000)))
      cluster.perform(.set(0, 1))
      cluster.perform(.set(count - 1, 2))
      cluster.run(for: .seconds(1))
      cluster.perform(.end(FaultID(1)))
    }
    return cluster.settle(within: .seconds(60))
  }

  private nonisolated static func distribution(_ cause: Cause, slowly: Bool) async -> Distribution {
    let seeds = Array(1...150 as ClosedRange<UInt64>)
    var times = Distribution()
    for time in await inParallel(seeds, { settle(cause, seed: $0, slowly: slowly) }) {
      times.add(time?.inSeconds ?? .infinity)
    }
    print("\(cause), \(slowly ? "with timers twice as slow" : "as it is"): \(times)")
    return times
  }

  @Test(arguments: Cause.allCases)
  func `clusters settle within a median and a 99 % that timers twice as slow do not keep`(cause: Cause) async {
    let (median, most) = Self.bounds(cause)
    let times = await Self.distribution(cause, slowly: false)
    #expect(times.median <= median)
    #expect(times.percentile(99) <= most)
    let slow = await Self.distribution(cause, slowly: true)
    #expect(slow.median > median)
    #expect(slow.percentile(99) > most)
  }
}
