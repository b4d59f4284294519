// The options of `unum simulate`, as tables.

import Foundation
import Gossip
import Testing

@testable import unum

@Suite struct SimulateOptionsTests {
  @Test(arguments: [
    ("0", 0), ("400ms", 400_000), ("1.5s", 1_500_000), ("300us", 300), ("300µs", 300), ("0.3ms", 300),
    ("1m", 60_000_000),
    ("1h", 3_600_000_000), ("0s", 0), ("0.000001s", 1),
  ])
  func `a time with its unit is read exactly, and written so that it is read again`(text: String, wanted: Int64) {
    #expect(Quantity.time(text)?.microseconds == wanted)
    #expect(Quantity.time(Quantity.text(.microseconds(wanted)))?.microseconds == wanted)
  }

  @Test(arguments: [
    "", "400", "ms", "-1s", "+1s", "1,5s", "1.s", ".5s", "1 s", "1.2.3s", "1e3ms", "0.5us", "2h", "99999999999h", "1S",
    "٣s", "1.1234567s", "1s ",
  ])
  func `what is no time is refused`(text: String) {
    #expect(Quantity.time(text) == nil)
  }

  @Test(arguments: [("5%", 0.05), ("0.05", 0.05), ("0", 0), ("100%", 1), ("1", 1), ("0.5%", 0.005)])
  func `a share is a percentage or a fraction`(text: String, wanted: Double) {
    #expect(Quantity.share(text) == wanted)
  }

  @Test(arguments: ["", "%", "101%", "1.1", "-5%", "5 %", "five"])
  func `what is no share is refused`(text: String) {
    #expect(Quantity.share(text) == nil)
  }

  @Test func `numbers are written with the digits that matter`() {
    #expect(
      [0, 0.0004, 0.12345, 1.2345, 12.345, 123.45, 12_345.6].map(Quantity.short)
        == ["0.000", "0.000", "0.123", "1.23", "12.3", "123", "12346"])
    #expect(Quantity.decimal(-0.0001, places: 2) == "0.00")
    #expect(Quantity.decimal(1.995, places: 6, isTrimmed: true) == "1.995")
    #expect(Quantity.decimal(20, places: 2, isTrimmed: true) == "20")
  }

  @Test(arguments: ProtocolOption.allCases)
  func `each option reaches its own setting, and its default is what nodes have`(option: ProtocolOption) throws {
    #expect(try resolveSettings([option: option.defaultText]) == Settings())
    let changed = try resolveSettings([option: try #require(SimulateOptionsTests.others[option])])
    #expect(changed != Settings())
    for other in ProtocolOption.allCases {
      #expect((other.text(in: changed) == other.defaultText) == (other != option), "\(other)")
    }
  }

  @Test func `each option is known by its flag, and stays what was typed`() async throws {
    let options = ProtocolOption.allCases.flatMap { [$0.flag, SimulateOptionsTests.others[$0] ?? ""] }
    let outcome = try await Running.run(
      ["simulate", "--nodes", "2", "--seconds", "1", "--writes", "0", "--json"] + options)
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let object = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
    let scenario = try #require(object?["scenario"] as? [String: Any])
    let named = SimulateOptionsTests.others.map { ($0.key.rawValue, $0.value) }
    #expect(scenario["settings"] as? [String: String] == Dictionary(uniqueKeysWithValues: named))
  }

  /// For each option, another value that fits the defaults of the rest.
  private static let others: [ProtocolOption: String] = [
    .period: "1s", .directPings: "0,100ms", .indirectPings: "none", .helpers: "1", .probeTimeout: "300ms",
    .nackShare: "50%", .maximumLocalHealth: "2", .suspicionMinimum: "600ms", .suspicionMaximum: "3s",
    .confirmations: "1", .suspectPingInterval: "50ms", .suspectPingers: "2", .pingsBeforeDeath: "3",
    .rumourFactor: "3", .fanout: "2", .pushes: "0", .pushInterval: "20ms", .pushRate: "50", .pushBurst: "30",
    .ringNeighbours: "0", .pushSpacing: "2ms", .pushReserve: "10",
    .notifyInterval: "1s", .notifyFanout: "0", .mismatchGrace: "0", .pullInterval: "500ms", .pullBackoff: "30s",
    .contactInterval: "2s",
  ]

  @Test(arguments: [
    ([ProtocolOption.period: "350ms"], "--period 350ms", "--probe-timeout 350ms"),
    ([.probeTimeout: "400ms"], "--probe-timeout 400ms", "--period 400ms"),
    ([.period: "300ms", .probeTimeout: "310ms"], "--probe-timeout 310ms", "--period 300ms"),
    ([.probeTimeout: "210ms"], "--probe-timeout 210ms", "--direct-pings 0,70ms,140ms,210ms"),
    ([.directPings: "0,350ms"], "--direct-pings 0,350ms", "--probe-timeout 350ms"),
    ([.indirectPings: "400ms"], "--indirect-pings 400ms", "--probe-timeout 350ms"),
    ([.suspicionMinimum: "2s"], "--suspicion-minimum 2s", "--suspicion-maximum 1.4s"),
    ([.suspicionMaximum: "400ms"], "--suspicion-maximum 400ms", "--suspicion-minimum 500ms"),
    ([.pullBackoff: "500ms"], "--pull-backoff 500ms", "--pull-interval 1s"),
  ])
  func `settings that contradict each other are told with both`(
    given: [ProtocolOption: String], culprit: String, other: String
  ) throws {
    let error = try #require(throws: ConfigurationError.self) { try resolveSettings(given) }
    #expect(error.given == culprit)
    #expect(error.remedy.hasSuffix(other), "\(error)")
  }

  @Test(arguments: [
    ["--nodes", "1"], ["--nodes", "1001"], ["--nodes", "many"], ["--loss", "5"], ["--loss", "95%"],
    ["--delay", "20ms..1ms"], ["--delay", "5"], ["--delay", "3s"], ["--delay", "1ms..20"], ["--kill", "100"],
    ["--kill", "x"], ["--seconds", "0"], ["--seconds", "3601"], ["--writes", "1.5"], ["--seed", "seven"],
    ["--period", "400"], ["--period", "0"], ["--direct-pings", "none"], ["--direct-pings", "10ms,5ms"],
    ["--direct-pings", "0,,70ms"], ["--helpers", "33"], ["--fanout", "0"], ["--nack-share", "110%"], ["--period", ""],
    ["--period", "1ms\n2"], ["--nope"], ["--period"], ["extra"],
  ])
  func `a wrong option is one line and status 64`(arguments: [String]) async throws {
    let outcome = try await Running.run(["simulate"] + arguments)
    #expect(outcome.status == 64)
    #expect(outcome.complaints.count == 1, "\(outcome.standardError)")
    #expect(outcome.standardError.hasPrefix("unum: "))
    #expect(outcome.standardError.contains(arguments[0]))
    #expect(outcome.standardOutput == "")
  }

  @Test func `the help names every option with its default`() async throws {
    let outcome = try await Running.run(["simulate", "--help"], environment: ["COLUMNS": "80"])
    #expect(outcome.status == 0)
    for option in ProtocolOption.allCases {
      #expect(outcome.standardOutput.contains("  \(option.flag) <"))
      #expect(outcome.standardOutput.contains("(\(option.defaultText))\n      \(option.summary)\n"))
    }
    // ArgumentParser itself prints the line of usage, and does not break it.
    let lines = outcome.standardOutput.split(separator: "\n").filter { !$0.hasPrefix("USAGE:") }
    #expect(lines.allSatisfy { $0.count <= 80 })
  }
}
