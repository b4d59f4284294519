// How a process ends.

import Foundation
import Testing

@Suite struct SignalTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func theFirstSignalEndsANodeInUnderFiveSecondsWithStatusZero(signal: Int32) async throws {
    let node = try await RunningNode("stopping")
    node.process.send(signal)
    let outcome = try await node.process.outcome(within: .seconds(5))
    #expect(outcome.status == 0, "\(outcome.standardError)")
  }

  @Test func theFirstSignalEndsANodeThatHasPeersAndTheyHearOfIt() async throws {
    let first = try await RunningNode("stays")
    let second = try await RunningNode("goes", join: [first.gossip])
    _ = try await eventually("two members") { try await first.members()["goes"] == "alive" ? true : nil }
    second.process.send(SIGTERM)
    let outcome = try await second.process.outcome(within: .seconds(5))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    _ = try await eventually("left, not dead") { try await first.members()["goes"] == "left" ? true : nil }
  }

  @Test func theSecondSignalEndsANodeAtOnce() async throws {
    let node = try await RunningNode("impatient")
    // A client that never finishes its request makes the orderly stop wait for the whole drain.
    let port = try #require(node.http.split(separator: ":").last)
    // A complete request came with it: once that is answered, the node has read both.
    let requests = #"GET /get HTTP/1.1\r\nHost: a\r\n\r\nGET /get HTT"#
    let client = try Running(
      [
        "-c",
        "exec 3<>/dev/tcp/127.0.0.1/\(port); printf '\(requests)' >&3; read -r -u 3 line; echo answered; cat <&3",
      ],
      program: "/bin/bash")
    _ = try await eventually("half a request") { client.standardOutput.contains("answered") ? true : nil }
    // Both at once, so that a busy machine cannot let the drain end in between. The kernel delivers them in either order.
    node.process.send(SIGTERM)
    node.process.send(SIGINT)
    let outcome = try await node.process.outcome(within: .seconds(2))
    let second = try #require(outcome.standardError.firstMatch(of: /(SIG\w+) again: ending at once/)?.output.1)
    #expect(outcome.status == 128 + (second == "SIGINT" ? SIGINT : SIGTERM), "\(outcome.standardError)")
    client.send(SIGKILL)
  }

  @Test func aBrokenPipeDoesNotEndANode() async throws {
    let node = try await RunningNode("piped")
    node.process.send(SIGPIPE)
    #expect(try await node.get("/get") == "42")
    #expect(node.process.isRunning)
  }

  @Test func localRunsSeveralNodesAndEndsCleanly() async throws {
    let local = try Running(["local", "--nodes", "3", "--http-port", "0"])
    _ = try await eventually("three nodes") { local.standardOutput.contains("Ctrl-C") ? true : nil }
    let nodes = local.standardOutput.matches(of: /(http:\S+)  gossip/).map { String($0.output.1) }
    try #require(nodes.count == 3)
    #expect(try await Running.curl(nodes[0] + "/set/7") == "7")
    for node in nodes {
      _ = try await eventually("7 on \(node)") { try await Running.curl(node + "/get") == "7" ? true : nil }
    }
    local.send(SIGINT)
    let outcome = try await local.outcome(within: .seconds(5))
    #expect(outcome.status == 0)
    // On a busy machine there may be a warning, but nothing worse.
    #expect(outcome.complaints.allSatisfy { $0.contains(" warning ") }, "\(outcome.standardError)")
  }
}
