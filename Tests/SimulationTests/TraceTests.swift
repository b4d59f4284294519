// The text of a trace: every line that people see when they replay a seed.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct TraceTests {
  private static let telling = Trace.Telling { report, _ in
    if case .ready = report { ["its log"] } else { [] }
  }

  /// The text of an action, with three hosts, the last of which has not started.
  private func told(_ actions: Action..., isWhole: Bool = false) -> [String] {
    var cluster = Cluster(seed: 1, telling: Trace.Telling(isWhole: isWhole, log: TraceTests.telling.log))
    for _ in 0..<3 { cluster.addHost() }
    cluster.perform(.start(0))
    cluster.perform(.start(1))
    cluster.run(until: cluster.time + .seconds(4))
    let before = cluster.trace.lines.count
    for action in actions { cluster.perform(action) }
    return cluster.trace.lines[before...].map { String($0.drop { $0 != " " }.dropFirst()) }
  }

  @Test(
    arguments: [
      (.start(2), "n2 starts"), (.crash(0), "n0 is killed"), (.move(2), "n2 gets another address"),
      (.pause(1), "n1 is stopped"), (.turnClock(1, by: .milliseconds(-1500)), "n1's wall clock is turned by -1.5 s"),
      (.drift(2, -20), "n2's clocks run 20 ppm too slow"),
      (.slow(0, .milliseconds(300)), "n0 is busy: up to 0.3 s late"),
      (.refuseHTTP(1, true), "n1's HTTP port refuses"),
      (.map(FaultID(6), 1, .symmetric), "loss 6: n1 is behind a gateway (symmetric)"),
      (.advertise(2, as: 0), "n2 will advertise n0's address"),
      (.advertise(2, as: nil), "n2 will advertise its own address"),
      (.loseNames(FaultID(7)), "loss 7: no name resolves"), (.end(FaultID(990_001)), "fault 990001 ends"),
      (
        .name(Naming(order: .rotated, most: 3, strays: 2)),
        "the name server lists rotated, 3 at most, 2 addresses that nobody has"
      ),
      (
        .flood(FaultID(9), 1, Flood(.some(10), .introductions)),
        "loss 9: n1 is flooded with introductions by 10 addresses outside, 3000 a second"
      ),
      (.misname(FaultID(8), .stale), "loss 8: names stand for addresses of the past"),
      (.noise(0), "the adversary sends n0 random bytes"), (.lie(1), "the adversary sends n1 a well-formed lie"),
      (.forge(1, as: 0), "the adversary sends n1 a lie from n0's address"),
      (
        .impair(FaultID(1), [Impairment(from: [0, 1], to: [2], loss: 0.255)]), "loss 1: 25.5 % is lost from n0 n1 to n2"
      ),
      (
        .impair(FaultID(2), Impairment.partition([[0], [1, 2], [3]])), "loss 2: nothing passes between n0 | n1 n2 | n3"
      ),
      (
        .impair(FaultID(3), Impairment.partition([[0], [1]], sparesHTTP: true)),
        "loss 3: only HTTP passes between n0 | n1"
      ),
    ] as [(Action, String)])
  func `what is done to a cluster is told in words`(action: Action, words: String) {
    #expect(told(action) == ["-- \(words)"])
  }

  @Test func `what a client or somebody outside asks is told with what came of it`() {
    #expect(
      told(.set(0, 5)) == [
        "-- a client sets 5 on n0", "n0 holds 5 of generation 1", "n0 answers request 1: it is 5 of generation 1",
      ])
    #expect(
      told(.notifyNearCeiling(0, below: -3, 9)).first
        == "-- somebody outside notifies n0 of 9, 3 generations above its ceiling")
    #expect(
      told(.notifyNearCeiling(0, below: -3, 9)).last?.hasPrefix("n0 refuses request 1: above generation ") == true)
    #expect(told(.notify(1, ahead: 2, 8)) == ["-- somebody outside notifies n1 of 8, 2 generations ahead"])
  }

  @Test func `everything that is wrong with the network is told`() {
    var conditions = Conditions.none
    (conditions.loss, conditions.burst, conditions.burstLength) = (0.1, 0.004, .milliseconds(120))
    (conditions.delay, conditions.jitter) = (.milliseconds(30), .milliseconds(70))
    (conditions.tail, conditions.tailDelay, conditions.duplication) = (0.03, .milliseconds(12), 1)
    (conditions.reordering, conditions.reorderDelay) = (0.5, .milliseconds(20))
    (conditions.corruption, conditions.truncation, conditions.replay) = (0.02, 0.01, 0.09)
    #expect(
      told(.worsen(FaultID(1), conditions)) == [
        "-- loss 1: 10 % is lost, 0.4 % begins a loss of all for 0.12 s, takes 0.03 s to 0.1 s, "
          + "3 % is held up for 0.012 s or far longer, 100 % comes twice, 50 % waits up to 0.02 s more, "
          + "2 % is corrupted, 1 % is cut short, an old one follows 9 %"
      ])
  }

  @Test func `a write that waits is told when it is answered`() {
    var cluster = Cluster(seed: 1, telling: Trace.Telling { _, _ in [] })
    cluster.startHosts(3)
    cluster.perform(.set(1, 5))
    cluster.run(until: cluster.time + .seconds(9))
    let lines = cluster.trace.lines
    #expect(lines.count { $0.hasSuffix("-- a client sets 5 on n1") } == 1)
    #expect(lines.count { $0.hasSuffix("n1 answers request 1: it is 5 of generation 1") } == 1, "\(lines)")
    #expect(!lines.contains { $0.contains("n0 answers") }, "notifies are answered, too")
  }

  @Test func `small shares, whole seconds and groups of nobody are told as people would`() {
    var conditions = Conditions.none
    (conditions.burst, conditions.burstLength) = (0.0004, .seconds(1))
    #expect(told(.worsen(FaultID(1), conditions)) == ["-- loss 1: 0.04 % begins a loss of all for 1 s"])
    #expect(told(.turnClock(0, by: .seconds(-7200))) == ["-- n0's wall clock is turned by -7200 s"])
    #expect(
      told(.impair(FaultID(1), Impairment.partition([[0], [1], []]))) == ["-- loss 1: nothing passes between n0 | n1"])
  }

  @Test func `what makes no sense is not told`() {
    #expect(
      told(
        .start(0), .crash(2), .move(0), .pause(2), .resume(0), .leave(2), .set(2, 1), .notify(2, ahead: 1, 1),
        .drift(0, 5), .slow(1, .zero), .refuseHTTP(1, false), .refuseHTTP(2, true)) == [])
  }

  @Test func `a node's log is in the trace, without what repeats`() {
    var cluster = Cluster(seed: 1, telling: TraceTests.telling)
    cluster.startHosts(3)
    cluster.run(until: cluster.time + .seconds(30))
    #expect(cluster.trace.lines.count { $0.hasSuffix(" its log") } == 3)
    #expect(cluster.trace.lines.count == 6, "\(cluster.trace.lines)")
  }

  @Test func `the whole trace has every event and every datagram`() {
    let lines = told(.set(0, 5), .leave(0), isWhole: true)
    for words in ["n0 << request 1: set 5", "n0 << it is asked to leave", "n0 has left; "] {
      #expect(lines.contains { $0.hasPrefix(words) }, "\(words) in \(lines)")
    }
    var cluster = Cluster(seed: 1, telling: Trace.Telling(isWhole: true) { _, _ in [] })
    cluster.startHosts(2)
    cluster.run(until: cluster.time + .seconds(3))
    let bytes = #/n[01] (<<|>>) \w+ of \d+ bytes (from|to) 10\.0\.0\.[12]:7946/#
    for words in [
      "<< its timer fires", ">> look up seed 0", "<< seed 0 is at 10.0.0.1:7946", ">> notify of ", "n1 << ",
    ] {
      #expect(cluster.trace.lines.contains { $0.contains(words) }, "\(words)")
    }
    #expect(cluster.trace.lines.count { $0.contains(bytes) } > 10)
  }
}
