// Checks the checkers: the rule that it breaks finds each planted bug, for each rule there is a bug that no other rule
// finds, and without bugs the same seeds break nothing.

import Gossip
import Simulation
import Testing

/// What became of one planted bug.
private struct Finding: Sendable {
  var plant: Plant
  /// The number of seeds it took from each starting point; nil if the rule did not find it.
  var seeds: [Int?] = []
  /// What other rules said before it did.
  var others: [String] = []
  /// The runs in which the rule found it.
  var caught: [Trial] = []
  /// What other rules found without this one; nothing, if only this rule may find the bug.
  var withoutTheRule: [String] = []

  var median: Int? {
    let known = seeds.compactMap { $0 }
    return known.count == seeds.count ? known.sorted()[known.count / 2] : nil
  }
}

@SimulationThread @Suite struct PlantedBugTests {
  /// The first seeds of three searches, and how many seeds each may take.
  private nonisolated static let starts: [UInt64] = [1, 1001, 2001]
  private nonisolated static let cap = 60

  private nonisolated static func look(for plant: Plant) -> Finding {
    var finding = Finding(plant: plant)
    for start in starts {
      let seed = (0..<UInt64(cap)).first { offset in
        let trial = plant.trial(start + offset)
        let found = trial.run(mutation: plant.make()).violation
        if let found, found.rule != plant.rule { finding.others.append("seed \(trial.seed): \(found)") }
        return found?.rule == plant.rule
      }
      finding.seeds.append(seed.map { Int($0) + 1 })
      guard let seed else { return finding }
      let trial = plant.trial(start + seed)
      finding.caught.append(trial)
      if plant.isFoundByNoOther, start == starts[0] {
        let other = trial.run(mutation: plant.make(), ignoring: [plant.rule]).violation
        if let other { finding.withoutTheRule.append("seed \(trial.seed): \(other)") }
      }
    }
    return finding
  }

  @Test func `each planted bug is found by its rule, and the same seeds without it break nothing`() async {
    let findings = await inParallel(Plant.all) { PlantedBugTests.look(for: $0) }
    print(PlantedBugTests.table(of: findings))
    for finding in findings {
      let name = "\(finding.plant.name) (\(finding.plant.rule))"
      #expect(finding.median != nil, "\(name): found after \(finding.seeds), otherwise \(finding.others)")
      #expect(finding.withoutTheRule.isEmpty, "\(name)")
    }
    // Many bugs show in the same run, so each run is done once without any bug.
    let runs = Dictionary(grouping: findings.flatMap(\.caught), by: { "\($0.seed) \($0.kinds) \($0.faults)" })
    let innocent = await inParallel(runs.values.compactMap(\.first)) { trial in
      trial.run().violation.map { "seed \(trial.seed) of \(trial.kinds): \($0)" }
    }
    #expect(innocent.compactMap { $0 }.isEmpty)
  }

  private static func table(of findings: [Finding]) -> String {
    let rows = findings.map { finding in
      let median = finding.median.map(String.init) ?? "not found"
      let rule = finding.plant.rule.rawValue + (finding.plant.isFoundByNoOther ? "" : ", not alone")
      return "| \(finding.plant.name) | \(rule) | \(median) |"
    }
    return (["| planted bug | found by | seeds (median) |", "|---|---|---|"] + rows).joined(separator: "\n")
  }

  @Test func `there are thirty bugs and more, and for each rule one that no other rule finds`() {
    #expect(Plant.all.count >= 30)
    #expect(Set(Plant.all.map(\.name)).count == Plant.all.count)
    for rule in Violation.Rule.allCases {
      #expect(Plant.all.contains { $0.rule == rule && $0.isFoundByNoOther }, "\(rule)")
    }
  }
}
