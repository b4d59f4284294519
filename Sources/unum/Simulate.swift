// `unum simulate`: what to expect of a cluster with these settings on such a network, before there is one.
//
// It runs the code of the nodes themselves, in virtual time, over a network made of dice. The same seed and options are
// the same output, to the last byte, so that a figure can be quoted with the command that gave it. Rejected: formulas
// (they are the papers', and this protocol is not quite theirs).

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

        --trials asks the opposite: not how fast a healthy cluster is, but whether
        a broken one recovers. Each trial is a cluster of 3 to 20 nodes that meets
        every kind of fault for --seconds. Trial 1 uses --seed, trial 2 the next
        seed, and so on. Invariants are checked after every step, and in the end
        the cluster must agree again. The status is 1 when a trial broke a rule;
        --trace shows what happened in it.

        The protocol's constants and their defaults; Sources/Gossip/Settings.swift
        says why each has its value and what another one would cost:

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

  /// As they were typed.
  private var flags: SimulateFlags {
    var flags = SimulateFlags()
    (flags.nodes, flags.loss, flags.delay) = (nodes ?? flags.nodes, loss ?? flags.loss, delay ?? flags.delay)
    (flags.kill, flags.writes) = (kill ?? flags.kill, writes ?? flags.writes)
    (flags.seconds, flags.seed) = (seconds ?? flags.seconds, seed ?? flags.seed)
    flags.writeRate = writeRate
    flags.settings = settings.given
    return flags
  }

  /// The same, as trials see them.
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
    // Before the work: a mistyped directory should not cost it.
    let file = try svg.map { try OutputFile($0, option: "--svg") }
    var bar = ProgressBar(isShown: Descriptor.standardError.isTerminal, startedAt: .now)
    let forecast: Forecast
    do throws(Violation) {
      forecast = try scenario.foretell { done in Terminal.show(bar.update(to: done, at: .now)) }
      Terminal.show(bar.end())
    } catch {
      Terminal.show(bar.end())
      Terminal.complain("a rule of the protocol was broken, which is a fault of Unum's: \(error)")
      throw ExitCode.failure
    }
    try Terminal.answer(json ? forecast.json(changed: flags.settings) : forecast.text(changed: flags.settings))
    try file?.write(ForecastDrawing(forecast).svg)
  }
}

/// A line on a terminal that says how far something is. It appears only when there is more to wait for than a second,
/// and leaves nothing behind.
package struct ProgressBar {
  private let isShown: Bool
  private let start: ContinuousClock.Instant
  private var isVisible = false
  private var cells = -1

  /// What takes less is over before anybody wonders.
  private static let patience: Duration = .seconds(1)
  /// Cells of the bar: with its frame and the percentage half of a narrow terminal.
  private static let width = 30

  package init(isShown: Bool, startedAt start: ContinuousClock.Instant) {
    self.isShown = isShown
    self.start = start
  }

  /// What to write, for this share done; empty when nothing is to be seen or nothing changed.
  package mutating func update(to share: Double, at now: ContinuousClock.Instant) -> String {
    guard isShown, now - start >= ProgressBar.patience else { return "" }
    let percent = Int(min(max(share, 0), 1) * 100)
    guard percent != cells else { return "" }
    cells = percent
    isVisible = true
    let full = percent * ProgressBar.width / 100
    let bar = String(repeating: "█", count: full) + String(repeating: "░", count: ProgressBar.width - full)
    return "\r\(bar) \(percent) %"
  }

  /// What to write at the end, so that nothing is left of it: erase the line (ECMA-48, EL).
  package mutating func end() -> String { isVisible ? "\r\u{1B}[K" : "" }
}

/// A file that is opened before it is needed and keeps what it has until it is written.
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

  /// Replaces what the file had.
  func write(_ text: String) throws(OutputFailure) {
    descriptor.truncate()
    do throws(SystemError) {
      try descriptor.put(text)
    } catch {
      throw OutputFailure(option: option, path: path, error: error)
    }
  }
}

/// A file that cannot be written: why, and by which option to name another.
struct OutputFailure: Error, CustomStringConvertible {
  var option: String
  var path: String
  var error: SystemError

  var description: String { "\(option) \(path): cannot be written: \(error.words)" }
}
