// A real cluster that is upgraded node by node, under writes, to a made-up later version: the relay adds to each datagram
// of an upgraded node whatever a later version may add.

import Foundation
import Testing

@Suite struct UpgradeTests {
  @Test func `five nodes are replaced one by one under writes, and the value never goes back`() async throws {
    let relay = try Relay(names: (0..<5).map { "n\($0)" }, number: 14)
    var nodes: [RunningNode] = []
    for node in 0..<5 { nodes.append(try await start(node, relay)) }
    try await expect("42", on: nodes)
    var value = 0
    for node in 0..<5 {
      let other = nodes[(node + 1) % 5]
      value += 1
      #expect(try await other.get("/set/\(value)") == "\(value)")
      // The others get it before the only node that has it may go.
      try await expect("\(value)", on: nodes)
      nodes[node].process.send(SIGTERM)
      #expect(try await nodes[node].process.outcome().status == 0)
      value += 1
      #expect(try await other.get("/set/\(value)") == "\(value)")
      relay.upgrade(node)
      nodes[node] = try await start(node, relay)
      _ = try await eventually("n\(node) is ready") { try await nodes[node].get("/readyz") }
      #expect(try await nodes[node].get("/get") == "\(value)", "n\(node) as soon as it is ready")
      try await expect("\(value)", on: nodes)
    }
    for node in nodes {
      let list = Dictionary(uniqueKeysWithValues: (0..<5).map { ("n\($0)", "alive") })
      _ = try await eventually("\(node.name) lists all") { try await node.members() == list ? true : nil }
      let metrics = try await node.get("/metrics") ?? ""
      for reason in ["malformed", "version", "unsupported", "corrupted"] {
        #expect(metrics.contains("unum_refused_total{reason=\"\(reason)\"} 0\n"), "\(node.name), \(reason)")
      }
    }
  }

  private func start(_ node: Int, _ relay: Relay) async throws -> RunningNode {
    try await RunningNode(
      "n\(node)", join: relay.advertised.indices.filter { $0 != node }.map { relay.advertised[$0] },
      gossip: relay.listening[node], advertise: relay.advertised[node], http: relay.http[node])
  }

  private func expect(_ value: String, on nodes: [RunningNode]) async throws {
    for node in nodes {
      _ = try await eventually("\(value) on \(node.name)") { try await node.get("/get") == value ? true : nil }
    }
  }
}
