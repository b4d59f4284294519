// What a member costs as the cluster grows: nothing but a logarithm.
//
// In every test run eight nodes beside 128 (what a thousand send in quiet: see `SwimTests`); the whole curve with
// `FIGURES=1 swift test -c release --filter ScaleTests`, and with `SCALE=2000,4000` further sizes: each node lists each
// other one, so four thousand take some 5 GB. Counts are held to bounds. Times are printed only: they are the machine's
// as much as the code's.

import Foundation
import Gossip
import Simulation
import Testing

private let sizes: [Int] = {
  let more = ProcessInfo.processInfo.environment["SCALE"]?.split(separator: ",").compactMap { Int($0) } ?? []
  return (isFull ? [8, 32, 128, 512, 1000] : [8, 128]) + more
}()

/// Resident memory of this process in bytes; 0 where the system does not tell.
private func residentMemory() -> Double {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 4096
}

@SimulationThread @Suite struct ScaleTests {
  /// What one size costs.
  private struct Costs {
    var packetsPerWrite = 0.0
    var write = 0.0
    var packetsPerCrash = 0.0
    var detection = 0.0
    var joinOfOne = 0.0
    var microsecondsPerEvent = 0.0
    var memoryPerPair = 0.0
  }

  private static func costs(of hosts: Int) throws -> Costs {
    var costs = Costs()
    let memory = residentMemory()
    var cluster = acquainted(hosts, Laboratory(hosts: hosts).settings, quiet: .seconds(1))
    let sent = { (cluster: borrowing Cluster) in Double(cluster.sent.datagrams) }
    // Each node sends two a period whatever happens.
    let idle = { (span: Duration) in 2 * Double(hosts) * (span / Settings().period) }
    let (began, steps, wall) = (cluster.time, cluster.trace.steps, ContinuousClock.now)

    var (start, before) = (cluster.time, sent(cluster))
    cluster.perform(.set(0, 7))
    let stamp = cluster.stamp(of: 0)
    cluster.run(for: .milliseconds(200))
    #expect(cluster.hosts.indices.allSatisfy { cluster.stamp(of: $0) >= stamp })
    costs.write = ((cluster.hosts.map(\.stampSince).max() ?? start) - start).inSeconds
    costs.packetsPerWrite = (sent(cluster) - before - idle(cluster.time - start)) / Double(hosts)

    (start, before) = (cluster.time, sent(cluster))
    cluster.perform(.crash(1))
    cluster.run(until: start + .seconds(30)) { $0.census.trueDeaths >= hosts - 1 }
    costs.detection = (cluster.time - start).inSeconds
    cluster.run(for: .milliseconds(200))
    costs.packetsPerCrash = (sent(cluster) - before - idle(cluster.time - start)) / Double(hosts)

    start = cluster.time
    let newcomer = cluster.addHost(seeds: [[0]], settings: Laboratory(hosts: hosts).settings)
    let known = cluster.census.changes.count
    cluster.perform(.start(newcomer))
    let address = cluster.hosts[newcomer].address
    // It knows all that live, and they know it: as many changes as there are views of each other.
    cluster.run(until: start + .seconds(30)) { cluster in
      cluster.census.changes.count - known >= 2 * (hosts - 1)
        && cluster.census.changes[known...].count { $0.address == address && $0.to == .alive } >= hosts - 1
    }
    costs.joinOfOne = (cluster.time - start).inSeconds
    let worked = (ContinuousClock.now - wall) / .microseconds(1)
    costs.microsecondsPerEvent = worked / Double(max(1, cluster.trace.steps - steps))
    costs.memoryPerPair = max(0, residentMemory() - memory) / Double(hosts * hosts)
    #expect(cluster.time > began)
    try cluster.check()
    return costs
  }

  @Test func `writes, crashes and joins cost a member of many little more than one of eight`() throws {
    row("hosts", "write s", "packets each", "dead on all s", "packets each", "join of one s", "µs an event", "B a pair")
    var all: [(hosts: Int, costs: Costs)] = []
    for hosts in sizes {
      let costs = try ScaleTests.costs(of: hosts)
      all.append((hosts, costs))
      row(
        "\(hosts)", short(costs.write), short(costs.packetsPerWrite), short(costs.detection),
        short(costs.packetsPerCrash), short(costs.joinOfOne), short(costs.microsecondsPerEvent),
        short(costs.memoryPerPair))
    }
    for (hosts, costs) in all {
      let logarithm = log2(Double(hosts) + 1)
      // Three rounds of four pushes, twice where a newer round begins, and an answer to each that came too late.
      #expect(costs.packetsPerWrite < 30)
      #expect(costs.write < 0.01 * logarithm)
      // A suspicion, its confirmations and the death are pushed the same way, and pinged for by a few.
      #expect(costs.packetsPerCrash < 40 * logarithm)
      #expect(costs.detection < 3)
      #expect(costs.joinOfOne < 5)
    }
  }

  @Test func `all start at once and find each other`() throws {
    row("hosts", "join of all s")
    for hosts in isFull ? sizes.filter({ $0 <= 512 }) : [8, 32] {
      let time = try Laboratory(hosts: hosts).joinOfAll().inSeconds
      row("\(hosts)", short(time))
      #expect(time < 5 + 2 * log2(Double(hosts) + 1))
    }
  }

  /// Design goal: below 20 µs at a thousand members in a release build, pushes included.
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
      #expect(feed.node.status(at: feed.now).counters.refused(.malformed) == 0)
      #expect(feed.changed == feed.played)
    }
    // A thousand changes a second are above what is pushed: the rate of pushes bounds them (100 a second and a burst).
    #expect(packets.allSatisfy { $0 < 0.5 })
  }
}

/// One node that hears of one changed member after the other, each a millisecond after the one before.
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
        httpPort: Host.httpPort)
    }
    let identity = Identity(address: records[0].address, name: "n0", httpPort: Host.httpPort)
    var settings = Settings()
    settings.reportInterval = .zero
    // Nobody here answers pings, and who tells of the changes must live on.
    settings.pingsBeforeDeath = .max
    node = Node(identity: identity, settings: settings, seed: 1, now: now)
    if let list = Membership(of: records) { node.meet(list) }
  }

  /// Changes that the node believes: the sum of what was added to incarnations.
  var changed: Int {
    node.status(at: now).members.reduce(0) { $0 + Int($1.incarnation - HostClock.epoch) }
  }

  /// Everybody but the first two in turn has a new incarnation, and the second tells of it.
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
