// Figures of the protocol, printed and held to bounds. Every test run has a few; a release build with `FIGURES=1` has
// many: `FIGURES=1 swift test -c release -Xswiftc -enable-testing --filter FiguresTests`.

import Foundation
import Gossip
import Simulation
import Testing

private func lossy(_ loss: Double) -> Conditions {
  var conditions = Conditions.lan
  conditions.loss = loss
  return conditions
}

@SimulationThread @Suite struct FiguresTests {
  @Test(arguments: isFull ? [5, 20, 50] : [5], [0, 0.2])
  func `a crash is known to all in half the cases after 1.4 s, in nearly all after 2`(hosts: Int, loss: Double) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 10 : 2) {
      found.add(try Experiment(hosts: hosts, conditions: lossy(loss), seed: UInt64(seed)).crashes(isFull ? 20 : 5))
    }
    print("crash, n = \(hosts), loss \(loss): \(found)")
    #expect(found.median < 1.4)
    #expect(found.percentile(99) < 2)
  }

  @Test(arguments: isFull ? [5, 20, 50, 100] : [5, 20], [0, 0.2])
  func `a write is on all nodes within milliseconds`(hosts: Int, loss: Double) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 10 : 2) {
      found.add(try Experiment(hosts: hosts, conditions: lossy(loss), seed: UInt64(seed)).writes(isFull ? 100 : 10))
    }
    print("write, n = \(hosts), loss \(loss): \(found)")
    #expect(found.median < 0.1)
  }

  @Test(arguments: isFull ? [5, 20, 50] : [5])
  func `nobody is called dead who lives at 20 % loss`(hosts: Int) throws {
    var (suspicions, deaths) = (0, 0)
    let hours: Double = isFull ? 60 / Double(hosts) : 0.05
    for seed in 1...(isFull ? 4 : 1) {
      let found = try Experiment(hosts: hosts, conditions: lossy(0.2), seed: UInt64(seed))
        .falseAlarms(for: .seconds(3600 * hours))
      suspicions += found.suspicions
      deaths += found.deaths
    }
    let nodeHours = hours * Double(hosts) * (isFull ? 4 : 1)
    print("20 % loss, n = \(hosts), \(nodeHours) node-hours: \(suspicions) false suspicions, \(deaths) false deaths")
    #expect(deaths == 0)
  }

  @Test(arguments: isFull ? [5, 20, 50] : [5, 20])
  func `an idle node sends little`(hosts: Int) throws {
    let quiet = try Experiment(hosts: hosts).idleTraffic(for: .seconds(isFull ? 300 : 20))
    let lossy = try Experiment(hosts: hosts, conditions: lossy(0.2)).idleTraffic(for: .seconds(isFull ? 300 : 20))
    print("idle, n = \(hosts): \(quiet); at 20 % loss: \(lossy)")
    #expect(quiet.bytes < 700)
  }

  @Test(arguments: isFull ? [90, 600] : [90], isFull ? [6, 20, 50] : [6])
  func `two halves become one again soon after a partition`(seconds: Int, hosts: Int) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 20 : 3) {
      found.add(try Experiment(hosts: hosts, seed: UInt64(seed)).heal(after: .seconds(seconds)).inSeconds)
    }
    print("heal of \(hosts) hosts after \(seconds) s: \(found)")
    #expect(found.greatest < 10)
  }

  @Test(arguments: isFull ? [6, 20] : [6])
  func `a partition longer than the memory of the dead heals`(hosts: Int) throws {
    var settings = Settings()
    settings.tombstoneLifetime = .seconds(30)
    var found = Distribution()
    for seed in 1...(isFull ? 20 : 3) {
      let experiment = Experiment(hosts: hosts, settings: settings, seed: UInt64(seed))
      found.add(try experiment.heal(after: .seconds(120)).inSeconds)
    }
    print("heal of \(hosts) hosts after forgetting: \(found)")
    #expect(found.greatest < 10)
  }

  @Test(arguments: isFull ? [5, 20, 50, 100] : [5, 20])
  func `nodes join in a moment, one by one and all at once`(hosts: Int) throws {
    var one = Distribution()
    var all = Distribution()
    for seed in 1...(isFull ? 10 : 3) {
      one.add(try Experiment(hosts: hosts, seed: UInt64(seed)).joinOfOne().inSeconds)
      all.add(try Experiment(hosts: hosts, seed: UInt64(seed)).joinOfAll().inSeconds)
    }
    print("join, n = \(hosts): one more: \(one); all at once: \(all)")
    #expect(all.greatest < 30)
  }

  @Test(arguments: [1, 3, 30], isFull ? [5, 20] : [5])
  func `a stopped process comes back, and accuses nobody`(seconds: Int, hosts: Int) throws {
    var back = Distribution()
    var outcomes = Experiment.StopOutcome()
    for seed in 1...(isFull ? 20 : 3) {
      let outcome = try Experiment(hosts: hosts, seed: UInt64(seed)).stop(for: .seconds(seconds))
      back.add(outcome.back.inSeconds)
      outcomes.calledDead += outcome.calledDead
      outcomes.othersSuspected += outcome.othersSuspected
      outcomes.othersCalledDead += outcome.othersCalledDead
    }
    print("pause of \(seconds) s, n = \(hosts): back \(back), \(outcomes)")
    #expect(outcomes.othersCalledDead == 0)
  }

  /// If writes came faster than pushes may follow each other, they would not be on top of one another.
  @Test(arguments: [100, 300], isFull ? [5, 20] : [5])
  func `writes by turns, each on top of the one before, are not told as lost`(gap: Int, hosts: Int) throws {
    var lost = 0
    for seed in 1...(isFull ? 10 : 2) {
      lost += try Experiment(hosts: hosts, seed: UInt64(seed)).falseLosses(of: 200, apart: .milliseconds(gap))
    }
    print("writes by turns \(gap) ms apart, n = \(hosts): \(lost) of \(isFull ? 2000 : 400) told as lost")
    #expect(lost == 0)
  }

  @Test(arguments: isFull ? [5, 20] : [5])
  func `a node that is cut off from all holds them dead before long`(hosts: Int) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 10 : 2) {
      found.add(try Experiment(hosts: hosts, seed: UInt64(seed)).isolation()?.inSeconds ?? 300)
    }
    print("cut off from all, n = \(hosts): \(found)")
    #expect(found.greatest < 30)
  }

  @Test(arguments: [2, 10, 60])
  func `a crash a minute after a stop is found as soon as any`(quiet: Int) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 20 : 5) {
      let experiment = Experiment(hosts: 5, seed: UInt64(seed))
      let time = try experiment.crashAfter(stopOf: .milliseconds(1200 + 100 * seed), quietFor: .seconds(quiet))
      found.add(time?.inSeconds ?? 300)
    }
    print("crash \(quiet) s after a stop of 1.3 s and more: \(found)")
    // Right after a stall the others still give it more time, and trust themselves less; a minute later they do not.
    #expect(found.greatest < (quiet < 60 ? 15 : 3))
  }
}
