// Seeded runs. Every test run has many; `SEED=n` repeats one and prints it (with `DETAIL=1`, all of it).

import Foundation
import Gossip
import Simulation
import Testing

#if canImport(Agent)
  import Agent
#endif

/// The seed to replay, if one is given.
let replayed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)

/// The seeds of the widest trials.
let sweep: [UInt64] = {
  let bounds = ProcessInfo.processInfo.environment["SWEEP"]?.split(separator: "-").compactMap { UInt64($0) } ?? []
  return bounds.count == 2 ? Array(bounds[0]...max(bounds[0], bounds[1])) : Array(1...20)
}()

/// Runs a trial, and prints everything about it if it fails or is the one to replay.
func expectHolds(_ trial: Trial, sourceLocation: SourceLocation = #_sourceLocation) {
  let outcome = trial.run()
  guard outcome.violation != nil || replayed != nil else { return }
  let isFull = ProcessInfo.processInfo.environment["DETAIL"] != nil
  let told = trial.run(telling: Trace.Telling(isWhole: isFull, log: inWords))
  let lines = replayed == nil ? told.trace.lines.suffix(40) : told.trace.lines[...]
  print(lines.joined(separator: "\n"))
  let what =
    "seed \(trial.seed), \(trial.hosts) hosts, \(trial.faults.inSeconds) s of \(trial.kinds.count) kinds of fault"
  print("\(what): settled after \(told.settling.map { "\($0.inSeconds) s" } ?? "never")")
  if let violation = outcome.violation {
    Issue.record("\(what): \(violation)", sourceLocation: sourceLocation)
  }
}

/// A report in the words of the log; if only the core is built (`UNUM_CORE=1`), the bare value.
@Sendable private func inWords(_ report: Report, seeds: [String]) -> [String] {
  #if canImport(Agent)
    LogLines(seeds: seeds).lines(for: report).map(\.message)
  #else
    [String(describing: report)]
  #endif
}

@SimulationThread @Suite struct TrialTests {
  @Test(arguments: replayed.map { [$0] } ?? Array(1...20))
  func `five nodes come together after loss, partitions, crashes and pauses`(seed: UInt64) {
    expectHolds(Trial(seed: seed))
  }

  /// `SWEEP=1-1000` runs that range, with every kind of fault and three to twenty hosts.
  @Test(arguments: replayed.map { [$0] } ?? sweep)
  func `a cluster comes together after everything at once`(seed: UInt64) {
    expectHolds(Sweep.trial(seed))
  }

  /// The rest of a few hundred seeds, each shorter: a minute of one core in a debug build. Those that break run again
  /// to be printed.
  @Test func `two hundred more clusters come together after ten seconds of everything at once`() async {
    let trials = (replayed.map { [$0] } ?? Array(100_001...100_200)).map { Sweep.trial($0, faults: .seconds(10)) }
    let sweeps = await inParallel(trials) { trial in
      var sweep = Sweep()
      sweep.run(trial)
      return sweep
    }
    for (trial, sweep) in zip(trials, sweeps) where !sweep.broken.isEmpty || replayed != nil { expectHolds(trial) }
    var all = Sweep()
    for sweep in sweeps { all.add(sweep) }
    print("two hundred clusters settled: \(all.settling)")
    #expect(all.slowness(after: .seconds(10)) == nil)
  }

  @Test func `leaving out one kind of fault keeps the schedule of the others`() {
    let start = Instant(microseconds: 0)
    let all = Schedule(seed: 5, hosts: 5, kinds: [.loss, .crash, .pause], start: start, duration: .seconds(60))
    let some = Schedule(seed: 5, hosts: 5, kinds: [.loss, .pause], start: start, duration: .seconds(60))
    #expect(some.planned.count < all.planned.count)
    for (time, action) in some.planned { #expect(all.planned.contains { $0.time == time && $0.action == action }) }
  }

  @Test func `each seed has a rate of its own for each kind`() {
    let counts = (1...40 as ClosedRange<UInt64>).map { seed in
      let start = Instant(microseconds: 0)
      let schedule = Schedule(
        seed: seed, hosts: 5, kinds: [.writes, .loss], start: start, duration: .seconds(3600), drawsRates: true)
      return schedule.counts.map(\.episodes)
    }
    // A write takes a second, and its gap 0.75 to 6 s on average.
    let writes = counts.map { $0[0] }
    #expect((writes.min() ?? 0) < 700 && (writes.max() ?? 0) > 1500, "\(writes)")
    // A trial with many writes does not have many losses because of that.
    let order = { (kind: Int) in counts.indices.sorted { counts[$0][kind] < counts[$1][kind] } }
    #expect(order(0) != order(1))
  }

  @Test func `some hundred seeds have clusters of every size, most of them small`() {
    let sizes = (1...256 as ClosedRange<UInt64>).map { Sweep.trial($0).hosts }
    #expect(Set(sizes) == Set(Sweep.sizes))
    #expect(sizes.count { $0 > 7 } == 16)
  }

  @Test func `the same seed is the same run, and another is another`() {
    let first = Trial(seed: 7, faults: .seconds(20)).run()
    #expect(first.trace.hash == Trial(seed: 7, faults: .seconds(20)).run().trace.hash)
    #expect(first.trace.hash != Trial(seed: 8, faults: .seconds(20)).run().trace.hash)
  }
}
