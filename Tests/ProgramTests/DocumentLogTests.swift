// The table of log lines: a node writes each line in it word for word, and no line is missing.

import Agent
import Gossip
import Logging
import Testing

@testable import unum

@Suite struct DocumentLogTests {
  private static let one = Address(ipv4: 0x0A00_0001, port: 7946)
  private static let two = Address(ipv4: 0x0A00_0002, port: 7946)

  /// One report of each kind, and of each reason, with the names and numbers of the table.
  private static let reports: [Report] = [
    .valueChanged(from: .initial, to: Stamp(generation: 1, value: 5), notifier: "n2"),
    .concurrentWrites(kept: Stamp(generation: 2, value: 9), dropped: Stamp(generation: 2, value: 3)),
    .writeLost(Stamp(generation: 2, value: 3), to: Stamp(generation: 2, value: 9)),
    .stampGivenUp(Stamp(generation: 1_890_000_000_000_000, value: 3), for: Stamp(generation: 2, value: 9)),
    .clocksDiffer(name: "n2", two, by: .seconds(86_400 * 400)),
    .memberChanged(name: "n2", two, from: nil, to: .alive, because: .joined),
    .memberChanged(name: "n2", two, from: nil, to: .alive, because: .told(by: one)),
    .memberChanged(name: "n2", two, from: .alive, to: .suspect, because: .probeFailed),
    .memberChanged(name: "n2", two, from: .suspect, to: .alive, because: .refuted),
    .memberChanged(name: "n2", two, from: .suspect, to: .dead, because: .suspicionExpired(unansweredPings: 4)),
    .memberChanged(name: "n2", two, from: .alive, to: .left, because: .announced),
    .memberForgotten(name: "n2", two),
    .ready(.synchronised), .ready(.first), .ready(.alone),
    .summary(
      members: [
        MemberSummary(name: "n1", address: one, status: .alive),
        MemberSummary(name: "n2", address: two, status: .suspect),
      ], live: 2, stamp: .initial),
    .stalled(.milliseconds(1200)),
    .advertisedAddressRefused(by: two, .unreachable), .advertisedAddressRefused(by: two, .taken),
    .advertisedAddressReached(by: two), .advertisedAddressReached(by: nil),
    .seedUnresolved(seed: 0, failure: "Name or service not known"),
    .noSeedAnswered(attempts: 3),
    .heldBack(Obstacle(.version(3), Address(ipv4: 0x0A00_0009, port: 7946))),
    .heldBack(Obstacle(.cluster, Address(ipv4: 0x0A00_0009, port: 7946))), .heldBack(Obstacle(.heldBack, two)),
    .refuted(.dead, incarnation: 17),
  ]

  /// The kind of a report. With a new one this does not compile until it is here; then the test misses it in the samples.
  private static func kind(of report: Report) -> Int {
    switch report {
    case .valueChanged: 0
    case .concurrentWrites: 1
    case .stampGivenUp: 2
    case .clocksDiffer: 3
    case .writeLost: 4
    case .memberChanged: 5
    case .memberForgotten: 6
    case .ready: 7
    case .summary: 8
    case .stalled: 9
    case .advertisedAddressRefused: 10
    case .advertisedAddressReached: 11
    case .seedUnresolved: 12
    case .noSeedAnswered: 13
    case .refuted: 14
    case .heldBack: 15
    }
  }

  @Test func `every line that a node can log stands in the table with its level`() throws {
    #expect(Set(DocumentLogTests.reports.map(DocumentLogTests.kind)) == Set(0...15))
    let rows = Document.rows(try Document("Sources/Agent/README.md").section("## The log"))
    let lines = DocumentLogTests.reports.flatMap { LogLines(seeds: ["seed-1", "10.0.0.9:7946"]).lines(for: $0) }
    for line in lines {
      let row = rows.first { $0[0] == line.message }
      #expect(row?[1] == line.level.rawValue, "\(line.message)")
    }
    // The program around the node writes the others, which tests of processes see.
    #expect(rows.count == lines.count + 9)
  }

  /// One failure of each kind, with the addresses of the table.
  private static let failures: [StartError] = [
    .portInUse(.datagrams, Address(ipv4: 0, port: 7946)),
    .cannotBind(.http, Address(ipv4: 0xCB00_7109, port: 8080), reason: "Cannot assign requested address"),
    .cannotSend(Address(ipv4: 0, port: 7946)),
    .notReachable(Address(ipv4: 0xE000_0001, port: 7946)),
    .otherFamily(
      advertised: Address(high: 0xFD00 << 48, low: 5, port: 7946), bound: Address(ipv4: 0, port: 7946)),
    .tooFewFiles(allowed: 20),
  ]

  /// With a new kind this does not compile until it is here; then the test misses it in the samples.
  private static func kind(of failure: StartError) -> Int {
    switch failure {
    case .portInUse: 0
    case .cannotBind: 1
    case .cannotSend: 2
    case .notReachable: 3
    case .otherFamily: 4
    case .tooFewFiles: 5
    }
  }

  @Test func `every line about a start that fails stands in its table`() throws {
    #expect(Set(DocumentLogTests.failures.map(DocumentLogTests.kind)) == Set(0...5))
    let rows = Document.rows(try Document("Sources/Agent/README.md").section("## When a node does not start"))
    for failure in DocumentLogTests.failures {
      #expect(rows.contains { $0[0] == "unum: \(failure)" }, "\(failure)")
    }
    #expect(rows.count == DocumentLogTests.failures.count)
  }
}
