// Turns what was typed into a scenario to run, or into one line that says why not.

import Gossip
import Simulation

/// The options of `unum simulate` about the cluster, not the protocol, as they were typed.
package struct SimulateFlags: Sendable {
  package var nodes = "100"
  package var loss = "0"
  package var delay = "300us..1ms"
  package var kill = "0"
  package var writes = "100"
  package var writeRate: String?
  package var seconds = "60"
  package var seed = "1"
  package var settings: [ProtocolOption: String] = [:]

  package init() {}

  /// A thousand nodes have a million views of each other; ten thousand would take 20 GB.
  private static let mostNodes = 1000
  /// An hour of a hundred nodes takes some minutes.
  private static let mostSeconds = 3600
  /// With more writes than this the 99th percentile no longer moves.
  private static let mostWrites = 10_000
  /// At a higher rate, writes follow each other faster than a datagram crosses any wire, and nearly all are lost.
  private static let highestRate = 10_000
  /// A network that loses more than nine of ten datagrams is not a network.
  private static let mostLoss = 0.9
  /// Nodes wait 0.7 s for a round trip at most, and no network on the ground is slower than this.
  private static let longestDelay: Duration = .seconds(2)

  /// The scenario to run.
  func scenario() throws(ConfigurationError) -> Scenario {
    var scenario = Scenario()
    scenario.nodes = try Quantity.count("--nodes", nodes, 2...SimulateFlags.mostNodes)
    scenario.kills = try Quantity.count("--kill", kill, 0...SimulateFlags.mostNodes)
    guard scenario.kills < scenario.nodes else {
      throw ConfigurationError(
        given: "--kill \(kill)", problem: "none of \(scenario.nodes) nodes would be left to notice",
        remedy: "give \(scenario.nodes - 1) at most, or more --nodes")
    }
    scenario.duration = .seconds(try Quantity.count("--seconds", seconds, 1...SimulateFlags.mostSeconds))
    scenario.writes = try Quantity.count("--writes", writes, 0...SimulateFlags.mostWrites)
    if let writeRate {
      scenario.writeRate = try Quantity.count("--write-rate", writeRate, 1...SimulateFlags.highestRate)
    }
    guard let seed = UInt64(seed) else {
      throw ConfigurationError(given: "--seed \(seed)", problem: "not a seed", remedy: "give 0 to \(UInt64.max)")
    }
    scenario.seed = seed
    scenario.conditions = try conditions()
    scenario.settings = try resolveSettings(settings)
    return scenario
  }

  private func conditions() throws(ConfigurationError) -> Conditions {
    var conditions = Conditions.lan
    guard let share = Quantity.share(loss), share <= SimulateFlags.mostLoss else {
      throw ConfigurationError(
        given: "--loss \(loss)", problem: "not a share of packets", remedy: "give 0% to 90%, such as 5% or 0.05")
    }
    guard let delays = Quantity.times(from: delay), delays.upperBound <= SimulateFlags.longestDelay else {
      throw ConfigurationError(
        given: "--delay \(delay)", problem: "not a one-way delay",
        remedy: "give one time or a range, 2s at most, such as 20ms or 1ms..20ms")
    }
    conditions.loss = share
    conditions.delay = delays.lowerBound
    conditions.jitter = delays.upperBound - delays.lowerBound
    return conditions
  }
}

/// The protocol's settings with these changes, checked one by one and then together.
func resolveSettings(_ given: [ProtocolOption: String]) throws(ConfigurationError) -> Settings {
  var settings = Settings()
  for option in ProtocolOption.allCases {
    if let text = given[option] { try option.apply(text, to: &settings) }
  }
  try check(settings, given)
  return settings
}

extension ProtocolOption {
  /// Checks and sets one value.
  fileprivate func apply(_ text: String, to settings: inout Settings) throws(ConfigurationError) {
    switch kind {
    case .time(let path, let least):
      guard let time = Quantity.time(text), time >= least else {
        throw error(text, "not a time", "give \(Quantity.text(least)) to 1h with its unit, such as \(defaultText)")
      }
      settings[keyPath: path] = time
    case .times(let path, let mayBeNone):
      guard let times = ProtocolOption.times(text), mayBeNone || !times.isEmpty else {
        let none = mayBeNone ? ", or none" : ""
        throw error(
          text, "not times in ascending order", "give up to 16 times with units\(none), such as \(defaultText)")
      }
      settings[keyPath: path] = times
    case .count(let path, let range):
      guard let number = Int(text), range.contains(number) else {
        throw error(
          text, Int(text) == nil ? "not a whole number" : "out of range",
          "give \(range.lowerBound) to \(range.upperBound)")
      }
      settings[keyPath: path] = number
    case .share(let path):
      guard let share = Quantity.share(text) else {
        throw error(text, "not a share", "give 0% to 100%, such as \(defaultText)")
      }
      settings[keyPath: path] = share
    }
  }

  /// Ascending times, at most 16: a probe with more pings than that is no longer a probe.
  private static func times(_ text: String) -> [Duration]? {
    if text == "none" { return [] }
    let times = text.split(separator: ",", omittingEmptySubsequences: false).map { Quantity.time(String($0)) }
    let known = times.compactMap { $0 }
    guard known.count == times.count, known.count <= 16 else { return nil }
    return zip(known, known.dropFirst()).allSatisfy { $0 < $1 } ? known : nil
  }

  fileprivate func error(_ text: String, _ problem: String, _ remedy: String) -> ConfigurationError {
    ConfigurationError(given: "\(flag) \(text.isEmpty ? "''" : text)", problem: problem, remedy: remedy)
  }
}

/// Finds settings that contradict each other, which no single value shows. The error names the option that was given; if
/// both were, the later one in the table.
private func check(_ settings: Settings, _ given: [ProtocolOption: String]) throws(ConfigurationError) {
  func require(
    _ holds: Bool, _ options: [ProtocolOption], _ problem: String
  ) throws(ConfigurationError) {
    guard !holds, let culprit = options.last(where: { given[$0] != nil }) ?? options.first else { return }
    let others = options.filter { $0 != culprit }.map { "\($0.flag) \(given[$0] ?? $0.defaultText)" }
    let text = given[culprit] ?? culprit.defaultText
    throw culprit.error(text, problem, "it must fit \(others.joined(separator: " and "))")
  }
  try require(
    settings.probeTimeout < settings.period, [.period, .probeTimeout],
    "a probe would not end before the next begins")
  try require(
    (settings.directPings.last ?? .zero) < settings.probeTimeout, [.probeTimeout, .directPings],
    "the last ping would come after the probe has failed")
  try require(
    (settings.indirectPings.last ?? .zero) < settings.probeTimeout, [.probeTimeout, .indirectPings],
    "helpers would be asked after the probe has failed")
  try require(
    settings.suspicionMinimum <= settings.suspicionMaximum, [.suspicionMaximum, .suspicionMinimum],
    "the minimum time to refute would exceed the maximum")
  try require(
    settings.pullInterval <= settings.pullBackoff, [.pullBackoff, .pullInterval],
    "the minimum time between pulls would exceed the maximum")
}
