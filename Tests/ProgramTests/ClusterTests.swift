// Real processes as a cluster, which the tests write to, kill and restart.

import Foundation
import Testing

@Suite struct ClusterTests {
  private func expect(_ value: String, on nodes: [RunningNode]) async throws {
    for node in nodes {
      _ = try await eventually("\(value) on \(node.name)") { try await node.get("/get") == value ? true : nil }
    }
  }

  private func expect(_ statuses: [String: String], on nodes: [RunningNode]) async throws {
    for node in nodes {
      _ = try await eventually("\(statuses) on \(node.name)") { try await node.members() == statuses ? true : nil }
    }
  }

  @Test func threeProcessesConvergeLoseOneAndTakeItBackWithTheCurrentValue() async throws {
    let one = try await RunningNode("one")
    let two = try await RunningNode("two", join: [one.gossip])
    // The third node knows only the second one. It hears of the first by gossip.
    let three = try await RunningNode("three", join: [two.gossip])
    let alive = ["one": "alive", "two": "alive", "three": "alive"]
    try await expect(alive, on: [one, two, three])
    #expect(try await one.get("/set/5") == "5")
    try await expect("5", on: [one, two, three])

    two.process.send(SIGKILL)
    try await expect(alive.merging(["two": "dead"]) { $1 }, on: [one, three])
    #expect(try await three.get("/set/-6") == "-6")
    try await expect("-6", on: [one, three])

    let again = try await RunningNode("two", join: [one.gossip], gossip: two.gossip, http: two.http)
    try await expect("-6", on: [again])
    try await expect(alive, on: [one, again, three])
    #expect(try await again.get("/set/8") == "8")
    try await expect("8", on: [one, again, three])
  }
}
