// Scripts of faults for simulated nodes and for real processes. Both must reach what the design says, the same stamps and
// the same statuses, at every point at which the cluster agrees.

import Foundation
import Gossip
import Simulation
import Testing

/// The cluster did not come to show what it must.
private struct Disagreement: Error, CustomStringConvertible {
  var description: String
}

@Suite struct ScriptTests {
  /// What every node shows at each point of agreement, in order.
  private typealias Views = [[ScriptView]]

  /// Runs a script's steps, and expects what the model says wherever the cluster agrees.
  /// - Parameters:
  ///   - perform: does a step; the stamp is the one that, by the model, the node holds after it.
  ///   - agree: waits until these nodes show this; if that takes too long, returns what they show.
  private func take(
    _ script: Script, perform: (ScriptStep, Stamp?) async throws -> Void,
    agree: ([Int], [ScriptView]) async throws -> [ScriptView]
  ) async throws -> Views {
    var model = ScriptModel(nodes: script.nodes)
    var views: Views = []
    for (number, step) in script.steps.enumerated() {
      model.take(step)
      switch step {
      case .agree:
        let nodes = model.answering
        let expected = nodes.map(model.view)
        let seen = try await agree(nodes, expected)
        guard seen == expected else {
          let past = script.steps[...number].map { "\($0)" }.joined(separator: ", ")
          throw Disagreement(description: "after \(past): nodes \(nodes) show \(seen) and not \(expected)")
        }
        views.append(seen)
      case .set(let node, _), .notify(let node, _, _): try await perform(step, model.stamp(of: node))
      case .start, .kill, .leave, .stop, .goOn, .cut, .heal: try await perform(step, nil)
      }
    }
    return views
  }

  // MARK: Simulated

  /// Far above the time of any agreement: the slowest, after a partition, takes a few seconds.
  private static let timeLimit: Duration = .seconds(60)

  private func simulated(_ script: Script) async throws -> Views {
    var cluster = Cluster(seed: 1)
    for node in 0..<script.nodes {
      cluster.addHost(seeds: (0..<script.nodes).filter { $0 != node }.map { [$0] })
    }
    return try await take(script) { step, stamp in
      if let action = action(step, nodes: script.nodes) { cluster.perform(action) }
      let limit = cluster.time + ScriptTests.timeLimit
      switch step {
      // Before the next step, the client has its answer, and the process has ended.
      case .set(let node, _): cluster.run(until: limit) { $0.stamp(of: node) == stamp }
      case .leave(let node): cluster.run(until: limit) { $0.hosts[node].activity == .down }
      case .start, .kill, .stop, .goOn, .notify, .cut, .heal, .agree: break
      }
    } agree: { nodes, expected in
      let limit = cluster.time + ScriptTests.timeLimit
      // A check costs more than a step of a node, so check only now and then, and no more nodes than needed.
      while cluster.violation == nil, cluster.time < limit,
        !zip(nodes, expected).allSatisfy({ view(of: $0, in: cluster) == $1 })
      {
        cluster.run(for: .milliseconds(50))
      }
      if let violation = cluster.violation { throw Disagreement(description: "\(violation)") }
      return nodes.map { view(of: $0, in: cluster) }
    }
  }

  private func action(_ step: ScriptStep, nodes: Int) -> Action? {
    switch step {
    case .start(let node): .start(node)
    case .kill(let node): .crash(node)
    case .leave(let node): .leave(node)
    case .stop(let node): .pause(node)
    case .goOn(let node): .resume(node)
    case .set(let node, let value): .set(node, value)
    case .notify(let node, let ahead, let value): .notify(node, ahead: ahead, value)
    case .cut(let cut): .impair(FaultID(0), impairments(cut, nodes: nodes))
    case .heal: .end(FaultID(0))
    case .agree: nil
    }
  }

  private func impairments(_ cut: Cut, nodes: Int) -> [Impairment] {
    let others = (0..<nodes).filter { !cut.side.contains($0) }
    if cut.isOneWay { return [Impairment(from: cut.side, to: others)] }
    return Impairment.partition([cut.side, others], sparesHTTP: cut.sparesHTTP)
  }

  private func view(of node: Int, in cluster: borrowing Cluster) -> ScriptView {
    let status = cluster.status(of: node)
    let statuses = status.members.map { ($0.name, $0.status.rawValue) }
    return ScriptView(stamp: status.stamp, statuses: Dictionary(statuses) { first, _ in first })
  }

  // MARK: Real

  private func real(_ script: Script, number: Int) async throws -> Views {
    let relay = try Relay(names: (0..<script.nodes).map(ScriptModel.name), number: number)
    defer { #expect(relay.notifiesPassed > 0, "notifies go another way") }
    var nodes: [RunningNode?] = Array(repeating: nil, count: script.nodes)
    return try await take(script) { step, stamp in
      switch step {
      case .start(let node):
        nodes[node] = try await RunningNode(
          ScriptModel.name(node), join: relay.advertised.indices.filter { $0 != node }.map { relay.advertised[$0] },
          gossip: relay.listening[node], advertise: relay.advertised[node], http: relay.http[node])
      case .kill(let node):
        nodes[node]?.process.send(SIGKILL)
        _ = try await nodes[node]?.process.outcome()
      case .leave(let node):
        nodes[node]?.process.send(SIGTERM)
        #expect(try await nodes[node]?.process.outcome().status == 0)
      case .stop(let node): nodes[node]?.process.send(SIGSTOP)
      case .goOn(let node): nodes[node]?.process.send(SIGCONT)
      case .set(let node, let value):
        #expect(try await nodes[node]?.get("/set/\(value)") == "\(value)")
      case .notify(let node, _, let value):
        let generation = stamp?.generation ?? 0
        #expect(try await nodes[node]?.get("/notify/\(value)/\(generation)?notifier=script") == "")
      case .cut(let cut): relay.cut(cut)
      case .heal: relay.cut(Cut(side: []))
      case .agree: break
      }
    } agree: { numbers, expected in
      var seen: [ScriptView] = []
      _ = try? await eventually("agreement", within: ScriptTests.timeLimit) {
        seen = []
        for number in numbers { if let view = try await nodes[number]?.view() { seen.append(view) } }
        return seen == expected ? true : nil
      }
      return seen
    }
  }

  // MARK: Tests

  /// The seeds for real processes, half a minute each and all at once. They are chosen to have every kind of cut.
  private static let seeds: [UInt64] = [3, 5, 6, 10]

  @Test(arguments: ScriptTests.seeds)
  func `real processes come through a script to the same stamps and statuses as simulated ones`(
    seed: UInt64
  ) async throws {
    let script = Script(seed: seed)
    let simulated = try await simulated(script)
    let real = try await real(script, number: Int(seed))
    #expect(real == simulated)
    #expect(real.count > 8)
  }

  @Test func `simulated nodes come through every script as the design says`() async throws {
    for seed in 1...20 {
      let nodes = 3 + seed % 4
      do { _ = try await simulated(Script(seed: UInt64(seed), nodes: nodes)) } catch {
        Issue.record("seed \(seed): \(error)")
      }
      await Task.yield()
    }
  }

  @Test func `scripts differ, and their writes are won by either side`() {
    let scripts = (1...60).map { Script(seed: $0) }
    #expect(Set(scripts.map { "\($0.steps)" }).count == 60)
    // Every kind of step is in every script; order and number of the others differ.
    for script in scripts { #expect(script.steps.contains(.heal) && script.steps.count(where: { $0 == .agree }) > 8) }
    #expect(Set(scripts.map(\.steps.count)).count > 3)
  }

  @Test func `the scripts of real processes have cuts of every kind`() {
    let scripts = ScriptTests.seeds.map { Script(seed: $0) }
    let cuts = scripts.flatMap(\.steps).compactMap { if case .cut(let cut) = $0 { cut } else { nil } }
    #expect(cuts.contains(where: \.isOneWay) && cuts.contains(where: \.sparesHTTP))
    #expect(Set(cuts.map(\.side.count)) == [1, 2, 3])
    // Cuts that heal before anyone notices; and writes before anyone notices, and after.
    let spans = scripts.flatMap(\.cutSpans)
    #expect(spans.count == cuts.count)
    #expect(spans.contains { !$0.contains(.agree) })
    #expect(spans.contains { $0.first != .agree && $0.contains(.agree) })
    #expect(spans.contains { $0.first == .agree && $0.dropFirst().contains(.agree) })
  }
}

extension RunningNode {
  /// What this node shows of its value and members; nil if it does not answer.
  fileprivate func view() async throws -> ScriptView? {
    struct Shown: Decodable {
      struct Member: Decodable {
        var name: String
        var status: String
      }
      struct Held: Decodable {
        var generation: UInt64
        var value: Int64
      }
      var members: [Member]
      var stamp: Held
    }
    guard let text = try await get("/members?format=json") else { return nil }
    let shown = try JSONDecoder().decode(Shown.self, from: Data(text.utf8))
    return ScriptView(
      stamp: Stamp(generation: shown.stamp.generation, value: shown.stamp.value),
      statuses: Dictionary(shown.members.map { ($0.name, $0.status) }) { first, _ in first })
  }
}
