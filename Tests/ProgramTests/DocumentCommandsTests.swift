// Runs every command in every document, or checks that a script runs it; and compares the output with what the document
// shows.

import Foundation
import Testing

@testable import unum

@Suite struct DocumentCommandsTests {
  /// How each kind of command is tested. A document with any other command is wrong.
  private enum Run {
    /// Builds and tests take minutes: `.ci/run` runs them by these words.
    case byTheChecks([String])
    /// Needs an engine or a Kubernetes cluster: `Tests/Deploy/run` runs it, or something in its place, by these words.
    case byTheDeployment([String])
    /// A script of the tree that takes minutes: it must exist and know these words.
    case asScript(String, [String])
    /// A run of tests: a test must read the variables, and the filter must find a suite.
    case asTests([String: String], [String])
    /// Another test of this file, or of another one, runs it.
    case byTest(String)
    /// Started for real, with options that need no network of their own, until it serves.
    case asNode([String])
    case asLocal([String])
    /// Run to its end; the document shows its output.
    case asForecast([String])
    /// Run to its end.
    case asProgram([String])
  }

  private func run(of command: String, in path: String) -> Run? {
    var words = command.split(separator: " ").map(String.init)
    if let words = DocumentCommandsTests.deployment[command] { return .byTheDeployment(words) }
    if command.hasPrefix("swift run -c release unum local") { return .asLocal(Array(words.dropFirst(5))) }
    if command.hasPrefix("swift run -c release unum simulate") { return .asForecast(Array(words.dropFirst(5))) }
    if command == "unum simulate --trials 16 --seconds 10" { return .byTest("SimulateTrialsTests.swift") }
    if path == "README.md", words[0] == "curl" { return .byTest("DocumentCommandsTests.swift") }
    if words[0] == ".build/release/unum" || command.hasPrefix("unum simulate") {
      return .asProgram(Array(words.dropFirst()))
    }
    if words[0] == "unum" { return .asNode(Array(words.dropFirst())) }
    if words[0].contains("/"), Document.exists(words[0]) { return .asScript(words[0], Array(words.dropFirst())) }
    var variables: [String: String] = [:]
    while let variable = words.first?.wholeMatch(of: /([A-Z]+)=(\S+)/) {
      variables[String(variable.output.1)] = String(variable.output.2)
      words.removeFirst()
    }
    if words.starts(with: ["swift", "test"]), words.count > 2 {
      return .asTests(variables, Array(words.dropFirst(2)))
    }
    return words[0] == "swift" ? .byTheChecks([command]) : nil
  }

  /// The lines that need an engine, each with what runs it. If a line needs more than an engine, something runs in its
  /// place: manifests are validated, not applied.
  private static let deployment: [String: [String]] = [
    "docker build -t unum .": ["docker build --quiet --tag unum ."],
    "docker network create unum": ["docker network create unum"],
    "docker run -d --rm --name node1 -h node1 --network unum -p 8080:8080 unum": [
      "docker run -d --rm --name node1 -h node1 --network unum -p 8080:8080 unum"
    ],
    "docker run -d --rm --name node2 -h node2 --network unum -e CLUSTER_ADDR=node1 -p 8081:8080 unum": [
      "docker run -d --rm --name node2 -h node2 --network unum -e CLUSTER_ADDR=node1 -p 8081:8080 unum"
    ],
    "docker run -d --rm --name node3 -h node3 --network unum -e CLUSTER_ADDR=node1,node2 -p 8082:8080 unum": [
      "docker run -d --rm --name node3 -h node3 --network unum -e CLUSTER_ADDR=node1,node2 -p 8082:8080 unum"
    ],
    "curl localhost:8080/set/5": ["curl -sf localhost:8080/set/5"],
    "curl localhost:8082/members": ["curl -sf localhost:8082/members"],
    "docker rm -f node1 node2 node3": ["docker rm -f node1 node2 node3"],
    "docker network rm unum": ["docker network rm unum"],
    "docker run -e ADVERTISE_ADDR=172.17.0.2 -p 8080:8080 unum": ["-e ADVERTISE_ADDR=172.17.0.2 -p 8080:8080"],
    "docker run -e ADVERTISE_ADDR=172.17.0.3 -e CLUSTER_ADDR=172.17.0.2 -p 8081:8080 unum": [
      "-e ADVERTISE_ADDR=172.17.0.3 -e CLUSTER_ADDR=172.17.0.2 -p 8081:8080"
    ],
    "docker run -e CLUSTER_ADDR=172.17.0.2 -p 8082:8080 unum": ["-e CLUSTER_ADDR=172.17.0.4 -p 8083:8080"],
    "docker build --target test .": ["--target test"],
    "docker compose -f deploy/compose.yaml up --build --wait": ["--file deploy/compose.yaml", "--build --wait"],
    "docker compose -f deploy/compose.yaml up --wait --scale more=5": ["--scale more=3"],
    "kubectl apply -k deploy/kubernetes": ["kubernetes-validate --strict", "resources_are_listed"],
    "kubectl port-forward service/unum 8080:80": ["kubernetes-validate --strict"],
    "deploy/chaos --seed 5 --seconds 40": ["deploy/chaos --engine docker --seconds", "--seed 1"],
  ]

  @Test func `every command of every document works`() async throws {
    var done: Set<String> = []
    for document in try Document.all() {
      for command in document.commands where done.insert(command).inserted {
        guard let run = run(of: command, in: document.path) else {
          Issue.record("nothing here runs `\(command)` of \(document.path)")
          continue
        }
        try await expect(command, run)
      }
    }
    #expect(done.isSuperset(of: ["swift test", "swift run -c release unum local", ".ci/run"]))
    #expect(done.count >= 50)
    // A line that is no longer in any document.
    #expect(Set(DocumentCommandsTests.deployment.keys).subtracting(done) == [])
  }

  private func expect(_ command: String, _ run: Run) async throws {
    switch run {
    case .byTheChecks(let words): try expect(words, in: Document.file(".ci/run"), of: command)
    case .byTheDeployment(let words): try expect(words, in: Document.file("Tests/Deploy/run"), of: command)
    case .asScript(let path, let words): try expectScript(path, words)
    case .asTests(let variables, let arguments): try expectTests(command, variables, arguments)
    case .byTest(let file):
      let text = try Document.file("Tests/ProgramTests/" + file)
      #expect(text.contains("theClusterByHand") || text.contains(String(command.dropFirst(5))), "\(command)")
    case .asNode(let arguments): try await expectNode(arguments)
    case .asLocal(let arguments): try await expectLocal(arguments)
    case .asForecast(let arguments): try await expectForecast(arguments)
    case .asProgram(let arguments):
      let outcome = try await Running(arguments).outcome(within: .seconds(180))
      #expect(outcome.status == 0 && outcome.standardOutput != "", "\(command): \(outcome.standardError)")
    }
  }

  private func expect(_ words: [String], in script: String, of command: String) {
    for word in words { #expect(script.contains(word), "\(command): \(word)") }
  }

  // MARK: Commands that others run

  /// The script is executable, and its folder knows every word in the command. Numbers are up to the user.
  private func expectScript(_ path: String, _ words: [String]) throws {
    let file = Document.root.appendingPathComponent(path)
    #expect(FileManager.default.isExecutableFile(atPath: file.path), "\(path)")
    let folder = file.deletingLastPathComponent()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasSuffix(".md") }
    let texts = names.compactMap { try? String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
    for word in words where Int(word) == nil && !word.contains("…") {
      #expect(texts.contains { $0.contains(word) }, "\(path) does not know \(word)")
    }
  }

  /// Another `swift test` would take minutes. So this only checks what makes it special: a test reads each variable,
  /// and the filter names a suite or a target.
  private func expectTests(_ command: String, _ variables: [String: String], _ arguments: [String]) throws {
    let sources = try DocumentCommandsTests.tests.map(Document.file)
    for variable in variables.keys {
      let isRead = sources.contains { $0.contains("\"\(variable)\"") }
      #expect(isRead, "\(command): \(variable)")
    }
    let position = try #require(arguments.firstIndex(of: "--filter"), "\(command)")
    for part in arguments[position + 1].replacing("'", with: "").split(separator: "|") {
      let isTarget = Document.exists("Tests/\(part)")
      #expect(isTarget || sources.contains { $0.contains("struct \(part)") }, "\(command): \(part)")
    }
  }

  /// The sources of all tests.
  private static let tests = ["GossipTests", "SimulationTests", "AgentTests", "ProgramTests"].flatMap { target in
    let folder = Document.root.appendingPathComponent("Tests/\(target)").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".swift") }.map { "Tests/\(target)/\($0)" }
  }

  // MARK: Commands that run here

  /// A node starts with these options, on its own ports (the last option of a name wins).
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
    let shown = try #require(Document("README.md").blocks.first { $0.language == "text" })
    #expect(DocumentCommandsTests.form(shown.lines) == DocumentCommandsTests.form(lines(of: local.standardOutput)))
    let urls = local.standardOutput.matches(of: /curl (http:\S+)/).map { String($0.output.1) }
    try #require(urls.count == 3)
    #expect(try await Running.curl(urls[0]) == "5")
    _ = try await eventually("5 on the last node") { try await Running.curl(urls[1]) == "5" ? true : nil }
    let members = try #require(try await Running.curl(urls[2]))
    #expect(members.contains("node1") && members.contains("node5"))
    local.send(SIGINT)
    #expect(try await local.outcome(within: .seconds(5)).status == 0)
  }

  private func lines(of text: String) -> [String] {
    text.trimmingCharacters(in: .newlines).components(separatedBy: "\n")
  }

  /// The lines without their figures and column widths.
  private static func form(_ lines: [String]) -> [String] {
    lines.map { $0.replacing(/[0-9]+/, with: "#").replacing(/\s+/, with: " ") }
  }

  /// The nodes of the README's cluster by hand find each other, and the next commands print what the README shows.
  @Test func theClusterByHandWorks() async throws {
    let readme = try Document("README.md")
    let typed = try #require(readme.blocks.first { $0.commands.first?.hasPrefix("unum --name a --bind") == true })
    let shown = try #require(readme.blocks.first { $0.commands.first?.hasPrefix("curl 127.0.0.1:") == true })
    // Its own address in 127.0.0.0/8, so that the ports are free.
    let own = "127.\(192 + getpid() / 250 % 60).\(getpid() % 250).1"
    let moved = { (line: String) in line.replacing("127.0.0.1:", with: "\(own):") }
    let nodes = try typed.commands.map { command in
      try Running(moved(command).split(separator: " ").dropFirst().map(String.init) + ["--cluster", "by hand"])
    }
    #expect(nodes.count == 3)
    for (command, output) in shown.exchanges {
      let url = String(moved(command).dropFirst("curl ".count))
      let form = DocumentCommandsTests.form(trimmed(output))
      _ = try await eventually("what the README shows of \(command)") { () -> Bool? in
        for node in nodes where !node.isRunning { throw Missed(what: "it ended: \(node.standardError)", limit: .zero) }
        guard let answer = try await Running.curl(url) else { return nil }
        return DocumentCommandsTests.form(lines(of: answer)) == form ? true : nil
      }
    }
    for node in nodes { node.send(SIGTERM) }
    for node in nodes { #expect(try await node.outcome(within: .seconds(6)).status == 0) }
  }

  private func trimmed(_ lines: [String]) -> [String] {
    Array(lines.reversed().drop { $0.isEmpty }.reversed())
  }

  /// The forecast has the form that the document shows, and its figures are within a factor of two, because each change
  /// of the protocol draws different random numbers.
  private func expectForecast(_ arguments: [String]) async throws {
    let outcome = try await Running(arguments).outcome(within: .seconds(180))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let shown = try #require(Document("Sources/Simulation/README.md").blocks.first { $0.language == "text" })
    // Bars appear and disappear with the figures.
    let lines = [shown.lines, lines(of: outcome.standardOutput)].map { $0.filter { !$0.isEmpty && !$0.contains("│") } }
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
}
