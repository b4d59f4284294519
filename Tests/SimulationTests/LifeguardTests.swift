// Lifeguard's experiment (Dadgar, Phillips, Currey 2017, section V): some of 128 members are slow to handle what
// arrives, and accuse healthy members, because they read their answers too late. How often do they accuse healthy
// members, and declare them dead, with Lifeguard and without it?
//
// Unum has further rules that protect live members: no node accepts a death that it did not find itself, and any answer
// of a suspect, however late, is evidence of life. These rules cannot be switched off, and leave few deaths to compare,
// so the test compares accusations. The first two rows have only the paper's parts, local health (section IV.A) and
// suspicion that waits for confirmations (section IV.B), without a node's own pings; the third has the defaults. The
// paper reports more than 50 times fewer deaths. But its slow members stand still, and ours lag by up to four seconds
// for each datagram and timer; local health, which stretches a probe to three seconds, cures only a part of that.

import Foundation
import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct LifeguardTests {
  private struct Alarms {
    /// Failed probes of healthy members, and how often a node then suspected them and declared them dead.
    var accusations = 0
    var suspicions = 0
    var deaths = 0
  }

  /// What nodes say of healthy members while every eighth member is slow.
  private static func alarms(_ settings: Settings, hosts: Int, seconds: Int, seeds: Int) throws -> Alarms {
    var alarms = Alarms()
    for seed in 1...seeds {
      var cluster = acquainted(hosts, settings, seed: UInt64(seed))
      let isSlow = { (host: Int) in host % 8 == 0 }
      for host in 0..<hosts where isSlow(host) { cluster.perform(.slow(host, .seconds(4))) }
      let before = cluster.membershipLog.changes.count
      cluster.run(for: .seconds(seconds))
      try cluster.check()
      for change in cluster.membershipLog.changes[before...] {
        guard let member = Host.slot(of: change.address), !isSlow(member) else { continue }
        if change.to == .dead { alarms.deaths += 1 }
        if change.to == .suspect { alarms.suspicions += 1 }
        if change.reason == .probeFailed { alarms.accusations += 1 }
      }
    }
    return alarms
  }

  /// The paper's baseline: a fixed time to refute, no local health, no own pings before a death.
  private static func swim() -> Settings {
    var settings = plainSwim()
    // The simulated stop of a process is another matter; lagging must not count as one.
    settings.stallThreshold = .seconds(3600)
    settings.confirmations = 0
    settings.suspicionMaximum = settings.suspicionMinimum
    settings.suspectPingInterval = settings.suspicionMinimum
    settings.suspectPingers = 0
    settings.pingsBeforeDeath = 1
    return settings
  }

  @Test func `slow members accuse fewer healthy ones with Lifeguard, and call none dead with the defaults`() throws {
    let (hosts, seconds, seeds) = isFull ? (128, 30, 3) : (128, 8, 1)
    var lifeguard = LifeguardTests.swim()
    lifeguard.maximumLocalHealth = 8
    lifeguard.confirmations = 3
    // The paper's β of 6.
    lifeguard.suspicionMaximum = lifeguard.suspicionMinimum * 6
    var defaults = Settings()
    defaults.stallThreshold = .seconds(3600)
    defaults.reportInterval = .zero
    let off = try LifeguardTests.alarms(LifeguardTests.swim(), hosts: hosts, seconds: seconds, seeds: seeds)
    let on = try LifeguardTests.alarms(lifeguard, hosts: hosts, seconds: seconds, seeds: seeds)
    let ours = try LifeguardTests.alarms(defaults, hosts: hosts, seconds: seconds, seeds: seeds)
    row("\(hosts) members", "accused", "suspected", "called dead")
    for (name, alarms) in [("SWIM", off), ("Lifeguard", on), ("defaults", ours)] {
      row(name, "\(alarms.accusations)", "\(alarms.suspicions)", "\(alarms.deaths)")
    }
    row("factor", short(Double(off.accusations) / Double(max(1, on.accusations))))
    // Accusations are independent, so the variance of a count is the count, and that of a difference is the sum. The
    // bound is two standard deviations, which chance exceeds once in forty seeds.
    let deviation = Double(off.accusations + on.accusations).squareRoot()
    #expect(Double(off.accusations - on.accusations) > 2 * deviation)
    #expect(on.deaths <= off.deaths)
    #expect(ours.deaths == 0)
  }
}
