// What `unum simulate` prints and draws, and whether it is true.

import Foundation
import Testing

@testable import unum

@Suite struct SimulateTests {
  /// A small cluster: a second or two in a debug build.
  private static let small = ["simulate", "--nodes", "8", "--seconds", "10", "--writes", "20"]

  private func run(_ arguments: [String]) async throws -> Outcome {
    let outcome = try await Running(SimulateTests.small + arguments).outcome(within: .seconds(120))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    // This is not a terminal, so there is no bar, however long it takes.
    #expect(outcome.standardError == "")
    return outcome
  }

  private func json(_ arguments: [String]) async throws -> [String: Any] {
    let text = try await run(arguments + ["--json"]).standardOutput
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// The number at this path, such as `write.median_ms`; nil if it is null.
  private func number(_ object: [String: Any], _ path: String) throws -> Double? {
    let parts = path.split(separator: ".").map(String.init)
    let inner = try parts.dropLast().reduce(object) { try #require($0[$1] as? [String: Any], "\(path)") }
    let value = try #require(inner[parts[parts.count - 1]], "\(path)")
    return value is NSNull ? nil : try #require(value as? Double, "\(path)")
  }

  private func path(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("unum-\(UUID().uuidString)-\(name)").path
  }

  // MARK: The same seed

  @Test func `the same seed gives the same text, JSON and picture, and another seed others`() async throws {
    let options = ["--loss", "10%", "--delay", "1ms..9ms", "--kill", "2"]
    var found: [[String]] = []
    for seed in ["7", "7", "8"] {
      let file = path("same.svg")
      defer { try? FileManager.default.removeItem(atPath: file) }
      let text = try await run(options + ["--seed", seed, "--svg", file]).standardOutput
      let json = try await run(options + ["--seed", seed, "--json"]).standardOutput
      found.append([text, json, try String(contentsOfFile: file, encoding: .utf8)])
    }
    #expect(found[0] == found[1])
    for (first, other) in zip(found[0], found[2]) {
      // The outputs differ in more than the seed that they show.
      #expect(
        first.replacing("seed 7", with: "").replacing("\"seed\":7", with: "")
          != other.replacing("seed 8", with: "").replacing("\"seed\":8", with: ""))
    }
  }

  // MARK: The figures

  @Test func `a quiet local network gives the figures of the experiment`() async throws {
    let found = try await json(["--kill", "2"])
    // The experiment: median 2 ms at this size, all within 40; 536 bytes and 5 packets a second with nobody gone.
    let median = try #require(try number(found, "write.median_ms"))
    #expect((0.5...10).contains(median), "\(median)")
    #expect(try #require(try number(found, "write.worst_ms")) < 100)
    #expect(try number(found, "write.converged") == 20)
    #expect(try number(found, "write.unfinished") == 0)
    #expect(try #require(try number(found, "joining_ms")) < 3000)
    #expect(try number(found, "false_alarms.deaths") == 0)
    #expect(try number(found, "false_alarms.suspicions") == 0)
    let packets = try #require(try number(found, "traffic_per_node_second.packets"))
    let bytes = try #require(try number(found, "traffic_per_node_second.bytes"))
    #expect((3...30).contains(packets), "\(packets)")
    // The experiment's mean is 108, of which 42 are headers.
    #expect(bytes > packets * 90 && bytes < packets * 300, "\(bytes)")
    // Each node sends three rounds of four, and a little more for news that is told twice.
    let perWrite = try #require(try number(found, "traffic_per_node_write.packets"))
    #expect((4...20).contains(perWrite), "\(perWrite)")
  }

  @Test func `killed nodes are found dead, each once, by the first before the last`() async throws {
    let found = try await json(["--kill", "3", "--loss", "5%", "--seconds", "15"])
    let killed = try #require(found["killed"] as? [[String: Any]])
    #expect(killed.count == 3)
    #expect(Set(killed.compactMap { $0["node"] as? String }).count == 3)
    for victim in killed {
      let first = try #require(try number(victim, "first_ms"))
      let all = try #require(try number(victim, "all_ms"))
      // Not before the least time to refute is over; the experiment's worst at 20 % loss is below 3 s.
      #expect(first >= 600 && first <= all && all < 4000, "\(victim)")
      #expect((0...15_000).contains(try #require(try number(victim, "at_ms"))))
    }
  }

  @Test func `settings change what is predicted`() async throws {
    let usual = try await json(["--kill", "2"])
    let slow = try await json([
      "--kill", "2", "--suspicion-minimum", "4s", "--suspicion-maximum", "5s", "--pushes", "none", "--fanout", "1",
    ])
    func detection(_ found: [String: Any]) throws -> Double {
      let killed = try #require(found["killed"] as? [[String: Any]])
      let times = try killed.compactMap { try number($0, "all_ms") }
      #expect(times.count == 2)
      return try #require(times.min())
    }
    #expect(try detection(slow) > 4000)
    #expect(try detection(usual) < 4000)
    let medians = try [usual, slow].compactMap { try number($0, "write.median_ms") }
    try #require(medians.count == 2)
    #expect(medians[1] > 5 * medians[0], "\(medians)")
    let scenario = try #require(slow["scenario"] as? [String: Any])
    #expect((scenario["settings"] as? [String: String])?["suspicion-minimum"] == "4s")
  }

  @Test func `delay and loss are felt`() async throws {
    let near = try await json(["--delay", "1ms"])
    let far = try await json(["--delay", "40ms..60ms", "--loss", "20%"])
    // A write needs at least one trip.
    #expect(try #require(try number(far, "write.median_ms")) > 40)
    #expect(try #require(try number(near, "write.median_ms")) < 40)
    #expect(try number(far, "scenario.loss") == 0.2)
    #expect((far["scenario"] as? [String: Any])?["delay_ms"] as? [Double] == [40, 60])
  }

  @Test func `what does not happen is said, and is null`() async throws {
    // Nine of ten datagrams are lost, and there are no helpers to ask.
    let options = ["--loss", "90%", "--nodes", "12", "--seconds", "1", "--writes", "0"]
    let found = try await json(options)
    #expect(try number(found, "joining_ms") == nil)
    #expect(try number(found, "write.median_ms") == nil)
    #expect(found["traffic_per_node_write"] is NSNull)
    let text = try await run(options).standardOutput
    #expect(text.contains("not all nodes found each other"))
    #expect(!text.contains("A write"))
  }

  // MARK: Text

  @Test func `the text fits eighty columns and has a bar for each row of the histogram`() async throws {
    let options = ["--loss", "10%", "--delay", "1ms..9ms", "--kill", "3"]
    let lines = try await run(options).standardOutput.split(separator: "\n")
    let found = try await json(options)
    let histogram = try #require((found["write"] as? [String: Any])?["histogram"] as? [[String: Any]])
    #expect(lines.allSatisfy { $0.count <= 80 })
    let bars = lines.filter { $0.contains("│") }
    #expect(bars.count == histogram.count)
    for (bar, row) in zip(bars, histogram) {
      let count = try #require(row["count"] as? Int)
      #expect(bar.hasSuffix(count == 0 ? "│" : " \(count)"), "\(bar)")
    }
    #expect(histogram.compactMap { $0["count"] as? Int }.reduce(0, +) == 20)
    for name in ["Joining", "A write", "A killed node", "False alarms", "Traffic"] {
      #expect(lines.contains { $0.hasPrefix(name + " ") }, "\(name)")
    }
  }

  // MARK: The picture

  @Test func `the picture is well-formed, needs nothing else, and shows who was killed`() async throws {
    let file = path("picture.svg")
    defer { try? FileManager.default.removeItem(atPath: file) }
    // Nothing remains of a longer file that was there before.
    try String(repeating: "x", count: 1_000_000).write(toFile: file, atomically: false, encoding: .utf8)
    _ = try await run(["--kill", "3", "--loss", "10%", "--svg", file])
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let elements = try Markup(text).elements
    #expect(elements.first == "svg")
    #expect(text.hasSuffix("</svg>\n"))
    #expect(!text.contains("href") && !text.contains("<script") && !text.contains("url("))
    #expect(text.matches(of: /http/).count == 1, "only the name of the format")
    #expect(!text.contains("nan") && !text.contains("inf"))
    // One of them is in the legend.
    #expect(text.matches(of: /<line class="kill"/).count == 4)
    #expect(text.matches(of: /class="dead"/).count > 3)
    #expect(text.matches(of: /<path class="(median|most|all)"/).count == 3)
  }

  @Test func `a file that cannot be written is one line, before any work`() async throws {
    // A thousand nodes take far longer than this.
    let outcome = try await Running(["simulate", "--nodes", "1000", "--svg", "/nowhere/x.svg"])
      .outcome(within: .seconds(60))
    #expect(outcome.status == 1)
    #expect(outcome.complaints.count == 1)
    #expect(outcome.standardError.contains("--svg /nowhere/x.svg"))
    #expect(outcome.standardOutput == "")
  }

  // MARK: While it runs

  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal ends it at once`(signal: Int32) async throws {
    let file = path("interrupted.svg")
    defer { try? FileManager.default.removeItem(atPath: file) }
    let running = try Running(["simulate", "--nodes", "500", "--svg", file])
    _ = try await eventually("the work begins") { FileManager.default.fileExists(atPath: file) ? true : nil }
    running.send(signal)
    #expect(try await running.outcome(within: .seconds(5)).status == 128 + signal)
  }

  @Test func `a bar appears after a second, on a terminal only, and leaves nothing behind`() {
    let start = ContinuousClock.now
    var bar = ProgressBar(isShown: true, startedAt: start)
    #expect(bar.update(to: 0.5, at: start + .milliseconds(999)) == "")
    #expect(bar.end() == "")
    let half = bar.update(to: 0.5, at: start + .seconds(1))
    #expect(half == "\r" + String(repeating: "█", count: 15) + String(repeating: "░", count: 15) + " 50 %")
    #expect(bar.update(to: 0.501, at: start + .seconds(2)) == "")
    #expect(bar.update(to: 1, at: start + .seconds(2)).hasSuffix(" 100 %"))
    #expect(bar.end() == "\r\u{1B}[K")
    var hidden = ProgressBar(isShown: false, startedAt: start)
    #expect(hidden.update(to: 0.5, at: start + .seconds(9)) == "")
    #expect(hidden.end() == "")
  }
}

/// Enough of XML to show that a text is well-formed: tags match, attributes are quoted, no stray characters.
private struct Markup {
  /// The names of all elements in order.
  var elements: [String] = []

  struct Malformed: Error { var what: String }

  init(_ text: String) throws {
    var open: [String] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      try Markup.check(rest[..<start])
      guard let end = rest[start...].firstIndex(of: ">") else { throw Malformed(what: "a tag without end") }
      let tag = rest[rest.index(after: start)..<end]
      if tag.hasPrefix("/") {
        guard open.popLast() == String(tag.dropFirst()) else { throw Malformed(what: "</\(tag)>") }
      } else {
        guard let match = tag.wholeMatch(of: /([a-z]+)(\s+[a-zA-Z0-9]+="[^"<&]*")*\s*(\/?)/) else {
          throw Malformed(what: "<\(tag)>")
        }
        elements.append(String(match.1))
        if match.3.isEmpty { open.append(String(match.1)) }
      }
      rest = rest[rest.index(after: end)...]
    }
    try Markup.check(rest)
    guard open.isEmpty, elements.count > 10 else { throw Malformed(what: "left open: \(open)") }
  }

  private static func check(_ text: Substring) throws {
    if text.contains("&") || text.contains(">") { throw Malformed(what: String(text)) }
  }
}
