// Seeded runs: many in every test run, and one of them again by `SEED=n`, written down.

import Foundation
import Gossip
import Simulation
import Testing

/// The seed to replay, when one is given.
let replayed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)

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

  @Test func `the same seed is the same run, and another is another`() {
    let first = Trial(seed: 7, faults: .seconds(20)).run()
    #expect(first.trace.hash == Trial(seed: 7, faults: .seconds(20)).run().trace.hash)
    #expect(first.trace.hash != Trial(seed: 8, faults: .seconds(20)).run().trace.hash)
  }
}
