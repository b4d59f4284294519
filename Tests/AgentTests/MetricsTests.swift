// The page of metrics, read by a strict parser.

import Gossip
import NIOConcurrencyHelpers
import Testing

@testable import Agent

/// Parses Prometheus' text format 0.0.4 literally, and refuses what its description does not allow.
private struct MetricsPage {
  struct Sample: Equatable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  var types: [String: String] = [:]
  var helps: [String: String] = [:]
  var samples: [Sample] = []

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Malformed(description: "the last line does not end") }
    var family = ""
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      if words.prefix(2) == ["#", "HELP"], words.count == 4 {
        guard helps.updateValue(words[3], forKey: words[2]) == nil else {
          throw Malformed(description: "twice: \(line)")
        }
        family = words[2]
      } else if words.prefix(2) == ["#", "TYPE"], words.count == 4 {
        guard words[2] == family, types.updateValue(words[3], forKey: family) == nil else {
          throw Malformed(description: "out of place: \(line)")
        }
        guard ["counter", "gauge"].contains(words[3]) else { throw Malformed(description: "type: \(line)") }
      } else {
        let sample = try MetricsPage.sample(line)
        guard sample.name == family, types[family] != nil else { throw Malformed(description: "no family: \(line)") }
        guard !samples.contains(where: { $0.name == sample.name && $0.labels == sample.labels }) else {
          throw Malformed(description: "twice: \(line)")
        }
        samples.append(sample)
      }
    }
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private static func sample(_ line: Substring) throws -> Sample {
    var rest = Array(line.unicodeScalars)[...]
    func isName(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
      default: false
      }
    }
    func word() -> String {
      let end = rest.firstIndex { !isName($0) } ?? rest.endIndex
      defer { rest = rest[end...] }
      return text(rest[..<end])
    }
    let name = word()
    var labels: [String: String] = [:]
    if rest.first == "{" {
      repeat {
        rest.removeFirst()
        let label = word()
        guard rest.prefix(2).elementsEqual(["=", "\""]) else { throw Malformed(description: "label: \(line)") }
        rest.removeFirst(2)
        labels[label] = try quoted(&rest)
      } while rest.first == ","
      guard rest.popFirst() == "}" else { throw Malformed(description: "labels: \(line)") }
    }
    guard !name.isEmpty, rest.popFirst() == " ", let value = Double(text(rest)) else {
      throw Malformed(description: "sample: \(line)")
    }
    return Sample(name: name, labels: labels, value: value)
  }

  private static func quoted(_ rest: inout ArraySlice<Unicode.Scalar>) throws -> String {
    var value = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"": return String(value)
      case "\\":
        switch rest.popFirst() {
        case "n": value.append("\n")
        case "\\": value.append("\\")
        case "\"": value.append("\"")
        default: throw Malformed(description: "escape")
        }
      default: value.append(scalar)
      }
    }
    throw Malformed(description: "open quote")
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}

@Suite struct MetricsTests {
  private func page(_ backend: FakeBackend, _ shell: [ShellMetric] = []) throws -> MetricsPage {
    try MetricsPage(MetricsText.render(backend.status(), backend.readiness, shell: shell))
  }

  @Test func `everything that is promised is on the page`() throws {
    let page = try page(FakeBackend())
    let promised = [
      "unum_value", "unum_generation", "unum_sets_total", "unum_lost_writes_total", "unum_given_up_total",
      "unum_clocks_ahead", "unum_members",
      "unum_members_convergence", "unum_datagrams_total", "unum_datagram_bytes_total", "unum_refused_total",
      "unum_probe_failures_total", "unum_suspicions_total", "unum_deaths_total", "unum_refutations_total",
      "unum_local_health", "unum_ready", "unum_advertised_address_refused", "unum_advertised_address_refusals_total",
    ]
    for name in promised { #expect(page.types[name] != nil, "\(name)") }
  }

  @Test func `names follow the conventions`() throws {
    let page = try page(FakeBackend(), RequestCounts().metrics)
    for (name, type) in page.types {
      #expect(name.hasPrefix("unum_"))
      #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)")
      #expect(page.helps[name]?.hasSuffix(".") == true, "\(name)")
      #expect(page.samples.contains { $0.name == name } == true, "\(name)")
    }
  }

  @Test func `values are those of the node`() throws {
    let backend = FakeBackend()
    backend.state.withLockedValue { state in
      state.stamp = Stamp(generation: 9, value: -7)
      state.members = [
        FakeBackend.member("a", 1, isSelf: true), FakeBackend.member("b", 2), FakeBackend.member("c", 3),
        FakeBackend.member("d", 4, status: .dead),
      ]
      state.readiness = .starting
      state.addressProblem = .unreachable
    }
    let page = try page(backend)
    #expect(page.value("unum_value") == -7)
    #expect(page.value("unum_generation") == 9)
    #expect(page.value("unum_members", ["status": "alive"]) == 3)
    #expect(page.value("unum_members", ["status": "dead"]) == 1)
    #expect(page.value("unum_members", ["status": "left"]) == 0)
    #expect(page.value("unum_members_convergence", ["copy": "current"]) == 3)
    #expect(page.value("unum_sets_total") == 7)
    #expect(page.value("unum_local_health") == 2)
    #expect(page.value("unum_ready") == 0)
    #expect(page.value("unum_advertised_address_refused") == 1)
    #expect(try self.page(FakeBackend()).value("unum_advertised_address_refused") == 0)
    #expect(page.value("unum_datagrams_total", ["kind": "ping", "direction": "sent"]) == 0)
    #expect(page.value("unum_refused_total", ["reason": "not_member"]) == 0)
  }

  @Test func `the largest integers are written out`() throws {
    let backend = FakeBackend()
    backend.state.withLockedValue { $0.stamp = Stamp(generation: .max, value: .min) }
    let text = MetricsText.render(backend.status(), backend.readiness, shell: [])
    #expect(text.contains("\nunum_value -9223372036854775808\n"))
    #expect(text.contains("\nunum_generation 18446744073709551615\n"))
  }

  @Test func `labels survive whatever they hold, and series of one name stand together`() throws {
    let hostile = "a\"b\\c\nd} 7\u{1B}"
    let metric = { (name: String, label: String, value: Double) in
      ShellMetric(name: name, help: "One\\two\nthree.", labels: [("host", label)], value: value)
    }
    let page = try page(
      FakeBackend(),
      [metric("unum_a_total", hostile, 1), metric("unum_b_total", "x", 2.5), metric("unum_a_total", "", 3)])
    #expect(page.value("unum_a_total", ["host": hostile]) == 1)
    #expect(page.value("unum_a_total", ["host": ""]) == 3)
    #expect(page.value("unum_b_total", ["host": "x"]) == 2.5)
    #expect(page.helps["unum_a_total"] == "One\\\\two\\nthree.")
  }

  @Test func `numbers that are none are written as Prometheus does`() throws {
    let values: [Double] = [.infinity, -.infinity, 1e300, 0.1]
    let page = try page(
      FakeBackend(),
      values.enumerated().map {
        ShellMetric(name: "unum_x", help: "X.", labels: [("i", "\($0)")], isCounter: false, value: $1)
      })
    for (index, value) in values.enumerated() { #expect(page.value("unum_x", ["i": "\(index)"]) == value) }
  }

  @Test func `requests are counted on the page itself`() throws {
    let counts = RequestCounts()
    let connection = try TestConnection(FakeBackend(), counts: counts)
    _ = try connection.exchange(request("GET /get") + request("GET /set/x"))
    let text = try connection.exchange(request("GET /metrics"))
    #expect(text.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
    let page = try MetricsPage(body(text))
    #expect(page.value("unum_http_requests_total", ["route": "get", "status": "200"]) == 1)
    #expect(page.value("unum_http_requests_total", ["route": "set", "status": "400"]) == 1)
    #expect(page.value("unum_http_connections") == 1)
  }

  @Test func `every pair of route and status has a counter of its own`() {
    let counts = RequestCounts()
    for (index, (route, status)) in pairs.enumerated() {
      for _ in 0...index { counts.count(route, status) }
    }
    for (index, (route, status)) in pairs.enumerated() { #expect(counts.answers(route, status) == UInt64(index + 1)) }
  }

  private var pairs: [(Route, HTTPStatus)] {
    Route.allCases.flatMap { route in HTTPStatus.allCases.map { (route, $0) } }
  }
}
