// Clusters whose seeds are names with many addresses, with name servers that list the asker's neighbours first, list a
// part at a time, list nodes that are gone, or lie. All must become one cluster, sooner or later.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct NameServerTests {
  /// Hosts with one seed each, whose name resolves to all; a host's own half comes first.
  private func halves(_ count: Int, seed: UInt64) -> Cluster {
    var cluster = Cluster(seed: seed)
    let (left, right) = (Array(0..<count), Array(count..<2 * count))
    for host in 0..<2 * count { cluster.addHost(seeds: [host < count ? left + right : right + left]) }
    return cluster
  }

  private func expectOneCluster(_ cluster: inout Cluster, within bound: Duration, _ what: String) {
    let began = cluster.time
    let size = cluster.hosts.count
    let isOne = cluster.run(until: began + bound) { cluster in
      cluster.running.count == size && cluster.isAcquainted
    }
    let time = (cluster.time - began).inSeconds
    print("\(what): \(isOne ? "one cluster after \(time) s" : "not one after \(time) s")")
    let sizes = cluster.running.map { cluster.liveMembers(of: $0) }
    #expect(isOne, "\(what): after \(time) s nodes list \(sizes)")
    #expect(cluster.violation == nil)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `two times twenty nodes whose name server lists the own half first become one cluster`(seed: UInt64) {
    var cluster = halves(20, seed: seed)
    for host in cluster.hosts.indices { cluster.perform(.start(host)) }
    expectOneCluster(&cluster, within: .seconds(30), "own half first, seed \(seed)")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `they heal after a partition though the name server falls silent in it`(seed: UInt64) {
    var cluster = halves(20, seed: seed)
    let cut = Impairment.partition([Array(0..<20), Array(20..<40)])
    // The halves have never met, so neither has the other in its address book.
    cluster.perform(.impair(FaultID(1), cut))
    for host in cluster.hosts.indices { cluster.perform(.start(host)) }
    cluster.run(for: .seconds(20))
    cluster.perform(.loseNames(FaultID(2)))
    cluster.run(for: .seconds(60))
    #expect(cluster.hosts.indices.allSatisfy { cluster.liveMembers(of: $0) == 20 })
    cluster.perform(.end(FaultID(1)))
    expectOneCluster(&cluster, within: .seconds(30), "names lost, seed \(seed)")
  }

  @Test(arguments: [NameLie.stale, .foreign], [1, 2] as [UInt64])
  func `they heal though the name has come to mean others, whom nobody reaches`(lie: NameLie, seed: UInt64) {
    var cluster = halves(20, seed: seed)
    cluster.perform(.impair(FaultID(1), Impairment.partition([Array(0..<20), Array(20..<40)])))
    for host in cluster.hosts.indices { cluster.perform(.start(host)) }
    cluster.run(for: .seconds(20))
    cluster.perform(.misname(FaultID(2), lie))
    cluster.run(for: .seconds(60))
    cluster.perform(.end(FaultID(1)))
    expectOneCluster(&cluster, within: .seconds(60), "\(lie) names, seed \(seed)")
  }

  @Test(arguments: [
    Naming(strays: 40), Naming(strays: 200), Naming(order: .rotated, most: 1),
    Naming(order: .rotated, most: 8, strays: 20),
    Naming(order: .shuffled, most: 3, strays: 20), Naming(order: .shuffled, strays: 500),
  ])
  func `twelve nodes find each other whatever else a name stands for, and in whatever order`(naming: Naming) {
    var cluster = Cluster(seed: 4)
    for _ in 0..<12 { cluster.addHost(seeds: [Array(0..<12)]) }
    cluster.perform(.name(naming))
    for host in 0..<12 { cluster.perform(.start(host)) }
    expectOneCluster(&cluster, within: .seconds(60), "\(naming)")
  }
}
