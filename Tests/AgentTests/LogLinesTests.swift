import Agent
import Gossip
import Logging
import Testing

@Suite struct LogLinesTests {
  private static let one = Address(ipv4: 0x0A00_0001, port: 7946)
  private static let two = Address(ipv4: 0x0A00_0002, port: 7946)
  private static let lines = LogLines(seeds: ["seed-1", "10.0.0.9:7946"])

  @Test(
    "each report has its line",
    arguments: [
      (
        .valueChanged(from: .initial, to: Stamp(generation: 1, value: 5), notifier: "n2"),
        .init(.info, "NewVal: 5 Gen: 1 Notifier: n2")
      ),
      (
        .concurrentWrites(kept: Stamp(generation: 2, value: 9), dropped: Stamp(generation: 2, value: 3)),
        .init(.notice, "Concurrent writes in generation 2: 9 stays, 3 is dropped")
      ),
      (
        .writeLost(Stamp(generation: 2, value: 3), to: Stamp(generation: 2, value: 9)),
        .init(.warning, "Lost write: 9 of generation 2 took the place of 3, accepted here; one of the two is lost")
      ),
      (
        .stampGivenUp(Stamp(generation: 1_890_000_000_000_000, value: 3), for: Stamp(generation: 2, value: 9)),
        .init(
          .error,
          "The clock of this node was years ahead and has been set back: generation 1890000000000000, which no other node "
            + "believes, is given up with its value 3; the value is now 9 of generation 2")
      ),
      (
        .clocksDiffer(name: "n2", two, by: .seconds(86_400 * 400 + 5)),
        .init(
          .error,
          "The clock of member n2 10.0.0.2:7946 is or was 400 days ahead of ours: set the clocks of all nodes right. A day "
            + "off does no harm; more than a year off, nodes may refuse each other's writes. No restart is needed")
      ),
      (
        .memberChanged(name: "n2", two, from: nil, to: .alive, because: .joined),
        .init(.info, "Member: n2 10.0.0.2:7946 is alive: it answered at its advertised address")
      ),
      (
        .memberChanged(name: "n2", two, from: .alive, to: .suspect, because: .probeFailed),
        .init(
          .notice, "Member: n2 10.0.0.2:7946 is suspect (was alive): it answered neither our pings nor our helpers'")
      ),
      (
        .memberChanged(name: "n2", two, from: .alive, to: .suspect, because: .told(by: one)),
        .init(.notice, "Member: n2 10.0.0.2:7946 is suspect (was alive): 10.0.0.1:7946 told us")
      ),
      (
        .memberChanged(name: "n2", two, from: .suspect, to: .dead, because: .suspicionExpired(unansweredPings: 4)),
        .init(
          .notice,
          "Member: n2 10.0.0.2:7946 is dead (was suspect): it did not refute the suspicion in time, nor answer 4 pings")
      ),
      (
        .memberChanged(name: "n2", two, from: .suspect, to: .alive, because: .refuted),
        .init(.info, "Member: n2 10.0.0.2:7946 is alive (was suspect): it answered again")
      ),
      (
        .memberChanged(name: "n2", two, from: .alive, to: .left, because: .announced),
        .init(.info, "Member: n2 10.0.0.2:7946 is left (was alive): it said that it was leaving")
      ),
      (
        .memberForgotten(name: "n2", two),
        .init(.info, "Member: n2 10.0.0.2:7946 is forgotten: it was gone long enough")
      ),
      (.ready(.synchronised), .init(.info, "Ready: a member told us the value")),
      (.ready(.first), .init(.info, "Ready: there are no seeds but ourselves")),
      (.ready(.alone), .init(.warning, "Ready, alone: no ready member answered in time; seeds are tried for ever")),
      (
        .stalled(.milliseconds(1240)),
        .init(.warning, "This process did not run for 1.2 s; nobody is accused for it")
      ),
      (
        .advertisedAddressRefused(by: two, .unreachable),
        .init(
          .error,
          "Member 10.0.0.2:7946 cannot reach us at our advertised address; "
            + "set --advertise (ADVERTISE_ADDR) to one that leads here")
      ),
      (
        .advertisedAddressRefused(by: two, .taken),
        .init(
          .error,
          "Member 10.0.0.2:7946 finds another process at our advertised address; "
            + "set --advertise (ADVERTISE_ADDR) to one that leads here")
      ),
      (
        .seedUnresolved(seed: 0, failure: "Name or service not known"),
        .init(.warning, "Seed seed-1 does not resolve (Name or service not known); it is tried again")
      ),
      (
        .noSeedAnswered(attempts: 3),
        .init(.warning, "No seed has answered 3 attempts (seed-1, 10.0.0.9:7946); they are tried for ever")
      ),
      (
        .refuted(.dead, incarnation: 17),
        .init(.info, "Refuted: we were said to be dead; our incarnation is now 17")
      ),
    ] as [(Report, LogLine)])
  func line(report: Report, line: LogLine) {
    #expect(LogLinesTests.lines.lines(for: report) == [line])
  }

  @Test func aSummaryListsMembersAndStateAsTheOriginalDoes() {
    let members = [
      MemberSummary(name: "n1", address: LogLinesTests.one, status: .alive),
      MemberSummary(name: "n2", address: LogLinesTests.two, status: .dead),
    ]
    let summary = Report.summary(members: members, live: 1, stamp: .initial)
    #expect(
      LogLinesTests.lines.lines(for: summary).map(\.message) == [
        "Members: n1 10.0.0.1:7946 alive, n2 10.0.0.2:7946 dead", "State: Val: 42 Gen: 0",
      ])
  }

  @Test func aSummaryOfALargeClusterCountsItAndListsWhatChanged() {
    let dead = MemberSummary(name: "n2", address: LogLinesTests.two, status: .dead)
    let messages = { (members: [MemberSummary]) in
      LogLinesTests.lines.lines(for: .summary(members: members, live: 49, stamp: .initial))[0].message
    }
    #expect(messages([dead]) == "Members: 49 live, changed: n2 10.0.0.2:7946 dead")
    #expect(messages([]) == "Members: 49 live, none changed")
  }

  @Test(arguments: [
    ("n2\nState: Val: 0 Gen: 9", #""n2\u{A}State: Val: 0 Gen: 9""#), ("\u{1B}[2Jn2", #""\u{1B}[2Jn2""#),
    ("a 10.0.0.9:1 alive, b", #""a 10.0.0.9:1 alive, b""#), (#"say "hi""#, #""say \"hi\"""#), ("", #""""#),
    (#"a\b"#, #""a\\b""#), ("\u{202E}n2", #""\u{202E}n2""#), ("n2\u{2028}x", #""n2\u{2028}x""#),
    ("größe-ñ.1", "größe-ñ.1"),
  ])
  func aNameCannotForgeALineNorAnEntryOfOne(name: String, shown: String) {
    let report = Report.valueChanged(from: .initial, to: Stamp(generation: 1, value: 5), notifier: name)
    #expect(LogLinesTests.lines.lines(for: report).map(\.message) == ["NewVal: 5 Gen: 1 Notifier: \(shown)"])
    let member = MemberSummary(name: name, address: LogLinesTests.two, status: .alive)
    let summary = Report.summary(members: [member], live: 1, stamp: .initial)
    #expect(LogLinesTests.lines.lines(for: summary)[0].message == "Members: \(shown) 10.0.0.2:7946 alive")
  }

  @Test func aLookUpFailureCannotForgeALine() {
    let line = LogLinesTests.lines.lines(for: .seedUnresolved(seed: 7, failure: "bad\nState: x"))
    #expect(line.map(\.message) == [#"Seed number 7 does not resolve (bad\u{A}State: x); it is tried again"#])
  }

  @Test func nothingRefusedIsNoLine() {
    #expect(DropSummary().line(since: DropSummary(), over: .seconds(5)) == nil)
  }
}
