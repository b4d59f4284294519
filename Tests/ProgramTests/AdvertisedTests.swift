// Real processes that join a cluster but advertise an address that leads to nobody, or to somebody else.

import Foundation
import Testing

@Suite struct AdvertisedTests {
  /// The answer, with its status in front, whatever the status is.
  private func readiness(of node: RunningNode) async throws -> String {
    try await Running.curl(["-w", " %{http_code}"], "http://\(node.http)/readyz").standardOutput
  }

  private func metric(_ name: String, of node: RunningNode) async throws -> Double? {
    let page = try await node.get("/metrics") ?? ""
    return page.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap {
      Double($0.dropFirst(name.count + 1))
    }
  }

  @Test func aNodeThatNobodyReachesSaysSoAndIsNotReady() async throws {
    let one = try await RunningNode("one")
    // Nobody listens at port 9 of an address that no other test uses.
    let lost = try await RunningNode("lost", join: [one.gossip], advertise: "127.0.3.9:9")
    let line = "Member \(one.gossip) cannot reach us at our advertised address; set --advertise (ADVERTISE_ADDR)"
    _ = try await eventually("the line that says so") { lost.process.standardError.contains(line) ? true : nil }
    _ = try await eventually("readyz says so") {
      let answer = try await readiness(of: lost)
      return answer.contains("member \(one.gossip) cannot reach this node") && answer.hasSuffix(" 503") ? true : nil
    }
    #expect(try await metric("unum_advertised_address_refused", of: lost) == 1)
    #expect(try await metric("unum_advertised_address_refusals_total", of: lost) ?? 0 >= 2)
    #expect(try await metric("unum_ready", of: lost) == 0)
    #expect(try await one.members() == ["one": "alive"])
    // It logs that again, and serves all the same.
    _ = try await eventually("the line once more") {
      lost.process.standardError.matches(of: /cannot reach us at our advertised address/).count > 1 ? true : nil
    }
    #expect(try await lost.get("/set/7") == "7")
    #expect(try await readiness(of: one).hasSuffix(" 200"))
  }

  @Test func aSeedThatNobodyReachesSaysSoWhenSomebodyJoins() async throws {
    let lost = try await RunningNode("lost", advertise: "127.0.3.10:9")
    #expect(try await readiness(of: lost).hasSuffix(" 200"))
    // Others can join it at the address where it listens, but not at the one that it advertises.
    let listening = try #require(lost.process.standardError.firstMatch(of: /UDP (?<udp>\S+), HTTP/)).udp
    let one = try await RunningNode("one", join: [String(listening)])
    let line = "Member \(one.gossip) cannot reach us at our advertised address"
    _ = try await eventually("the line that says so") { lost.process.standardError.contains(line) ? true : nil }
    #expect(try await readiness(of: lost).hasSuffix(" 503"))
  }
}
