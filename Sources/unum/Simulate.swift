// `unum simulate`: predicts what a cluster with these settings would do on such a network, before there is one.
//
// It runs the nodes' own code in virtual time, over a simulated network whose chances come from a seed. The same seed and
// options give the same output, byte for byte, so a figure can be quoted with the command that printed it. Rejected: the
// papers' formulas, because this protocol is not quite theirs.

import ArgumentParser
import Gossip
import Platform
import Simulation

/// Predicts how a cluster behaves.
struct Simulate: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Predict how a cluster behaves: writes, failures, false alarms, traffic.",
      discussion: """
        All nodes start at once and find each other. They run for --seconds, and
        some are killed in that time. Then --writes are made, each on a random
        node: one after the other, or --write-rate of them a second.
        Times have units: 300us, 400ms, 1.5s. The same options and seed give the
        same output.

        --trials asks the other question: not how fast a healthy cluster is, but
        whether a broken one recovers. Each trial is a cluster of 3 to 20 nodes that meets
        every kind of fault for --seconds. Trial 1 uses --seed, trial 2 the next
        seed, and so on. Invariants are checked after every step, and in the end
        the cluster must agree again. The status is 1 when a trial broke a rule;
        --trace shows what happened in it.

        The protocol's constants and their defaults; Settings.swift in
        Sources/Gossip says why each has its value and what another would cost:

        \(ProtocolOption.table)

        Try it: unum simulate --nodes 50 --loss 5% --delay 1ms..20ms --kill 3
        """)
  }

  @Option(help: help("Number of nodes, 2 to 1000.", "count", SimulateFlags().nodes)) var nodes: String?
  @Option(help: help("Share of datagrams lost in each direction.", "share", SimulateFlags().loss)) var loss: String?
  @Option(help: help("One-way delay, or its range.", "low..high", SimulateFlags().delay)) var delay: String?
  @Option(help: help("Number of processes to kill.", "count", SimulateFlags().kill)) var kill: String?
  @Option(help: help("Number of writes.", "count", SimulateFlags().writes)) var writes: String?
  @Option(help: ArgumentHelp("Stream the writes, this many a second.", valueName: "count")) var writeRate: String?
  @Option(help: help("Seconds before the writes; kills fall here.", "count", SimulateFlags().seconds)) var seconds:
    String?
  @Option(help: help("Random seed.", "number", SimulateFlags().seed)) var seed: String?
  @Flag(help: "Print JSON instead of text.") var json = false
  @Option(help: ArgumentHelp("Also draw the run into this file.", valueName: "file")) var svg: String?
  @Option(help: ArgumentHelp("Run this many trials with every kind of fault.", valueName: "count")) var trials: String?
  @Flag(help: "With --trials 1: print what happens in it.") var trace = false
  @OptionGroup(visibility: .hidden) var settings: ProtocolOptions

  private static func help(_ abstract: String, _ value: String, _ byDefault: String) -> ArgumentHelp {
    ArgumentHelp("\(abstract) (default: \(byDefault))", valueName: value)
  }

  /// The options as they were typed.
  private var flags: SimulateFlags {
    var flags = SimulateFlags()
    (flags.nodes, flags.loss, flags.delay) = (nodes ?? flags.nodes, loss ?? flags.loss, delay ?? flags.delay)
    (flags.kill, flags.writes) = (kill ?? flags.kill, writes ?? flags.writes)
    (flags.seconds, flags.seed) = (seconds ?? flags.seconds, seed ?? flags.seed)
    flags.writeRate = writeRate
    flags.settings = settings.given
    return flags
  }

  /// The same options, as trials see them.
  private var trialFlags: TrialFlags {
    var flags = TrialFlags()
    (flags.trials, flags.nodes, flags.seconds, flags.seed) = (trials, nodes, seconds, seed)
    (flags.json, flags.trace) = (json, trace)
    let others: [(String, String?)] = [
      ("--loss", loss), ("--delay", delay), ("--kill", kill), ("--writes", writes), ("--write-rate", writeRate),
      ("--svg", svg),
    ]
    flags.others = others.compactMap { flag, value in value.map { "\(flag) \($0)" } }
    let given = settings.given
    flags.others += ProtocolOption.allCases.compactMap { option in given[option].map { "\(option.flag) \($0)" } }
    return flags
  }

  func run() async throws {
    if let plan = try trialFlags.plan() { return try await run(plan) }
    let scenario = try flags.scenario()
    // The file is opened before the work, so that a mistyped directory does not waste it.
    let file = try svg.map { try OutputFile($0, option: "--svg") }
    var bar = ProgressBar(isShown: Descriptor.standardError.isTerminal, startedAt: .now)
    let forecast: Forecast
    do throws(Violation) {
      forecast = try scenario.predict { done in Terminal.show(bar.update(to: done, at: .now)) }
      Terminal.show(bar.end())
    } catch {
      Terminal.show(bar.end())
      Terminal.complain("a rule of the protocol was broken, which is a bug in Unum: \(error)")
      throw ExitCode.failure
    }
    try Terminal.answer(json ? forecast.json(changed: flags.settings) : forecast.text(changed: flags.settings))
    try file?.write(ForecastDrawing(forecast).svg)
  }
}

/// A line on a terminal that shows progress. It appears only after a second, and leaves nothing behind.
package struct ProgressBar {
  private let isShown: Bool
  private let start: ContinuousClock.Instant
  private var isVisible = false
  private var cells = -1

  /// Shorter work is over before anybody wonders.
  private static let delay: Duration = .seconds(1)
  /// Cells of the bar. With the percentage it takes half of a narrow terminal.
  private static let width = 30

  package init(isShown: Bool, startedAt start: ContinuousClock.Instant) {
    self.isShown = isShown
    self.start = start
  }

  /// What to write when this share is done; empty if the bar is hidden or has not changed.
  package mutating func update(to share: Double, at now: ContinuousClock.Instant) -> String {
    guard isShown, now - start >= ProgressBar.delay else { return "" }
    let percent = Int(min(max(share, 0), 1) * 100)
    guard percent != cells else { return "" }
    cells = percent
    isVisible = true
    let full = percent * ProgressBar.width / 100
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: ProgressBar.width - full)
    return "\r\(bar) \(percent) %"
  }

  /// What to write at the end to remove the bar: erase the line (ECMA-48, EL).
  package mutating func end() -> String { isVisible ? "\r\u{1B}[K" : "" }
}

/// A file that is opened before it is needed, and keeps its old content until it is written.
struct OutputFile: ~Copyable {
  private let descriptor: Descriptor
  private let path: String
  private let option: String

  init(_ path: String, option: String) throws(OutputFailure) {
    self.path = path
    self.option = option
    do throws(SystemError) {
      descriptor = try Descriptor.opened(path)
    } catch {
      throw OutputFailure(option: option, path: path, error: error)
    }
  }

  deinit { descriptor.shut() }

  /// Replaces the content of the file.
  func write(_ text: String) throws(OutputFailure) {
    descriptor.truncate()
    do throws(SystemError) {
      try descriptor.put(text)
    } catch {
      throw OutputFailure(option: option, path: path, error: error)
    }
  }
}

/// A file that cannot be written: the reason, and the option that names another.
struct OutputFailure: Error, CustomStringConvertible {
  var option: String
  var path: String
  var error: SystemError

  var description: String { "\(option) \(path): cannot be written: \(error.words)" }
}
