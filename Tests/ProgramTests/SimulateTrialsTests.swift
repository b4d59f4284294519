// What `unum simulate --trials` accepts, runs and prints.

import Foundation
import Gossip
import Simulation
import Testing

@testable import unum

@Suite struct SimulateTrialsTests {
  /// Short trials: a second in a debug build.
  private static let few = ["simulate", "--trials", "4", "--seconds", "5", "--seed", "7"]

  private func json(_ arguments: [String]) async throws -> [String: Any] {
    let outcome = try await Running(arguments + ["--json"]).outcome(within: .seconds(120))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    #expect(outcome.standardError == "")
    let text = Data(outcome.standardOutput.utf8)
    return try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
  }

  /// A result with one cluster that broke a rule: one of its five nodes reports a change, and then an older one.
  private func broken(_ plan: TrialPlan) -> Sweep {
    var mutation = Mutation()
    mutation.effects = { host, _, effects in
      host == 2 && effects.contains { if case .publish = $0 { true } else { false } }
        ? effects + [.publish(.initial)] : effects
    }
    var sweep = Sweep()
    sweep.count(plan.trial(0), plan.trial(0).run(mutation: mutation))
    return sweep
  }

  // MARK: Running

  @Test func `trials are counted with their faults, and the same seeds come to the same`() async throws {
    let first = try await json(SimulateTrialsTests.few)
    #expect(first["trials"] as? Int == 4)
    #expect(first["held"] as? Int == 4)
    #expect(first["first_seed"] as? Int == 7)
    #expect((first["broken"] as? [Any])?.count == 0)
    let faults = try #require(first["faults"] as? [String: Int])
    #expect(Set(faults.keys) == Set(FaultKind.allCases.map(\.rawValue)))
    // There is output about every three seconds.
    #expect(try #require(faults["writes"]) >= 4)
    // Seeds 7 to 10 have 5, 6, 7 and 3 nodes, each for 8 s and the quiet time after.
    #expect(try #require(first["node_hours"] as? Double) > 21.0 * 8 / 3600)
    let second = try await json(SimulateTrialsTests.few)
    for key in ["steps", "node_hours", "settling_worst_ms", "simulated_seconds"] {
      #expect(first[key] as? Double == second[key] as? Double, "\(key)")
    }
    // Running on several threads adds up to the same as running one by one.
    var (steps, hash) = (0, UInt64(0))
    for seed in 7...10 {
      let one = try await json(["simulate", "--trials", "1", "--seconds", "5", "--seed", "\(seed)"])
      steps += try #require(one["steps"] as? Int)
      hash &+= try #require((one["hash"] as? String).flatMap { UInt64($0, radix: 16) })
    }
    #expect(first["steps"] as? Int == steps)
    #expect(first["hash"] as? String == String(hash, radix: 16))
    #expect(second["hash"] as? String == String(hash, radix: 16))
  }

  /// Trials are exact, so the document shows the exact output, except for the time.
  @Test func `the trials of the simulation's page come to what it shows`() async throws {
    let command = "simulate --trials 16 --seconds 10"
    let exchanges = try Document("Sources/Simulation/README.md").blocks.flatMap(\.exchanges)
    let shown = try #require(exchanges.first { $0.command == "unum " + command }).output
    let outcome = try await Running(command.split(separator: " ").map(String.init)).outcome(within: .seconds(120))
    let timeless = { (lines: [String]) in lines.filter { !$0.isEmpty && !$0.hasPrefix("Speed") } }
    #expect(timeless(outcome.standardOutput.components(separatedBy: "\n")) == timeless(shown))
  }

  @Test func `the text says what held, in eighty columns`() async throws {
    let outcome = try await Running(SimulateTrialsTests.few + ["--nodes", "4"]).outcome(within: .seconds(120))
    #expect(outcome.status == 0)
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(lines.first == "4 trials of 4 nodes, 5s of faults, seeds 7 to 10")
    #expect(lines.contains("Held           4 of 4"))
    for name in ["Settled", "Simulated", "Hash", "Speed", "Faults"] {
      #expect(lines.contains { $0.hasPrefix(name + " ") }, "\(name)")
    }
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test func `a trace tells what happened, in order, and then what came of it`() async throws {
    let outcome = try await Running(["simulate", "--trials", "1", "--seconds", "5", "--trace"])
      .outcome(within: .seconds(120))
    #expect(outcome.status == 0)
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(lines.first == "0.000001 -- n0 starts")
    #expect(lines.contains { $0.hasSuffix(" is alive: it answered at its advertised address") })
    let trace = lines.prefix { !$0.hasPrefix("1 trial of ") }
    let times = trace.compactMap { line in line.split(separator: " ").first.flatMap { Double($0) } }
    #expect(times.count > 20 && times.count == trace.count && times == times.sorted())
    #expect(lines.contains("Held           1 of 1"))
  }

  // MARK: A broken rule

  @Test func `a broken rule is told with its seed and the line that runs it again`() throws {
    var plan = TrialPlan()
    plan.first = 9
    plan.nodes = 5
    plan.faults = .seconds(10)
    let sweep = broken(plan)
    #expect(sweep.broken.map(\.seed) == [9])
    let report = TrialReport(plan: plan, sweep: sweep, elapsed: .seconds(1))
    let replay = "unum simulate --trials 1 --seed 9 --nodes 5 --seconds 10 --trace"
    #expect(report.text.contains("\nHeld           0 of 1\n"))
    #expect(report.text.contains("\nBROKEN seed 9: stampsGrow broken by n2 at "))
    #expect(report.text.hasSuffix("\n  \(replay)"))
    let object = try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
    let told = try #require((object?["broken"] as? [[String: Any]])?.first)
    #expect(told["seed"] as? Int == 9)
    #expect(told["rule"] as? String == "stampsGrow")
    #expect(told["replay"] as? String == replay)
    #expect(object?["held"] as? Int == 0)
  }

  @Test func `the line that runs it again names only what differs from the usual`() {
    #expect(TrialPlan().replay(of: 3) == "unum simulate --trials 1 --seed 3 --trace")
  }

  // MARK: Options

  @Test(arguments: [
    ["--trials", "0"], ["--trials", "many"], ["--trials", "10000001"], ["--trials", "2", "--nodes", "51"],
    ["--trials", "2", "--nodes", "1"], ["--trials", "2", "--seconds", "0"], ["--trials", "2", "--seed", "x"],
    ["--trials", "2", "--seed", "18446744073709551615"], ["--trace"], ["--trace", "--trials", "2"],
    ["--trace", "--trials", "1", "--json"], ["--loss", "5%", "--trials", "2"], ["--delay", "1ms", "--trials", "2"],
    ["--kill", "1", "--trials", "2"], ["--writes", "5", "--trials", "2"], ["--svg", "x.svg", "--trials", "2"],
    ["--period", "1s", "--trials", "2"], ["--write-rate", "5", "--trials", "2"],
  ])
  func `what does not go together is one line and status 64`(arguments: [String]) async throws {
    let outcome = try await Running.run(["simulate"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.complaints.count == 1, "\(outcome.standardError)")
    #expect(outcome.standardError.hasPrefix("unum: "))
    // The last option with a value that is wrong by itself; the first of those that contradict each other.
    let culprit = arguments.count == 4 && arguments[0] == "--trials" ? arguments[2] : arguments[0]
    #expect(outcome.standardError.contains(culprit), "\(outcome.standardError)")
    #expect(outcome.standardOutput == "")
  }

  /// All that there are, so that a new one cannot be forgotten: an option without effect would be believed to have had one.
  @Test func `every option that trials cannot use is refused beside them`() async throws {
    let help = try await Running.run(["simulate", "--help"]).standardOutput
    let options = Set(help.matches(of: /--[a-z-]+/).map { String($0.output) })
    let usable: Set = ["--trials", "--nodes", "--seconds", "--seed", "--json", "--trace", "--help", "--version"]
    #expect(options.isSuperset(of: usable) && options.count > 20)
    for option in options.subtracting(usable) {
      let outcome = try await Running.run(["simulate", option, "1", "--trials", "2"])
      #expect(outcome.status == 64 && outcome.standardError.contains("\(option) 1"), "\(outcome.standardError)")
    }
  }
}
