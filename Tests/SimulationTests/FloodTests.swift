// What the adversary's flood costs others: nothing that lasts. Newcomers are in and partitions heal while every node gets
// three thousand datagrams a second, whoever they seem to come from.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct FloodTests {
  private nonisolated static let floods =
    [.one, .some(10), .many, .neighbour(of: 5)].map { Flood($0, .short) }
    + [.one, .some(10), .some(1000), .many, .neighbour(of: 5), .impostor(of: 5), .anyHost].map {
      Flood($0, .introductions)
    }
    + [.some(1000), .anyHost].map { Flood($0, .anything) }

  private func flood(_ cluster: inout Cluster, _ hosts: Range<Int>, with flood: Flood) {
    for host in hosts {
      var flood = flood
      if case .impostor(of: host) = flood.source { flood.source = .impostor(of: host - 1) }
      cluster.perform(.flood(FaultID(1000 + host), host, flood))
    }
  }

  private func expectOneCluster(
    _ cluster: inout Cluster, of size: Int, within bound: Duration, _ what: String
  ) {
    let began = cluster.time
    let isOne = cluster.run(until: began + bound) { $0.running.count == size && $0.isAcquainted }
    let time = (cluster.time - began).inSeconds
    let sizes = cluster.running.map { cluster.liveMembers(of: $0) }
    print("\(what): \(isOne ? "one after" : "not one after") \(time) s \(isOne ? "" : "\(sizes)")")
    #expect(isOne, "\(what): after \(time) s nodes list \(sizes)")
    #expect(cluster.violation == nil, "\(what)")
  }

  /// Four newcomers know one of five nodes, and a flood hits all nine.
  @Test(arguments: floods)
  func `newcomers join while all are flooded`(flood: Flood) {
    var cluster = Cluster(seed: 1)
    for number in 0..<9 { cluster.addHost(seeds: number == 0 ? [] : [[0]]) }
    for host in 0..<5 { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(30))
    self.flood(&cluster, 0..<9, with: flood)
    cluster.run(for: .seconds(2))
    for host in 5..<9 { cluster.perform(.start(host)) }
    expectOneCluster(&cluster, of: 9, within: .seconds(15), "join, \(flood.content) by \(flood.source)")
  }

  /// `FIGURES=1`: many seeds, and larger floods than any that a test waits for.
  @Test(.enabled(if: isFull), arguments: [3000, 10_000], [1000, 4000])
  func `how long a newcomer waits whose only seed is flooded with newcomers`(perSecond: Int, challenges: Int) {
    var settings = Settings()
    settings.challengeRate = challenges
    for source in [.one, .some(1000), .many, .neighbour(of: 5)] as [Flood.Source] {
      var times: [Double] = []
      for seed in 1...40 as ClosedRange<UInt64> {
        var cluster = Cluster(seed: seed)
        for number in 0..<6 { cluster.addHost(seeds: number == 0 ? [] : [[0]], settings: settings) }
        for host in 0..<5 { cluster.perform(.start(host)) }
        cluster.settle(within: .seconds(30))
        self.flood(&cluster, 0..<1, with: Flood(source, .introductions, perSecond: perSecond))
        cluster.run(for: .seconds(3))
        let began = cluster.time
        cluster.perform(.start(5))
        let isOne = cluster.run(until: began + .seconds(120)) { $0.running.count == 6 && $0.isAcquainted }
        times.append(isOne ? (cluster.time - began).inSeconds : .infinity)
        #expect(cluster.violation == nil)
      }
      times.sort()
      print(
        "\(perSecond) by \(source), \(challenges) challenged: median \(times[20]) s, 90 % \(times[36]) s, most \(times[39]) s"
      )
    }
  }

  /// Three nodes on each side, all flooded, and no seed leads to the other side.
  @Test(arguments: floods)
  func `halves heal while all are flooded`(flood: Flood) {
    var cluster = Cluster(seed: 2)
    for number in 0..<6 { cluster.addHost(seeds: number == 0 ? [] : [[0]]) }
    for host in 0..<6 { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(30))
    cluster.perform(.impair(FaultID(1), Impairment.partition([[0, 1, 2], [3, 4, 5]])))
    cluster.run(for: .seconds(20))
    #expect(cluster.hosts.indices.allSatisfy { cluster.liveMembers(of: $0) == 3 })
    self.flood(&cluster, 0..<6, with: flood)
    cluster.run(for: .seconds(2))
    cluster.perform(.end(FaultID(1)))
    expectOneCluster(&cluster, of: 6, within: .seconds(10), "heal, \(flood.content) by \(flood.source)")
  }

  /// What a flooded node sends on top of what it sends without a flood.
  @Test(arguments: floods)
  func `what a flood draws from a node is bounded`(flood: Flood) {
    var cluster = Cluster(seed: 3)
    cluster.startHosts(6)
    cluster.settle(within: .seconds(30))
    cluster.run(for: .seconds(5))
    let quiet = cluster.sentIn(.seconds(3), by: 0)
    cluster.perform(.flood(FaultID(1), 0, flood))
    let flooded = cluster.sentIn(.seconds(3), by: 0)
    let (datagrams, bytes) = ((flooded.datagrams - quiet.datagrams) / 3, (flooded.bytes - quiet.bytes) / 3)
    print("\(flood.content) by \(flood.source) draw \(datagrams) datagrams and \(bytes) bytes a second")
    #expect(cluster.violation == nil)
    switch flood.source {
    // In a member's name: the node answers, with no more bytes than came.
    case .impostor, .anyHost: #expect(bytes < 3000 * (flood.content == .short ? 71 : 304))
    // A hundred with an answer and three pings each, a third more for the first burst, and the challenges: less than
    // half of what came.
    case .one, .some, .many, .neighbour: #expect(datagrams < 3600 && bytes < 400_000)
    }
  }
}

extension Cluster {
  /// Runs for so long, and counts what a host sends meanwhile.
  fileprivate mutating func sentIn(_ duration: Duration, by host: Int) -> Traffic {
    let before = hosts[host].sent
    run(for: duration)
    return hosts[host].sent - before
  }
}
