// What the documents state must be true of the program: options and defaults, requests, log lines, metrics, kinds.

import Agent
import Foundation
import Gossip
import Simulation
import Testing

@testable import unum

@Suite struct DocumentTablesTests {
  private let readme: Document
  private let agent: Document
  private let gossip: Document
  private let simulation: Document

  init() throws {
    readme = try Document("README.md")
    agent = try Document("Sources/Agent/README.md")
    gossip = try Document("Sources/Gossip/README.md")
    simulation = try Document("Sources/Simulation/README.md")
  }

  // MARK: Options

  @Test func `the configuration names every option with its variable and default`() throws {
    let rows = Document.rows(try readme.section("## Configuration"))
    #expect(rows.count == Setting.allCases.count)
    for setting in Setting.allCases {
      let row = try #require(rows.first { $0.prefix(2) == [setting.flag, setting.variable] }, "\(setting.flag)")
      // It takes a sentence to say how an advertised address is found.
      #expect(setting == .advertise || row[2] == setting.defaultText, "\(setting.flag)")
    }
  }

  @Test func `the simulation's options stand there with their defaults`() throws {
    let rows = Document.rows(try simulation.section("## Options"))
    let flags = SimulateFlags()
    let defaults = [
      "--nodes": flags.nodes, "--loss": flags.loss, "--delay": flags.delay, "--kill": flags.kill,
      "--seconds": flags.seconds, "--writes": flags.writes, "--seed": flags.seed, "--write-rate": "", "--json": "",
      "--svg": "", "--trials": "", "--trace": "",
    ]
    #expect(Set(rows.map { $0[0] }) == Set(defaults.keys))
    for row in rows { #expect(row[2] == defaults[row[0]], "\(row[0])") }
  }

  @Test func `the protocol's constants stand there with their defaults and in the help's words`() throws {
    let rows = Document.rows(try simulation.section("## The protocol's constants"))
    #expect(rows.count == ProtocolOption.allCases.count)
    for option in ProtocolOption.allCases {
      let row = try #require(rows.first { $0[0] == option.flag }, "\(option.flag)")
      #expect(row.suffix(2) == [option.defaultText, option.summary], "\(option.flag)")
    }
  }

  @Test func `every kind of fault stands there, and how many there are`() throws {
    let words = Document.rows(try simulation.section("### Kinds of fault")).flatMap { row in
      row[1].matches(of: /(?:^|, )(\w+)/).map { String($0.output.1) }
    }
    #expect(Set(words) == Set(FaultKind.allCases.map(\.rawValue)))
    for document in [readme, simulation, gossip] {
      #expect(document.text.contains("\(FaultKind.allCases.count) kinds of fault"), "\(document.path)")
    }
  }

  @Test func `every option of chaos stands there`() throws {
    let rows = Document.rows(try Document("deploy/README.md").section("## Chaos"))
    let flags = try Document.file("deploy/chaos").matches(of: /add_argument\("(--[a-z]+)"/).map { String($0.output.1) }
    #expect(rows.map { $0[0] } == ["--engine", "--nodes", "--seconds", "--seed", "--image", "--binary"])
    #expect(Set(rows.map { $0[0] }) == Set(flags))
  }

  // MARK: HTTP

  @Test func `every status code stands there, and no other`() throws {
    let rows = Document.rows(try agent.section("### Status codes"))
    #expect(rows.map { $0[0] } == HTTPStatus.allCases.map { "\($0.rawValue)" })
  }

  @Test func `both pages have every route`() throws {
    for document in [readme, agent] {
      let rows = Document.rows(try document.section("## HTTP")).map { $0[0] }.joined(separator: " ")
      for route in Route.allCases where route != .other {
        #expect(rows.contains("/\(route.rawValue)"), "\(document.path): /\(route.rawValue)")
      }
    }
  }

  @Test func `every status of a member, and every state of a copy, stands there`() throws {
    let section = try agent.section("### Members")
    #expect(Set(Document.rows(section).map { $0[0] }) == Set(MemberStatus.allCases.map(\.rawValue)))
    for copy in Convergence.allCases { #expect(section.contains("`\(copy.rawValue)`"), "\(copy)") }
  }

  // MARK: Metrics

  @Test func `every metric that a node shows stands there`() async throws {
    let node = try await RunningNode("measured")
    let shown = try #require(try await node.get("/metrics")).matches(of: /TYPE (\w+)/).map { String($0.output.1) }
    let rows = try agent.section("## Metrics").split(separator: "\n").filter { $0.hasPrefix("| `unum_") }.joined()
    let listed = Set(rows.matches(of: /`(unum_\w+)`/).map { String($0.output.1) })
    #expect(Set(shown).subtracting(listed) == [])
    // These appear only once there is something to count.
    let rare: Set = ["unum_datagram_send_errors_total", "unum_http_requests_total"]
    #expect(listed.subtracting(shown).subtracting(rare) == [])
  }

  @Test func `every reason for a refusal, and every outcome of a notify, stands there`() throws {
    let rows = Document.rows(try agent.section("### Why something is refused"))
    #expect(rows.map { $0[0] } == DropReason.allCases.map(\.rawValue))
    let metrics = try agent.section("## Metrics")
    for outcome in Notifier.Outcome.allCases { #expect(metrics.contains("`\(outcome.rawValue)`"), "\(outcome)") }
  }

  // MARK: The wire

  @Test func `every kind of datagram stands there with its byte`() throws {
    let rows = Document.rows(try gossip.section("## The wire format")).filter { $0.count == 5 }
    #expect(rows.map { $0[0] } == Message.Kind.allCases.map { "\($0.rawValue)" })
    #expect(rows.map { $0[1] } == Message.Kind.allCases.map(\.name))
  }

  @Test func `the format's sizes are those that are stated`() throws {
    let text = try gossip.section("## The wire format")
    #expect(text.contains("at most \(Wire.maximumSize.formatted) bytes, of which \(Wire.sealSize) are"))
    #expect(text.contains("need no more than \(Wire.modestPlainSize + Wire.sealSize)."))
    #expect(text.contains("\(Wire.buckets) digests"))
    #expect(text.contains("| 0 | 1 | version: \(Wire.version) |"))
    #expect(text.contains("| \(Wire.kindOffset) | 1 | kind |"))
    #expect(try Document("deploy/README.md").text.contains("\(Wire.maximumSize.formatted) bytes"))
  }

  /// The map is complete: it has each file of the core once, and no other.
  @Test func `the protocol's page names every file of the core`() throws {
    let named = Document.rows(try gossip.section("## Files")).flatMap { row in
      row[1].matches(of: /(\w+\.swift)/).map { String($0.output.1) }
    }
    let folder = Document.root.appendingPathComponent("Sources/Gossip").path
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
    #expect(named.sorted() == names.map { String($0.split(separator: "/").last ?? "") }.sorted())
  }

  // MARK: The rest

  @Test func `the version is the same in the program, the documents and the image`() throws {
    #expect(agent.text.contains("`Unum \(Version.current): "))
    #expect(try Document.file("CHANGELOG.md").contains("## \(Version.current)"))
    #expect(try Document.file("Dockerfile").contains("ARG VERSION=\(Version.current)"))
  }

  /// It may be a tenth off, or every new test would change the first page.
  @Test func `the first page shows how many tests there are`() throws {
    let shown = try #require(readme.text.firstMatch(of: /Test run with ([0-9]+) tests in ([0-9]+) suites/))
    let sources = try Document.tree().filter { $0.hasPrefix("Tests/") && $0.hasSuffix(".swift") }.map(Document.file)
    for (number, mark) in [(shown.output.1, "@Test"), (shown.output.2, "@Suite")] {
      let count = Double(sources.reduce(0) { $0 + $1.components(separatedBy: mark).count - 1 })
      #expect(abs((Double(number) ?? 0) - count) <= count / 10, "\(number) \(mark), and there are \(count)")
    }
  }

  @Test func `the first page fits`() {
    #expect(readme.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 221)
  }

  @Test func `every check of CI stands in the tests' page and runs in the workflow`() throws {
    let script = try Document.file(".ci/run")
    let list = try #require(script.firstMatch(of: /\nchecks=\(([a-z ]+)\)/)).output.1.split(separator: " ")
    let rows = Document.rows(try Document("Tests/README.md").section("## Before a change"))
    #expect(rows.flatMap { $0[0].split(separator: ", ") } == list)
    let workflow = try Document.file(".github/workflows/ci.yml")
    let run = Set(workflow.matches(of: /\.ci\/run ([a-z ]+)/).flatMap { $0.output.1.split(separator: " ") })
    // The workflow calls the deployment's own script, step by step.
    #expect(run.union(["deploy"]) == Set(list))
    let deployment = try Document.file("Tests/Deploy/run")
    let steps = try #require(deployment.firstMatch(of: /\nsteps=\(([a-z_ ]+)\)/)).output.1.split(separator: " ")
    let deployed = workflow.matches(of: /Tests\/Deploy\/run ([a-z_ ]+)/).flatMap { $0.output.1.split(separator: " ") }
    #expect(Set(deployed) == Set(steps))
  }
}

extension Int {
  /// The number as documents write it.
  fileprivate var formatted: String { self < 1000 ? "\(self)" : "\(self / 1000),\(String("\(self)".suffix(3)))" }
}
