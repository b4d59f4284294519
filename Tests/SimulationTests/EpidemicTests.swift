// How many rounds a value needs to reach all nodes by anti-entropy alone: in each round each node asks one other, and
// both leave with the newer of two values (Demers and others 1987, section 1.3; Karp and others 2000, section 2: log3 n
// + O(log log n) rounds).
//
// Pushes are off here; what is left are pings and acks, which carry the stamp both ways. Nodes are not in step: a node
// that hears the value in the middle of a round passes it on in the same round. So they need a little less than the
// paper's rounds, which a small model runs for comparison.

import Foundation
import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct EpidemicTests {
  /// Rounds in step until all of n know: everybody calls one at random; the call is lost, or its answer, with `loss`.
  private static func model(_ hosts: Int, loss: Double, using generator: inout Generator) -> Double {
    var knows = [Bool](repeating: false, count: hosts)
    knows[0] = true
    var rounds = 0
    while knows.contains(false) {
      rounds += 1
      let before = knows
      for caller in 0..<hosts {
        let other = (caller + 1 + generator.below(hosts - 1)) % hosts
        guard !generator.chance(loss) else { continue }
        if before[caller] { knows[other] = true }
        if before[other], !generator.chance(loss) { knows[caller] = true }
      }
    }
    return Double(rounds)
  }

  /// Periods from a write to the last node that merges it.
  private static func measured(_ hosts: Int, loss: Double, writes: Int) throws -> Distribution {
    var settings = plainSwim()
    settings.pushes = []
    settings.indirectPings = []
    // A member accused because of a lost packet gets no extra pings, because they would carry the stamp too.
    settings.probeTimeout = .milliseconds(399)
    settings.suspectPingers = 0
    settings.suspectPingInterval = .seconds(3600)
    var conditions = Conditions.lan
    conditions.loss = loss
    var cluster = acquainted(hosts, settings, conditions)
    var generator = Generator(seed: 2)
    var found = Distribution()
    for number in 0..<writes {
      cluster.run(for: .microseconds(generator.below(400_000)))
      let (host, start) = (generator.below(hosts), cluster.time)
      cluster.perform(.set(host, Int64(number)))
      let stamp = cluster.stamp(of: host)
      while !cluster.hosts.indices.allSatisfy({ cluster.stamp(of: $0) >= stamp }), cluster.time - start < .seconds(60) {
        cluster.run(for: .milliseconds(5))
      }
      let last = cluster.hosts.indices.map { cluster.hosts[$0].stampSince }.max() ?? start
      found.add((last - start) / settings.period)
      try cluster.check()
    }
    return found
  }

  @Test func `a value is everywhere after log3 n rounds and a few`() throws {
    row("hosts", "loss", "log3 n", "model", "model 99 %", "measured", "99 %")
    var means: [Double] = []
    for hosts in isFull ? [25, 100, 1000] : [25, 100] {
      // Of a thousand, so many are falsely accused at once that the run takes a quarter of an hour, and shows no more.
      for loss in isFull && hosts < 500 ? [0, 0.1, 0.3] : [0] {
        var generator = Generator(seed: 3)
        var model = Distribution()
        for _ in 0..<(isFull ? 1000 : 100) { model.add(EpidemicTests.model(hosts, loss: loss, using: &generator)) }
        let found = try EpidemicTests.measured(hosts, loss: loss, writes: hosts > 500 ? 30 : isFull ? 200 : 12)
        let least = log(Double(hosts)) / log(3)
        row(
          "\(hosts)", short(loss), short(least), short(model.mean), short(model.percentile(99)), short(found.mean),
          short(found.percentile(99)))
        if loss == 0 { means.append(found.mean) }
        // In step, nobody can be faster than log3 n. Out of step, the growth in a period is at most e^2 instead of 3,
        // so the mean lies between half of log3 n and the model's rounds, with four standard errors for chance. With
        // loss, members are accused and refute, and those datagrams carry the stamp too; then only the upper bound is
        // the paper's.
        let deviation = (found.values.reduce(0) { $0 + ($1 - found.mean) * ($1 - found.mean) } / Double(found.count))
          .squareRoot()
        let allowed = 4 * deviation / Double(found.count).squareRoot()
        if loss == 0 { #expect(found.mean > least / 2) }
        #expect(found.mean < model.mean + allowed)
      }
    }
    // Four times the hosts take log3 4 = 1.3 more rounds, and forty times take 3.4; far from four or forty times as many.
    #expect(means[means.count - 1] - means[0] < 4.5)
  }
}
