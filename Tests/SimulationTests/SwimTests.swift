// The promises of the SWIM paper (Das, Gupta, Motivala 2002), measured on real nodes: how soon somebody first notices a
// crash, what that costs, and how often somebody wrongly notices one.
//
// Each test prints the expectation next to the measurement, and allows only for chance: four standard errors, which one
// honest run in 16,000 exceeds. The seeds are fixed, so a run that passed passes again. Where the protocol differs from
// the paper's on purpose, the test has both expectations.
//
// Every `swift test` has a few runs. `FIGURES=1 swift test -c release -Xswiftc -enable-testing --filter SwimTests` has
// many.

import Foundation
import Gossip
import Simulation
import Testing

let isFull = ProcessInfo.processInfo.environment["FIGURES"] != nil

/// The paper's settings, as far as possible: one direct ping, one round of helpers, only the shuffled list, no local
/// health, and nothing else that would reveal a failure.
func plainSwim() -> Settings {
  var settings = Settings()
  settings.probesInOrder = false
  settings.directPings = [.zero]
  settings.indirectPings = [.milliseconds(150)]
  settings.maximumLocalHealth = 0
  settings.notifyFanout = 0
  settings.reportInterval = .zero
  return settings
}

/// A cluster whose members know each other from the start, after it has run for so long.
func acquainted(
  _ hosts: Int, _ settings: Settings, _ conditions: Conditions = .lan, seed: UInt64 = 1, quiet: Duration = .seconds(3)
) -> Cluster {
  var cluster = Cluster(seed: seed, conditions: conditions)
  cluster.startAcquainted(hosts, settings: settings)
  cluster.run(for: quiet)
  return cluster
}

/// One row of a table that people read in the log of a test run.
func row(_ cells: String...) {
  print(cells.map { $0.count < 14 ? $0 + String(repeating: " ", count: 14 - $0.count) : $0 }.joined(separator: "  "))
}

func short(_ value: Double) -> String { Distribution.short(value) }

@SimulationThread @Suite struct SwimTests {
  /// Periods from a crash until the first probe of the crashed member begins, rounded up.
  private static func periods(_ crashes: Int, hosts: Int, _ settings: Settings) throws -> Distribution {
    var cluster = acquainted(hosts, settings)
    var generator = Generator(seed: 1)
    var found = Distribution()
    for _ in 0..<crashes {
      cluster.run(for: settings.period * 6 + .microseconds(generator.below(2 * Int(settings.period.microseconds))))
      let (victim, start, before) = (generator.below(hosts), cluster.time, cluster.membershipLog.changes.count)
      cluster.perform(.crash(victim))
      let address = cluster.hosts[victim].address
      let isNoticed = cluster.run(until: start + settings.period * 60) { cluster in
        cluster.membershipLog.changes[before...].contains { $0.reason == .probeFailed && $0.address == address }
      }
      try #require(isNoticed)
      // It was suspected when its probe ended. A probe in progress at the crash counts for the first period.
      found.add(max(1, ((cluster.time - start - settings.probeTimeout) / settings.period).rounded(.up)))
      // It is back at once: nodes that suspect this process accept the word of the next one.
      cluster.perform(.start(victim))
      try cluster.check()
    }
    return found
  }

  /// Section 3.1: with random targets, somebody probes a given member in a given period with probability 1 - 1/e, so
  /// the first such probe comes in period e/(e - 1) = 1.58 on average. A shuffled list (section 4.3) keeps (n - 1)/n of
  /// that mean, because nobody probes itself.
  ///
  /// With every second period in address order, one of two periods surely has a probe of everybody, at a random moment,
  /// and the other has one with probability 1 - 1/e. So almost every crash waits less than two periods.
  @Test func `a crash is first probed in period 1.58 by SWIM's choice, and in 1.3 by ours`() throws {
    let crashes = isFull ? 2000 : 40
    var ours = plainSwim()
    ours.probesInOrder = true
    row("", "hosts", "expected", "measured", "most")
    for hosts in isFull ? [16, 64] : [16] {
      let swim = try SwimTests.periods(crashes, hosts: hosts, plainSwim())
      let mean = 1.582
      // A geometric distribution of this mean has the variance mean · (mean - 1) = 0.92.
      let allowed = 4 * (0.92 / Double(crashes)).squareRoot()
      row("SWIM", "\(hosts)", short(mean), short(swim.mean), short(swim.greatest))
      #expect(abs(swim.mean - mean) < allowed)
      let walk = try SwimTests.periods(crashes, hosts: hosts, ours)
      // It takes one or two periods, rarely three: a standard deviation of 0.5.
      row("in order", "\(hosts)", "1.3", short(walk.mean), short(walk.greatest))
      #expect(abs(walk.mean - 1.3) < 4 * 0.5 / Double(crashes).squareRoot())
      #expect(walk.greatest <= 4)
    }
  }

  /// Sections 3.1 and 5.1: each member sends a ping and an ack per period on average, at any size of the group. This is
  /// exact, because an idle cluster sends nothing else, and each probe is answered.
  @Test func `a member sends two messages a period, at eight members and at a thousand`() throws {
    row("hosts", "expected", "measured", "bytes/s")
    var bytes: [Double] = []
    for hosts in isFull ? [8, 32, 128, 512, 1000] : [8, 128, 1000] {
      var cluster = acquainted(hosts, Experiment(hosts: hosts).settings, quiet: .milliseconds(200))
      let before = cluster.sent
      let periods = isFull ? 100 : hosts > 500 ? 2 : 20
      cluster.run(for: Settings().period * periods)
      try cluster.check()
      let shares = Double(hosts * periods)
      let measured = Double(cluster.sent.datagrams - before.datagrams) / shares
      bytes.append(Double(cluster.sent.bytes - before.bytes) / shares / Settings().period.inSeconds)
      row("\(hosts)", "2", short(measured), short(bytes[bytes.count - 1]))
      // Probes in progress at either end, and contacts with the seed while the first ones are unanswered.
      #expect(abs(measured - 2) < 0.1)
    }
    // The packets do not grow with the group either.
    let (least, most) = (bytes.min() ?? 0, bytes.max() ?? 0)
    #expect(most < least * 1.05)
  }

  /// Section 3.1: a probe of a live member fails with probability (1 - m^2)(1 - m^4)^k, if a packet arrives with
  /// probability m and k helpers are asked; all members are healthy here (q = 1). The paper's bound on false detections
  /// of a member in a period is e/(e - 1) times that. Slightly fewer fail, because another packet of the target may
  /// come instead of the ack.
  @Test func `without suspicion a live member is called dead as often as the formula says`() throws {
    row("helpers", "loss", "expected", "measured", "bound", "deaths off", "deaths on")
    for (helpers, loss) in [(0, 0.05), (1, 0.1), (3, 0.2)] {
      let hosts = 32
      let seconds = isFull ? 400 : 12
      let off = try SwimTests.alarms(hosts, helpers, loss, seconds, isSuspecting: false)
      let on = try SwimTests.alarms(hosts, helpers, loss, seconds, isSuspecting: true)
      let arrives = 1 - loss
      let isLost = { (packets: Double) in 1 - pow(arrives, packets) }
      let expected = isLost(2) * pow(isLost(4), Double(helpers))
      let probes = Double(hosts * seconds) / Settings().period.inSeconds
      let measured = Double(off.failed) / probes
      let bound = expected * M_E / (M_E - 1)
      row(
        "\(helpers)", short(loss), short(expected), short(measured), short(bound), "\(off.deaths)", "\(on.deaths)")
      // Probes fail independently, so the count is binomial. A tenth allows for the packets that come instead.
      let error = (expected / probes).squareRoot()
      #expect(measured < expected + 4 * error)
      #expect(measured > 0.9 * expected - 4 * error)
      #expect(measured < bound)
      // Every failed probe kills, unless its target already counts as dead by somebody's word.
      #expect(off.deaths > off.failed / 2)
      // Section 4.2: far fewer with suspicion, less than one in fifty, and here none at all.
      #expect(on.deaths * 50 < off.deaths)
      #expect(on.failed > 0)
    }
  }

  private static func alarms(
    _ hosts: Int, _ helpers: Int, _ loss: Double, _ seconds: Int, isSuspecting: Bool
  ) throws -> (failed: Int, deaths: Int) {
    var settings = plainSwim()
    settings.helpers = helpers
    if !isSuspecting {
      settings.suspicionMinimum = .zero
      settings.suspicionMaximum = .zero
      settings.confirmations = 0
      settings.pingsBeforeDeath = 1
      settings.suspectPingInterval = .microseconds(1)
      // Only nodes that found it themselves count: nobody is told but the accused.
      settings.rumourFactor = 0
      settings.pushes = []
    }
    var conditions = Conditions.lan
    conditions.loss = loss
    var cluster = acquainted(hosts, settings, conditions)
    let failed = { (cluster: borrowing Cluster) in
      (0..<hosts).reduce(0) { $0 + Int(cluster.status(of: $1).counters.failedProbes) }
    }
    let (before, deaths) = (failed(cluster), cluster.membershipLog.falseAlarms.deaths)
    cluster.run(for: .seconds(seconds))
    try cluster.check()
    return (failed(cluster) - before, cluster.membershipLog.falseAlarms.deaths - deaths)
  }
}
