import Gossip
import Testing

@Suite struct ClusterTests {
  @Test func `five nodes find each other, agree on a write, and see a crash`() {
    var cluster = Harness()
    cluster.start()
    for number in 1..<5 { cluster.start(seed: number - 1) }
    cluster.run(for: .seconds(2))
    for node in 0..<5 { #expect(cluster.statuses(node).count == 5, "\(node) sees \(cluster.statuses(node))") }
    cluster.handle(0, .setRequested(5, RequestID(1)))
    cluster.run(for: .milliseconds(20))
    for node in 0..<5 { #expect(cluster.nodes[node].stamp == Stamp(generation: 1, value: 5)) }
    cluster.isRunning[2] = false
    let crash = cluster.time
    cluster.run(for: .seconds(3))
    for node in [0, 1, 3, 4] { #expect(cluster.statuses(node)["n2"] == .dead) }
    for (time, node, effect) in cluster.log {
      if case .report(let report) = effect, time > crash - 10 {
        print(Double(time - crash) / 1e6, node, report)
      }
    }
    let sent = cluster.log.filter { $0.0 < crash && $0.0 > crash }.count
    print(sent)
  }
}
