// What a member costs as the cluster grows: no more than a logarithm.
//
// Every test run compares eight nodes with 128 and a thousand. This runs the whole curve, in release:
//
//     FIGURES=1 swift test -c release -Xswiftc -enable-testing --filter ScaleTests
//
// and further sizes by `SCALE`, ten thousand nodes among them:
//
//     SCALE=10000 swift test -c release -Xswiftc -enable-testing --filter ScaleTests
//
// `JOIN=1000,2000` adds sizes at which all start at once. Each node lists each other one, in 96 bytes and 24 more for its
// turn to be probed, so ten thousand take 12.5 GB of memory; `Tests/Benchmarks/README.md` has the table and how long it
// took. Counts are held to bounds. Times of the machine are printed only: they are the machine's as much as the code's.

import Foundation
import Gossip
import Simulation
import Testing

/// The sizes in an environment variable.
private func named(in variable: String) -> [Int] {
  ProcessInfo.processInfo.environment[variable]?.split(separator: ",").compactMap { Int($0) } ?? []
}

private let sizes = (isFull ? [8, 32, 128, 512, 1000] : [8, 128, 1000]) + named(in: "SCALE")

/// Resident memory of this process in bytes; 0 if the system does not say.
private func residentMemory() -> Double {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 4096
}

@SimulationThread @Suite struct ScaleTests {
  /// What one size costs.
  private struct Costs {
    var packetsPerSecond = 0.0
    var bytesPerSecond = 0.0
    var packetsPerWrite = 0.0
    var write = 0.0
    var packetsPerCrash = 0.0
    var detection = 0.0
    var joinOfOne = 0.0
    var microsecondsPerEvent = 0.0
    var memoryPerPair = 0.0
    var seconds = 0.0
  }

  /// The costs of all sizes, with room for one more than there are.
  private static func settings(for hosts: Int) -> Settings {
    var settings = Experiment(hosts: hosts).settings
    settings.maximumMembers = max(settings.maximumMembers, hosts + 1)
    return settings
  }

  /// - Parameter memory: that of the process before the first size; memory that smaller clusters left is reused.
  private static func costs(of hosts: Int, since memory: Double) throws -> Costs {
    var costs = Costs()
    let wall = ContinuousClock.now
    var cluster = acquainted(hosts, settings(for: hosts), quiet: .seconds(1))
    let (steps, worked) = (cluster.trace.steps, ContinuousClock.now)
    measureQuiet(&cluster, into: &costs)
    measureWrite(&cluster, into: &costs)
    measureCrash(&cluster, into: &costs)
    measureJoin(&cluster, into: &costs)
    costs.microsecondsPerEvent =
      (ContinuousClock.now - worked) / .microseconds(1) / Double(max(1, cluster.trace.steps - steps))
    costs.memoryPerPair = max(0, residentMemory() - memory) / Double(hosts * hosts)
    costs.seconds = (ContinuousClock.now - wall).inSeconds
    try cluster.check()
    return costs
  }

  /// What a node sends in a second while nothing happens, headers included.
  private static func measureQuiet(_ cluster: inout Cluster, into costs: inout Costs) {
    let (start, before) = (cluster.time, cluster.sent)
    cluster.run(for: Settings().period * 5)
    let share = Double(cluster.hosts.count) * (cluster.time - start).inSeconds
    let rate = (cluster.sent - before).divided(by: share)
    (costs.packetsPerSecond, costs.bytesPerSecond) = (rate.packets, rate.bytes)
  }

  /// What each node has sent since then, on top of the idle two packets a period.
  private static func packetsEach(_ cluster: borrowing Cluster, since start: Instant, _ before: Int) -> Double {
    let idle = 2 * ((cluster.time - start) / Settings().period)
    return Double(cluster.sent.datagrams - before) / Double(cluster.hosts.count) - idle
  }

  private static func measureWrite(_ cluster: inout Cluster, into costs: inout Costs) {
    let (start, before) = (cluster.time, cluster.sent.datagrams)
    cluster.perform(.set(0, 7))
    let stamp = cluster.stamp(of: 0)
    cluster.run(for: .milliseconds(200))
    #expect(cluster.hosts.indices.allSatisfy { cluster.stamp(of: $0) >= stamp })
    costs.write = ((cluster.hosts.map(\.stampSince).max() ?? start) - start).inSeconds
    costs.packetsPerWrite = packetsEach(cluster, since: start, before)
  }

  private static func measureCrash(_ cluster: inout Cluster, into costs: inout Costs) {
    let (start, before, others) = (cluster.time, cluster.sent.datagrams, cluster.hosts.count - 1)
    cluster.perform(.crash(1))
    cluster.run(until: start + .seconds(30)) { $0.membershipLog.trueDeaths >= others }
    costs.detection = (cluster.time - start).inSeconds
    cluster.run(for: .milliseconds(200))
    costs.packetsPerCrash = packetsEach(cluster, since: start, before)
  }

  private static func measureJoin(_ cluster: inout Cluster, into costs: inout Costs) {
    let hosts = cluster.hosts.count
    let newcomer = cluster.addHost(seeds: [[0]], settings: settings(for: hosts))
    let (start, known) = (cluster.time, cluster.membershipLog.changes.count)
    cluster.perform(.start(newcomer))
    let address = cluster.hosts[newcomer].address
    // It knows all live nodes, and they know it: as many changes as there are views of each other.
    cluster.run(until: start + .seconds(30)) { cluster in
      cluster.membershipLog.changes.count - known >= 2 * (hosts - 1)
        && cluster.membershipLog.changes[known...].count { $0.address == address && $0.to == .alive } >= hosts - 1
    }
    costs.joinOfOne = (cluster.time - start).inSeconds
  }

  @Test func `writes, crashes and joins cost a member of many little more than one of eight`() throws {
    row(
      "hosts", "packets/s", "bytes/s", "write s", "packets each", "dead on all s", "packets each", "join of one s",
      "µs an event", "B a pair", "took s")
    let memory = residentMemory()
    for hosts in sizes {
      let costs = try ScaleTests.costs(of: hosts, since: memory)
      row(
        "\(hosts)", short(costs.packetsPerSecond), short(costs.bytesPerSecond), short(costs.write),
        short(costs.packetsPerWrite), short(costs.detection), short(costs.packetsPerCrash), short(costs.joinOfOne),
        short(costs.microsecondsPerEvent), short(costs.memoryPerPair), short(costs.seconds))
      let logarithm = log2(Double(hosts) + 1)
      // A ping and an ack in each period, and whatever else is due at times.
      #expect(abs(costs.packetsPerSecond - 2 / Settings().period.inSeconds) < 0.3)
      // Three rounds of four pushes, twice if a newer round begins, and an answer to each that came too late.
      #expect(costs.packetsPerWrite < 30)
      #expect(costs.write < 0.01 * logarithm)
      // A suspicion, its confirmations and the death are pushed the same way, and a few nodes ping because of them.
      #expect(costs.packetsPerCrash < 40 * logarithm)
      #expect(costs.detection < 3)
      #expect(costs.joinOfOne < 5)
    }
  }

  /// A node handles only so many strangers a second (`Settings.strangerRate`), or anybody could keep it busy. So a
  /// cluster that starts at once comes together as fast as its seeds let it in, and ten seeds are ten times as fast as
  /// one.
  @Test func `all start at once and find each other, as fast as seeds may look at strangers`() throws {
    row("hosts", "seeds", "join of all s", "took s")
    for hosts in (isFull ? [8, 32, 128, 512] : [8, 32]) + named(in: "JOIN") {
      for seeds in [1, 10] where seeds < hosts {
        let wall = ContinuousClock.now
        let (time, settings) = try ScaleTests.joinOfAll(hosts, seeds: seeds)
        row("\(hosts)", "\(seeds)", short(time.inSeconds), short((ContinuousClock.now - wall).inSeconds))
        #expect(time.inSeconds < 8 + Double(hosts) / Double(seeds * settings.strangerRate))
      }
    }
  }

  /// The time from the start of all nodes until each lists all.
  private static func joinOfAll(_ hosts: Int, seeds: Int) throws -> (Duration, Settings) {
    let settings = settings(for: hosts)
    var cluster = Cluster(seed: 1)
    for _ in 0..<hosts { cluster.addHost(seeds: (0..<seeds).map { [$0] }, settings: settings) }
    for host in 0..<hosts { cluster.perform(.start(host)) }
    let start = cluster.time
    #expect(!cluster.isAcquainted)
    while !cluster.isAcquainted, cluster.violation == nil, cluster.time - start < .seconds(300) {
      cluster.run(for: .milliseconds(10))
    }
    try cluster.check()
    return (cluster.time - start, settings)
  }

  /// The design goal is below 20 µs at a thousand members in a release build, with the pushes that a thousand changes a
  /// second may send. `Tests/Benchmarks/counters` counts the cost of a change with all its pushes.
  @Test func `a change of one member costs as much at ten thousand members as at eight, but for the search`() throws {
    row("members", "µs a change", "packets each", "B a member")
    var packets: [Double] = []
    for count in [8, 128, 1000, 10_000] {
      let memory = residentMemory()
      var feed = ChangeFeed(members: count)
      feed.play(isFull ? 2000 : 20)
      let before = feed.packets
      let changes = isFull ? 20_000 : 200
      let time = ContinuousClock().measure { feed.play(changes) }
      packets.append(Double(feed.packets - before) / Double(changes))
      let bytes = max(0, residentMemory() - memory) / Double(count)
      row("\(count)", short(time / .microseconds(changes)), short(packets[packets.count - 1]), short(bytes))
      #expect(feed.node.status(at: feed.now).counters.dropped(.malformed) == 0)
      #expect(feed.changed == feed.played)
    }
    // Alone, each change would get twelve pushes. At a thousand changes a second the rate of pushes bounds them (800 a
    // second and a burst).
    #expect(packets.allSatisfy { $0 < 1.5 })
  }
}

/// A node that hears of one changed member after the other, a millisecond apart.
private struct ChangeFeed {
  var node: Node
  var now: Now
  var packets = 0
  var played = 0
  private var records: [Record]
  private let cluster = Hash.of(Settings().cluster)

  init(members: Int) {
    now = Now(monotonic: Instant(microseconds: 1), wall: HostClock.epoch)
    records = (0..<members).map { slot in
      Record(
        address: Host.address(inSlot: slot), incarnation: HostClock.epoch, state: .alive, name: "n\(slot)",
        httpPort: DefaultPort.http)
    }
    let identity = Identity(address: records[0].address, name: "n0", httpPort: DefaultPort.http)
    var settings = Settings()
    settings.reportInterval = .zero
    // Nobody here answers pings, but the member that tells of the changes must stay alive.
    settings.pingsBeforeDeath = .max
    node = Node(identity: identity, settings: settings, seed: 1, key: SecretKey(low: 1, high: 2), now: now)
    if let list = Membership(of: records) { node.preload(list) }
  }

  /// The number of changes that the node merged: the sum of the increases of incarnations.
  var changed: Int {
    node.status(at: now).members.reduce(0) { $0 + Int($1.incarnation - HostClock.epoch) }
  }

  /// In turn, each member but the first two gets a new incarnation, and the second tells of it.
  mutating func play(_ changes: Int) {
    for _ in 0..<changes {
      let index = 2 + played % (records.count - 2)
      played += 1
      records[index].incarnation += 1
      let message = Message(
        sender: Message.Sender(address: records[1].address, incarnation: records[1].incarnation, isReady: true),
        stamp: .initial, digest: 0, nonce: 0, body: .gossip, rumours: [records[index]])
      now.monotonic = now.monotonic + .milliseconds(1)
      now.wall += 1000
      count(node.handle(.received(Wire.encode(message, cluster: cluster), from: records[1].address), at: now))
      if node.nextDeadline <= now.monotonic { count(node.handle(.timePassed, at: now)) }
    }
  }

  private mutating func count(_ effects: [Effect]) {
    packets += effects.count { if case .send = $0 { true } else { false } }
  }
}
