// Lifeguard's experiment (Dadgar, Phillips, Currey 2017, section V): of 128 members some are slow to handle what arrives,
// and accuse healthy ones, whose answers they read too late. How many healthy members are called dead, with Lifeguard and
// without it?
//
// Ours has rules of its own that keep the living alive: nobody believes a death that he did not find himself, and a suspect
// is pinged again and again before it is called dead. They are off here as far as settings go, so that what is compared
// is the paper's: local health (section IV.A) and suspicion that waits for confirmations (section IV.B). The third row
// has the defaults. The paper reports more than 50 times fewer false positives; its slow members stand still as a whole,
// ours only lag, up to a second for each datagram and timer, which doubts about oneself cannot cure altogether.

import Foundation
import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct LifeguardTests {
  private struct Alarms {
    var deaths = 0
    var suspicions = 0
  }

  /// What is said of healthy members while every eighth member is slow.
  private static func alarms(_ settings: Settings, hosts: Int, seconds: Int, seeds: Int) throws -> Alarms {
    var alarms = Alarms()
    for seed in 1...seeds {
      var cluster = acquainted(hosts, settings, seed: UInt64(seed))
      let isSlow = { (host: Int) in host % 8 == 0 }
      for host in 0..<hosts where isSlow(host) { cluster.perform(.slow(host, .seconds(1))) }
      let before = cluster.census.changes.count
      cluster.run(for: .seconds(seconds))
      try cluster.check()
      for change in cluster.census.changes[before...] {
        guard let member = Host.slot(of: change.address), !isSlow(member) else { continue }
        if change.to == .dead { alarms.deaths += 1 }
        if change.to == .suspect { alarms.suspicions += 1 }
      }
    }
    return alarms
  }

  /// The paper's baseline: a fixed time to refute, no doubts about oneself, no pings of one's own before a death.
  private static func swim() -> Settings {
    var settings = plainSwim()
    // The simulated stop of a process is another matter; lagging must not count as one.
    settings.stall = .seconds(3600)
    settings.confirmations = 0
    settings.suspicionMaximum = settings.suspicionMinimum
    settings.suspectPingInterval = settings.suspicionMinimum
    settings.suspectPingers = 0
    settings.pingsBeforeDeath = 1
    return settings
  }

  @Test func `slow members call fewer healthy ones dead with Lifeguard, and none with the defaults`() throws {
    let (hosts, seconds, seeds) = isFull ? (128, 30, 3) : (48, 10, 1)
    var lifeguard = LifeguardTests.swim()
    lifeguard.maximumLocalHealth = 8
    lifeguard.confirmations = 3
    // The paper's β of 6.
    lifeguard.suspicionMaximum = lifeguard.suspicionMinimum * 6
    var defaults = Settings()
    defaults.stall = .seconds(3600)
    defaults.reportInterval = .zero
    let off = try LifeguardTests.alarms(LifeguardTests.swim(), hosts: hosts, seconds: seconds, seeds: seeds)
    let on = try LifeguardTests.alarms(lifeguard, hosts: hosts, seconds: seconds, seeds: seeds)
    let ours = try LifeguardTests.alarms(defaults, hosts: hosts, seconds: seconds, seeds: seeds)
    row("\(hosts) members", "called dead", "suspected")
    row("SWIM", "\(off.deaths)", "\(off.suspicions)")
    row("Lifeguard", "\(on.deaths)", "\(on.suspicions)")
    row("defaults", "\(ours.deaths)", "\(ours.suspicions)")
    row("factor", short(Double(off.deaths) / Double(max(1, on.deaths))))
    // Deaths come by themselves, so their number has its square root for a standard deviation: four of them.
    #expect(Double(off.deaths) > 4 * Double(max(1, off.deaths)).squareRoot())
    #expect(Double(on.deaths) + 4 * Double(max(1, on.deaths)).squareRoot() < Double(off.deaths))
    #expect(ours.deaths == 0)
  }
}
