// A forecast as text for people, and as JSON for programs.

import Agent
import Gossip
import Simulation

extension Forecast {
  /// For people, in eighty columns: first what was asked, then what to expect.
  func text(changed: [ProtocolOption: String]) -> String {
    var lines = [heading]
    if !changed.isEmpty {
      lines.append(
        "with "
          + ProtocolOption.allCases.compactMap { option in
            changed[option].map { "\(option.flag) \($0)" }
          }.joined(separator: " "))
    }
    lines += ["", row("Joining", joiningText)]
    lines += writeLines + streamLines + lossLines
    let hours = Quantity.short(nodeTime.inSeconds / 3600)
    lines.append(
      row(
        "False alarms",
        "\(falseAlarms.suspicions) suspicions, \(falseAlarms.deaths) deaths of live nodes in \(hours) node-hours"))
    lines.append(row("Traffic", "\(text(of: perSecond)) a second and node, headers included"))
    if let perWrite { lines.append(row("", "and \(text(of: perWrite)) a node for each write")) }
    return lines.joined(separator: "\n")
  }

  /// The scenario, in one line.
  var heading: String {
    let network = scenario.conditions
    let least = Quantity.text(network.delay)
    let delay = network.jitter == .zero ? least : "\(least)..\(Quantity.text(network.delay + network.jitter))"
    return "\(scenario.nodes) nodes, \(Quantity.percent(network.loss)) loss, \(delay) delay, "
      + "\(Quantity.text(scenario.duration)), \(scenario.kills) killed, seed \(scenario.seed)"
  }

  private var joiningText: String {
    guard let joining else { return "not all nodes found each other in 30 s" }
    return "all nodes know each other \(Quantity.short(joining.inSeconds)) s after they start together"
  }

  // MARK: Writes

  private var writeLines: [String] {
    let found = convergence
    guard found.count > 0 else {
      // A stream does not follow single writes.
      return spreads.isEmpty ? [] : [row("A write", "none of \(spreads.count) was on all nodes in 30 s")]
    }
    let figures = summary(found, unit: "ms")
    var lines = [row("A write", "is on all nodes after \(figures)")]
    if unfinishedWrites > 0 { lines.append(row("", "\(unfinishedWrites) of \(spreads.count) were not in 30 s")) }
    // If only one node is left, a write takes no time, and there is no shape to show.
    return found.greatest > 0 ? lines + bars(Histogram(found.values)) : lines
  }

  private var streamLines: [String] {
    guard let stream, let rate = scenario.writeRate else { return [] }
    var lines = [
      row("A stream", "of \(rate) writes a second loses \(stream.lost) of \(stream.accepted)"),
      row("", "a write, or a newer one, is on all nodes after"),
      row("", summary(stream.convergence, unit: "ms")),
      row(
        "",
        "\(Quantity.short(stream.sent.packets)) packets, \(Quantity.short(stream.sent.bytes)) bytes a second and node"),
    ]
    if stream.unfinished > 0 { lines.append(row("", "\(stream.unfinished) were not on all in 5 s")) }
    return lines
  }

  private func summary(_ found: Distribution, unit: String) -> String {
    "\(Quantity.short(found.median)) \(unit) (median), \(Quantity.short(found.percentile(99))) (99th), "
      + "\(Quantity.short(found.greatest)) (worst)"
  }

  /// The longest bar. With the figures beside it the line still fits eighty columns.
  private static let barWidth = 40

  private func bars(_ histogram: Histogram) -> [String] {
    let most = histogram.rows.map(\.count).max() ?? 1
    let places = histogram.width >= 1 ? 0 : histogram.width >= 0.1 ? 1 : 2
    return histogram.rows.enumerated().map { index, row in
      let isOpen = index > 0 && index == histogram.rows.count - 1
      let from = Quantity.decimal(row.from, places: places)
      let range = isOpen ? "\(from) ms and more" : "\(from) ms"
      // An eighth of a cell is the smallest bar. Whatever occurred at all gets one.
      let eighths = row.count == 0 ? 0 : max(1, row.count * Forecast.barWidth * 8 / most)
      let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
      let bar = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
      return Forecast.padLeft(range, 18) + " │" + bar + (row.count == 0 ? "" : " \(row.count)")
    }
  }

  // MARK: Failures

  private var lossLines: [String] {
    guard !losses.isEmpty else { return [] }
    var first = Distribution()
    var all = Distribution()
    for loss in losses {
      if let time = loss.first { first.add(time.inSeconds) }
      if let time = loss.all { all.add(time.inSeconds) }
    }
    let unnoticed = losses.count - all.count
    var lines: [String] = []
    if all.count > 0 {
      lines.append(row("A killed node", "is dead to the first node after \(median(first))"))
      lines.append(row("", "and to all nodes after \(median(all))"))
    }
    if unnoticed > 0 { lines.append(row("A killed node", "\(unnoticed) of \(losses.count) not known to all in 30 s")) }
    return lines
  }

  /// The median; and the worst, if there was more than one.
  private func median(_ found: Distribution) -> String {
    let median = "\(Quantity.short(found.median)) s"
    return found.count > 1 ? "\(median) (median), \(Quantity.short(found.greatest)) (worst)" : median
  }

  // MARK: Form

  private func text(of traffic: Traffic.Rate) -> String {
    "\(Quantity.short(traffic.packets)) packets, \(Quantity.short(traffic.bytes)) bytes"
  }

  private func row(_ name: String, _ text: String) -> String {
    name + String(repeating: " ", count: max(1, 15 - name.count)) + text
  }

  private static func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}

extension Forecast {
  /// For programs: one object. Times are in milliseconds, with the unit in their names; what did not happen is null.
  func json(changed: [ProtocolOption: String]) -> String {
    let network = scenario.conditions
    let options = ProtocolOption.allCases.compactMap { option in
      changed[option].map { (option.rawValue, JSON.string($0)) }
    }
    return JSON.object([
      (
        "scenario",
        JSON.object([
          ("nodes", JSON.integer(scenario.nodes)), ("loss", number(network.loss)),
          ("delay_ms", JSON.array([network.delay, network.delay + network.jitter].map { JSON.milliseconds($0) })),
          ("killed", JSON.integer(scenario.kills)), ("seconds", number(scenario.duration.inSeconds)),
          ("writes", JSON.integer(scenario.writes)),
          ("write_rate", scenario.writeRate.map { JSON.integer($0) } ?? "null"), ("seed", JSON.integer(scenario.seed)),
          ("settings", JSON.object(options)),
        ])
      ),
      ("joining_ms", JSON.milliseconds(joining)), ("write", writeJSON), ("stream", streamJSON),
      ("killed", killedJSON),
      (
        "false_alarms",
        JSON.object([
          ("suspicions", JSON.integer(falseAlarms.suspicions)), ("deaths", JSON.integer(falseAlarms.deaths)),
          ("node_hours", number(nodeTime.inSeconds / 3600)),
        ])
      ),
      ("traffic_per_node_second", json(of: perSecond)), ("traffic_per_node_write", perWrite.map(json(of:)) ?? "null"),
      // This is text, because a program that reads all numbers as doubles would round it.
      ("hash", JSON.string(String(hash, radix: 16))),
    ])
  }

  private var writeJSON: String {
    let found = convergence
    let isEmpty = found.count == 0
    let rows = Histogram(found.values).rows.map { row in
      JSON.object([("from_ms", number(row.from)), ("count", JSON.integer(row.count))])
    }
    return JSON.object([
      ("median_ms", isEmpty ? "null" : number(found.median)),
      ("p99_ms", isEmpty ? "null" : number(found.percentile(99))),
      ("worst_ms", isEmpty ? "null" : number(found.greatest)),
      ("converged", JSON.integer(found.count)), ("unfinished", JSON.integer(unfinishedWrites)),
      ("histogram", JSON.array(rows)),
    ])
  }

  private var streamJSON: String {
    guard let stream else { return "null" }
    let found = stream.convergence
    return JSON.object([
      ("accepted", JSON.integer(stream.accepted)), ("lost", JSON.integer(stream.lost)),
      ("told", JSON.integer(stream.told)), ("unfinished", JSON.integer(stream.unfinished)),
      ("median_ms", found.count == 0 ? "null" : number(found.median)),
      ("p99_ms", found.count == 0 ? "null" : number(found.percentile(99))),
      ("traffic_per_node_second", json(of: stream.sent)),
    ])
  }

  private var killedJSON: String {
    JSON.array(
      losses.map { loss in
        JSON.object([
          ("node", JSON.string("n\(loss.node)")), ("at_ms", JSON.milliseconds(loss.time)),
          ("first_ms", JSON.milliseconds(loss.first)), ("all_ms", JSON.milliseconds(loss.all)),
        ])
      })
  }

  private func json(of traffic: Traffic.Rate) -> String {
    JSON.object([("packets", number(traffic.packets)), ("bytes", number(traffic.bytes))])
  }

  private func number(_ value: Double) -> String { Quantity.decimal(value, places: 6, isTrimmed: true) }
}
