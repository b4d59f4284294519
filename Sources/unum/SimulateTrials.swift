// `unum simulate --trials N`: does it hold? It runs seeded trials with every kind of fault, checks each cluster after
// every step, and adds up the results. It can also show one trial event by event.
//
// The other half of `unum simulate` says how fast a cluster is on a network that somebody chose. This half chooses the
// worst network that it can, and says whether the rules hold. It has few options on purpose: what a seed means must not
// depend on how it was asked for, or nobody could replay it.

import Agent
import ArgumentParser
import Gossip
import Platform
import Simulation

/// The options of trials as they were typed; nil for those that were not given.
package struct TrialFlags: Sendable {
  package var trials: String?
  package var nodes: String?
  package var seconds: String?
  package var seed: String?
  package var json = false
  package var trace = false
  /// Flags that were given, but that only a forecast can use.
  package var others: [String] = []

  package init() {}

  /// Two cores run some millions in a day.
  private static let mostTrials = 10_000_000
  /// The time of a trial grows with the square of its nodes.
  private static let mostNodes = 50
  private static let mostSeconds = 3600

  /// What to run; nil if no trials were asked for.
  package func plan() throws(ConfigurationError) -> TrialPlan? {
    guard let trials else {
      guard !trace else {
        throw ConfigurationError(given: "--trace", problem: "there is no trial to trace", remedy: "give --trials 1")
      }
      return nil
    }
    if let other = others.first {
      throw ConfigurationError(
        given: other, problem: "trials choose their own network and load",
        remedy: "leave out this option or --trials \(trials)")
    }
    var plan = TrialPlan()
    plan.count = try Quantity.count("--trials", trials, 1...TrialFlags.mostTrials)
    if let nodes { plan.nodes = try Quantity.count("--nodes", nodes, 2...TrialFlags.mostNodes) }
    if let seconds { plan.faults = .seconds(try Quantity.count("--seconds", seconds, 1...TrialFlags.mostSeconds)) }
    if let seed {
      guard let first = UInt64(seed), first <= UInt64.max - UInt64(TrialFlags.mostTrials) else {
        throw ConfigurationError(
          given: "--seed \(seed)", problem: "not a first seed",
          remedy: "give 0 to \(UInt64.max - UInt64(TrialFlags.mostTrials))")
      }
      plan.first = first
    }
    guard !trace || plan.count == 1 else {
      throw ConfigurationError(given: "--trace", problem: "\(trials) traces would be mixed", remedy: "give --trials 1")
    }
    guard !trace || !json else {
      throw ConfigurationError(given: "--trace", problem: "a trace is text for people", remedy: "leave out --json")
    }
    return plan
  }
}

/// The trials to run, with seeds counting up from the first.
package struct TrialPlan: Equatable, Sendable {
  package var count = 1
  package var first: UInt64 = 1
  /// With nil the seed decides (`Sweep.hosts`).
  package var nodes: Int?
  package var faults: Duration = TrialPlan.usualFaults

  /// This is long enough for most kinds of fault to meet each other.
  package static let usualFaults: Duration = .seconds(60)

  func trial(_ number: Int) -> Trial { Sweep.trial(first + UInt64(number), hosts: nodes, faults: faults) }

  /// The command that runs one of them again, with everything that its outcome depends on.
  func replay(of seed: UInt64) -> String {
    var line = "unum simulate --trials 1 --seed \(seed)"
    if let nodes { line += " --nodes \(nodes)" }
    if faults != TrialPlan.usualFaults { line += " --seconds \(Int(faults.inSeconds))" }
    return line + " --trace"
  }

  /// Runs all trials, on as many threads as there are cores.
  ///
  /// - Parameter progress: is called with the share that is done, after every few trials.
  func run(progress: (Double) -> Void) async -> Sweep {
    var sweep = Sweep()
    let size = max(1, min(TrialPlan.batch, count / (4 * CurrentProcess.cores)))
    await withTaskGroup(of: Sweep.self) { group in
      var next = 0
      func addBatch() {
        guard next < count else { return }
        let batch = next..<min(next + size, count)
        next = batch.upperBound
        group.addTask {
          var part = Sweep()
          for number in batch { part.run(trial(number)) }
          return part
        }
      }
      for _ in 0..<CurrentProcess.cores { addBatch() }
      for await part in group {
        sweep.add(part)
        progress(Double(sweep.trials) / Double(count))
        addBatch()
      }
    }
    return sweep
  }

  /// The most trials in one task. They take a quarter of a second, so the bar moves and the cores finish together.
  private static let batch = 8
}

extension Simulate {
  /// Runs trials and prints the result.
  func run(_ plan: TrialPlan) async throws {
    if trace {
      let telling = Trace.Telling { LogLines(seeds: $1).lines(for: $0).map(\.message) }
      try Terminal.answer(plan.trial(0).run(telling: telling).trace.lines.joined(separator: "\n"))
    }
    var bar = ProgressBar(isShown: Descriptor.standardError.isTerminal, startedAt: .now)
    let start = ContinuousClock.now
    let sweep = await plan.run { done in Terminal.show(bar.update(to: done, at: .now)) }
    Terminal.show(bar.end())
    let report = TrialReport(plan: plan, sweep: sweep, elapsed: ContinuousClock.now - start)
    try Terminal.answer(json ? report.json : report.text)
    if !sweep.broken.isEmpty || report.slowness != nil { throw ExitCode.failure }
  }
}

/// The result of trials, for people and for programs.
struct TrialReport {
  var plan: TrialPlan
  var sweep: Sweep
  /// Real time.
  var elapsed: Duration

  /// For people, in eighty columns.
  var text: String {
    let seeds = plan.count == 1 ? "seed \(plan.first)" : "seeds \(plan.first) to \(plan.first + UInt64(plan.count) - 1)"
    let nodes = plan.nodes.map(String.init) ?? "\(Sweep.sizes.lowerBound) to \(Sweep.sizes.upperBound)"
    let trials = plan.count == 1 ? "1 trial" : "\(plan.count) trials"
    var lines = ["\(trials) of \(nodes) nodes, \(Quantity.text(plan.faults)) of faults, \(seeds)", ""]
    lines.append(row("Held", "\(sweep.trials - sweep.broken.count) of \(sweep.trials)"))
    if sweep.settling.count > 0 {
      lines.append(
        row(
          "Settled",
          "\(Quantity.short(sweep.settling.median)) s after the faults (median), "
            + "\(Quantity.short(sweep.settling.percentile(99))) (99 %), "
            + "\(Quantity.short(sweep.settling.greatest)) (worst)"))
    }
    if let slowness { lines.append(row("TOO SLOW", slowness)) }
    lines.append(row("Simulated", "\(Quantity.short(nodeHours)) node-hours, \(sweep.steps) steps, rules after each"))
    lines.append(row("Hash", "\(String(sweep.hash, radix: 16)) of everything that happened"))
    lines.append(row("Speed", "\(Quantity.short(speed)) simulated seconds in a second"))
    lines += faultLines
    for broken in sweep.broken.prefix(TrialReport.mostBroken) {
      lines += ["", "BROKEN seed \(broken.seed): \(broken.violation)", "  \(plan.replay(of: broken.seed))"]
    }
    let more = sweep.broken.count - TrialReport.mostBroken
    if more > 0 { lines += ["", "and \(more) more"] }
    return lines.joined(separator: "\n")
  }

  /// How the trials settled more slowly than they may; nil when they did not. Of clusters of a chosen size nothing is
  /// known.
  var slowness: String? { plan.nodes == nil ? sweep.slowness(after: plan.faults) : nil }

  /// Beyond these, they are the same fault again.
  private static let mostBroken = 10

  private var nodeHours: Double { sweep.nodeTime.inSeconds / 3600 }
  private var speed: Double { sweep.time.inSeconds / max(elapsed.inSeconds, 0.000_001) }

  /// `12 loss, 3 crash, …` over several lines.
  private var faultLines: [String] {
    let words = zip(FaultKind.allCases, sweep.faults).map { "\($1) \($0.rawValue)" }
    var lines: [String] = []
    var line = ""
    for word in words {
      if !line.isEmpty, line.count + word.count + 2 > TrialReport.width {
        lines.append(line + ",")
        line = ""
      }
      line += line.isEmpty ? word : ", \(word)"
    }
    return (lines + [line]).enumerated().map { row($0.offset == 0 ? "Faults" : "", $0.element) }
  }

  /// The width of the text to the right of the names.
  private static let width = 63

  private func row(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 15 - name.count)) + text
  }

  /// For programs: one object.
  var json: String {
    JSON.object([
      ("trials", JSON.integer(sweep.trials)), ("first_seed", JSON.integer(plan.first)),
      ("nodes", JSON.integer(plan.nodes)), ("fault_seconds", number(plan.faults.inSeconds)),
      ("held", JSON.integer(sweep.trials - sweep.broken.count)),
      (
        "broken",
        JSON.array(
          sweep.broken.map { broken in
            JSON.object([
              ("seed", JSON.integer(broken.seed)), ("rule", JSON.string(broken.violation.rule.rawValue)),
              ("detail", JSON.string(broken.violation.description)),
              ("replay", JSON.string(plan.replay(of: broken.seed))),
            ])
          })
      ),
      ("faults", JSON.object(zip(FaultKind.allCases, sweep.faults).map { ($0.rawValue, JSON.integer($1)) })),
      ("node_hours", number(nodeHours)), ("steps", JSON.integer(sweep.steps)),
      ("hash", JSON.string(String(sweep.hash, radix: 16))),
      ("settling_median_ms", settling(sweep.settling.median)),
      ("settling_99_ms", settling(sweep.settling.percentile(99))),
      ("settling_worst_ms", settling(sweep.settling.greatest)), ("too_slow", slowness.map(JSON.string) ?? "null"),
      ("simulated_seconds", number(sweep.time.inSeconds)), ("seconds", number(elapsed.inSeconds)),
    ])
  }

  private func settling(_ seconds: Double) -> String { sweep.settling.count > 0 ? number(seconds * 1000) : "null" }

  private func number(_ value: Double) -> String { Quantity.decimal(value, places: 6, isTrimmed: true) }
}
