// Seeded runs: many in every test run, and one of them again by `SEED=n`, written down (all of it with `DETAIL=1`).

import Foundation
import Gossip
import Simulation
import Testing

/// The seed to replay, when one is given.
let replayed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)

/// The seeds of the widest trials.
let sweep: [UInt64] = {
  let bounds = ProcessInfo.processInfo.environment["SWEEP"]?.split(separator: "-").compactMap { UInt64($0) } ?? []
  return bounds.count == 2 ? Array(bounds[0]...max(bounds[0], bounds[1])) : Array(1...20)
}()

/// Runs a trial and says all about it when it fails, or when it is the one to be replayed.
func expectHolds(_ trial: Trial, sourceLocation: SourceLocation = #_sourceLocation) {
  let outcome = trial.run()
  guard outcome.violation != nil || replayed != nil else { return }
  let isFull = ProcessInfo.processInfo.environment["DETAIL"] != nil
  let told = trial.run(detail: isFull ? .everything : .reports)
  let lines = replayed == nil ? told.trace.lines.suffix(40) : told.trace.lines[...]
  print(lines.joined(separator: "\n"))
  print("seed \(trial.seed): settled after \(told.settling.map { "\($0.inSeconds) s" } ?? "never")")
  if let violation = outcome.violation {
    Issue.record("seed \(trial.seed): \(violation)", sourceLocation: sourceLocation)
  }
}

@Suite struct TrialTests {
  @Test(arguments: replayed.map { [$0] } ?? Array(1...20))
  func `five nodes come together after loss, partitions, crashes and pauses`(seed: UInt64) {
    expectHolds(Trial(seed: seed))
  }

  @Test func `a probe that began in a partition accuses nobody after the heal`() {
    expectHolds(Trial(seed: 11))
  }

  /// `SWEEP=1-1000` runs so many, with every kind of fault, three to seven hosts.
  @Test(arguments: replayed.map { [$0] } ?? sweep)
  func `a cluster comes together after everything at once`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: FaultKind.allCases))
  }

  @Test func `leaving out one kind of fault keeps the schedule of the others`() {
    let start = Instant(microseconds: 0)
    let all = Schedule(seed: 5, hosts: 5, kinds: [.loss, .crash, .pause], start: start, duration: .seconds(60))
    let some = Schedule(seed: 5, hosts: 5, kinds: [.loss, .pause], start: start, duration: .seconds(60))
    #expect(some.planned.count < all.planned.count)
    for (time, action) in some.planned { #expect(all.planned.contains { $0.time == time && $0.action == action }) }
  }

  @Test func `the same seed is the same run, and another is another`() {
    let first = Trial(seed: 7, faults: .seconds(20)).run()
    #expect(first.trace.hash == Trial(seed: 7, faults: .seconds(20)).run().trace.hash)
    #expect(first.trace.hash != Trial(seed: 8, faults: .seconds(20)).run().trace.hash)
  }
}
