// The README is part of the program: its commands are run, its options and requests are the real ones.

import Foundation
import Testing

@testable import unum

@Suite struct ReadmeTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func file(_ path: String) throws -> String {
    try String(contentsOf: ReadmeTests.root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The command lines in the README's shell blocks.
  private func commands() throws -> [String] {
    try file("README.md").components(separatedBy: "```sh\n").dropFirst().flatMap { block in
      block.components(separatedBy: "```")[0].split(separator: "\n").map(String.init)
    }
  }

  /// How each kind of command is run here; whatever else the README says to type is an error of the README.
  private enum Run {
    /// Builds and tests take minutes: the checks run them, this test sees that they do.
    case byTheChecks
    /// Takes an engine or a cluster of Kubernetes: what `Tests/Deploy/run` does in its place is there by these words.
    case byTheDeployment([String])
    /// Started for real, with options that need no network of its own, until it serves.
    case asNode([String])
    case asLocal([String])
    /// Run to its end; the README shows what it prints.
    case asSimulation([String])
  }

  private func run(of command: String) -> Run? {
    if command == "swift test" { return .byTheChecks }
    if let words = ReadmeTests.deployment[command] { return .byTheDeployment(words) }
    let words = command.split(separator: " ").map(String.init)
    if command.hasPrefix("swift run -c release unum local") { return .asLocal(Array(words.dropFirst(6))) }
    if command.hasPrefix("swift run -c release unum simulate") { return .asSimulation(Array(words.dropFirst(5))) }
    if words.first == "unum" { return .asNode(Array(words.dropFirst())) }
    return nil
  }

  /// The lines of "In containers", each with what runs it or, for lines that take more than an engine, what stands for
  /// it: manifests are validated, not applied.
  private static let deployment: [String: [String]] = [
    "docker build -t unum .": ["docker build --quiet --tag unum ."],
    "docker run -e ADVERTISE_ADDR=172.17.0.2 -p 8080:8080 unum": ["-e ADVERTISE_ADDR=172.17.0.2 -p 8080:8080"],
    "docker run -e ADVERTISE_ADDR=172.17.0.3 -e CLUSTER_ADDR=172.17.0.2 -p 8081:8080 unum": [
      "-e ADVERTISE_ADDR=172.17.0.3 -e CLUSTER_ADDR=172.17.0.2 -p 8081:8080"
    ],
    "docker run -e CLUSTER_ADDR=172.17.0.2 -p 8082:8080 unum": ["-e CLUSTER_ADDR=172.17.0.4 -p 8083:8080"],
    "docker compose -f deploy/compose.yaml up --build --wait": ["--file deploy/compose.yaml", "--build --wait"],
    "docker compose -f deploy/compose.yaml up --wait --scale more=5": ["--scale more=3"],
    "kubectl apply -k deploy/kubernetes": ["kubernetes-validate --strict", "resources_are_listed"],
    "kubectl port-forward service/unum 8080:80": ["kubernetes-validate --strict"],
  ]

  @Test func everyCommandOfTheReadmeWorks() async throws {
    let commands = try commands()
    #expect(commands.contains("swift test"))
    #expect(commands.contains("swift run -c release unum local"))
    for command in commands {
      switch run(of: command) {
      case nil: Issue.record("nothing here runs `\(command)`")
      case .byTheChecks: #expect(try checks().contains(command), "\(command)")
      case .byTheDeployment(let words):
        let script = try file("Tests/Deploy/run")
        for word in words { #expect(script.contains(word), "\(command): \(word)") }
      case .asNode(let arguments): try await expectNode(arguments)
      case .asLocal(let arguments): try await expectLocal(["local"] + arguments)
      case .asSimulation(let arguments): try await expectForecast(arguments)
      }
    }
  }

  /// The commands that `.ci/run` runs.
  private func checks() throws -> [String] {
    let lines = try file(".ci/run").split(separator: "\n")
    return lines.compactMap { line in
      line.firstMatch(of: /^\s*(swift [a-z]+)(?= )/).map { String($0.output.1) }
    }
  }

  /// A node starts with these options, on ports of its own (a later option of the same name wins).
  private func expectNode(_ arguments: [String]) async throws {
    let node = try Running(arguments + ["--bind", "127.0.0.1:0", "--http", "127.0.0.1:0"])
    _ = try await eventually("the start of \(arguments)") {
      if !node.isRunning { throw Missed(what: "it ended: \(node.standardError)", limit: .zero) }
      return node.standardError.contains(", HTTP ") ? true : nil
    }
    node.send(SIGTERM)
    #expect(try await node.outcome(within: .seconds(5)).status == 0)
  }

  /// The local cluster starts, and each line that it says to try works, in order.
  private func expectLocal(_ arguments: [String]) async throws {
    let local = try Running(arguments + ["--http-port", "0"])
    _ = try await eventually("the local cluster") {
      if !local.isRunning { throw Missed(what: "it ended: \(local.standardError)", limit: .zero) }
      return local.standardOutput.contains("Ctrl-C") ? true : nil
    }
    let urls = local.standardOutput.matches(of: /curl (http:\S+)/).map { String($0.output.1) }
    try #require(urls.count == 3)
    #expect(try await Running.curl(urls[0]) == "5")
    _ = try await eventually("5 on the last node") { try await Running.curl(urls[1]) == "5" ? true : nil }
    let members = try #require(try await Running.curl(urls[2]))
    #expect(members.contains("node1") && members.contains("node5"))
    local.send(SIGINT)
    #expect(try await local.outcome(within: .seconds(5)).status == 0)
  }

  /// The forecast has the form that the README shows, and figures near those: within a factor of two, because each change
  /// of the protocol throws other dice.
  private func expectForecast(_ arguments: [String]) async throws {
    let outcome = try await Running(arguments).outcome(within: .seconds(180))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let shown = try section("## What to expect").components(separatedBy: "```text\n")[1].components(separatedBy: "```")[
      0]
    // Bars come and go with the figures.
    let lines = [shown, outcome.standardOutput].map { $0.split(separator: "\n").filter { !$0.contains("│") } }
    try #require(lines[0].count == lines[1].count, "\(outcome.standardOutput)")
    #expect(lines[0].first == lines[1].first)
    for (shown, found) in zip(lines[0], lines[1]) {
      #expect(shown.replacing(/[0-9.]+/, with: "#") == found.replacing(/[0-9.]+/, with: "#"))
      for (old, new) in zip(shown.matches(of: /[0-9.]+/), found.matches(of: /[0-9.]+/)) {
        guard !shown.hasPrefix("False alarms"), let old = Double(old.output), let new = Double(new.output) else {
          continue
        }
        #expect(new >= old / 2 && new <= old * 2, "\(found)")
      }
    }
  }

  /// From a heading that begins like this to the next of its rank.
  private func section(_ heading: String) throws -> String {
    let text = try file("README.md")
    let start = try #require(text.range(of: "\n\(heading)"))
    let rest = text[start.upperBound...]
    return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
  }

  @Test func theTablesOfTheSimulationNameEveryOptionWithItsDefault() throws {
    let rows = try section("## What to expect").replacing("`", with: "").split(separator: "\n")
      .filter { $0.hasPrefix("| --") }
    let flags = SimulateFlags()
    let ownFlags = [
      "--nodes": flags.nodes, "--loss": flags.loss, "--delay": flags.delay, "--kill": flags.kill,
      "--seconds": flags.seconds, "--writes": flags.writes, "--seed": flags.seed,
    ]
    // Besides, --write-rate, --json, --svg, --trials and --trace, which have no default.
    #expect(rows.count == ownFlags.count + 5 + ProtocolOption.allCases.count)
    for (flag, text) in ownFlags {
      #expect(rows.contains { $0.hasPrefix("| \(flag) |") && $0.contains("| \(text) |") }, "\(flag)")
    }
    for option in ProtocolOption.allCases {
      let row = rows.first { $0.hasPrefix("| \(option.flag) |") }
      #expect(row?.hasSuffix("| \(option.defaultText) | \(option.summary) |") == true, "\(option.flag)")
    }
  }

  @Test func theConfigurationTableNamesEveryOptionWithItsVariableAndDefault() throws {
    let rows = try section("## Configuration").replacing("`", with: "").split(separator: "\n")
      .filter { $0.hasPrefix("| --") }
    #expect(rows.count == Setting.allCases.count)
    for setting in Setting.allCases {
      let row = try #require(rows.first { $0.hasPrefix("| \(setting.flag) | \(setting.variable) |") })
      // How an advertised address is found takes a sentence.
      #expect(setting == .advertise || row.contains("| \(setting.defaultText) |"))
    }
  }

  @Test func theMetricsTableNamesEveryMetricThatANodeShows() async throws {
    let node = try await RunningNode("measured")
    let shown = try #require(try await node.get("/metrics")).matches(of: /TYPE (\w+)/).map { String($0.output.1) }
    let rows = try file("README.md").split(separator: "\n").filter { $0.hasPrefix("| `unum_") }.joined()
    let listed = Set(rows.matches(of: /`(unum_\w+)`/).map { String($0.output.1) })
    #expect(Set(shown).subtracting(listed) == [])
    // These exist once there is something to count.
    let rare: Set = ["unum_datagram_send_errors_total", "unum_http_requests_total"]
    #expect(listed.subtracting(shown).subtracting(rare) == [])
  }

  @Test func theVersionIsTheSameInProgramReadmeAndChanges() throws {
    #expect(try file("README.md").contains("Unum \(Version.current): "))
    #expect(try file("CHANGELOG.md").contains("## \(Version.current)"))
  }

  @Test func everyFileThatTheReadmeNamesExists() throws {
    let paths = try file("README.md").matches(of: /`((?:Sources|Tests|\.ci)\/[\w\/.]+)`/).map { String($0.output.1) }
    #expect(paths.count >= 8)
    for path in paths {
      let there = ReadmeTests.root.appendingPathComponent(path).path
      #expect(FileManager.default.fileExists(atPath: there), "\(path)")
    }
  }
}
