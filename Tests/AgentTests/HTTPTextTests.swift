// What people and programs see: foreign text, the list of members, JSON.

import Foundation
import Gossip
import NIOConcurrencyHelpers
import Testing

@testable import Agent
@testable import Gossip

@Suite struct HTTPTextTests {
  @Test(arguments: [
    ("node-1", "node-1"), ("Zürich 東京", "Zürich 東京"), ("a\nState: Val: 7", "a\\u{A}State: Val: 7"),
    ("\u{1B}[31m", "\\u{1B}[31m"), ("\u{202E}evil", "\\u{202E}evil"), ("a\\u{A}", "a\\\\u{A}"), ("", ""),
    ("\u{85}\u{2028}\u{7F}", "\\u{85}\\u{2028}\\u{7F}"),
  ])
  func `foreign text is shown so that it can do nothing`(text: String, shown: String) {
    #expect(ForeignText.visible(text) == shown)
  }

  @Test func `foreign text is cut between two characters`() {
    #expect(ForeignText.visible("éé", limit: 3) == "é…")
    #expect(ForeignText.visible("éé", limit: 4) == "éé")
    #expect(ForeignText.prefix("日本", bytes: 5) == "日")
    #expect(ForeignText.prefix("日本", bytes: 0) == "")
  }

  @Test func `JSON strings are read back as they were`() throws {
    for scalar in (0...0x3000).compactMap(Unicode.Scalar.init) {
      let text = "a\(scalar)b"
      let json = Data(("[" + ForeignText.json(text) + "]").utf8)
      let back = try JSONSerialization.jsonObject(with: json) as? [String]
      #expect(back?.map { Array($0.utf8) } == [Array(text.utf8)], "U+\(String(scalar.value, radix: 16))")
    }
  }

  @Test func `the list of members is JSON with exact integers`() throws {
    let backend = FakeBackend()
    backend.state.withLockedValue { state in
      state.stamp = Stamp(generation: 3, value: .min)
      state.members = [FakeBackend.member("a\"\n", 1, isSelf: true), FakeBackend.member("b", 2, status: .suspect)]
      state.members[1].stamp = nil
      state.members[1].httpPort = 0
      state.members[1].roundTrip = nil
      state.members[1].lastHeard = nil
      state.losses = [
        LostWrite(write: Stamp(generation: 1, value: 2), winner: Stamp(generation: 1, value: 3), noticed: 9)
      ]
    }
    let text = MembersText.json(backend.status())
    #expect(text.contains("\"stamp\":{\"value\":-9223372036854775808,\"generation\":3}"))
    let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let members = try #require(json["members"] as? [[String: Any]])
    #expect(members.map { $0["name"] as? String } == ["a\"\n", "b"])
    #expect(members.map { $0["status"] as? String } == ["alive", "suspect"])
    #expect(members.map { $0["address"] as? String } == ["10.0.0.1:7946", "10.0.0.2:7946"])
    #expect(members.map { $0["self"] as? Bool } == [true, false])
    #expect(members[0]["rtt_ms"] as? Double == 1.204)
    #expect(members[0]["last_heard_ms"] as? Double == 250)
    #expect(members[0]["generation"] as? Int == 3)
    #expect(members[0]["http_port"] as? Int == 8080 && members[1]["http_port"] is NSNull)
    #expect(members[1]["generation"] is NSNull && members[1]["rtt_ms"] is NSNull)
    #expect((json["convergence"] as? [String: Int]) == ["current": 1, "behind": 0, "unheard": 0])
    #expect((json["recent_losses"] as? [[String: Any]])?.count == 1)
  }

  @Test func `the table of members is aligned and ends with what is known of their copies`() {
    let backend = FakeBackend()
    backend.state.withLockedValue { state in
      state.members = [FakeBackend.member("a\nb", 1, isSelf: true), FakeBackend.member("longer-name", 200)]
      state.losses = [
        LostWrite(write: Stamp(generation: 1, value: 2), winner: Stamp(generation: 1, value: 3), noticed: 9)
      ]
    }
    let lines = MembersText.text(backend.status()).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines[..<3] == [
        "NAME         ADDRESS          HTTP  STATUS  INCARNATION       GENERATION  VALUE  RTT       COPY",
        "a\\u{A}b      10.0.0.1:7946    8080  alive   1795219200000000  3           -5     1.204 ms  this node",
        "longer-name  10.0.0.200:7946  8080  alive   1795219200000000  3           -5     1.204 ms  current",
      ])
    #expect(lines[4].hasPrefix("Value 42, generation 0: 1 of 1 other is current."))
    #expect(
      lines[5...] == [
        "Of 7 writes to this node, 1 gave way to concurrent ones; the last:", "  2 (generation 1) to 3 (generation 1)",
        "",
      ])
  }

  @Test(arguments: [(0, "0.000"), (1, "0.001"), (1204, "1.204"), (-1204, "-1.204"), (60_000_000, "60000.000")])
  func `milliseconds have three decimals`(microseconds: Int, text: String) {
    #expect(JSON.milliseconds(.microseconds(microseconds)) == text)
  }
}
