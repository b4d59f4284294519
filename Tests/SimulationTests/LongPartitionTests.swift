// A long partition in which each side loses members: the survivors still know somebody on the other side when it ends,
// though meanwhile more members crashed one by one than the address book has room for.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct LongPartitionTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a partition heals by the book though thrice as many crashed in it as the book has room for`(seed: UInt64) {
    var cluster = Cluster(seed: seed)
    var settings = Settings()
    settings.addressBookSize = 8
    // The only common seed leaves before the partition. On each side two stay, and four crash and come back elsewhere
    // again and again, by a seed of their own side.
    cluster.addHost(settings: settings)
    for host in 1...12 {
      let stays = host <= 2 || host >= 11
      cluster.addHost(seeds: [[stays ? 0 : host <= 6 ? 1 : 12]], settings: settings)
    }
    for host in 0...12 { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(60))
    cluster.perform(.leave(0))
    cluster.run(for: .seconds(5))
    cluster.perform(.impair(FaultID(1), Impairment.partition([Array(1...6), Array(7...12)])))
    cluster.run(for: .seconds(70))
    for round in 0..<24 {
      let host = [3, 7, 4, 8, 5, 9, 6, 10][round % 8]
      cluster.perform(.crash(host))
      cluster.run(for: .seconds(70))
      cluster.perform(.move(host))
      cluster.perform(.start(host))
    }
    cluster.run(for: .seconds(70))
    #expect((1...12).allSatisfy { cluster.liveMembers(of: $0) == 6 })
    cluster.perform(.end(FaultID(1)))
    let began = cluster.time
    let isOne = cluster.run(until: began + .seconds(60)) { $0.isAcquainted }
    print(
      "a long partition, seed \(seed): \(isOne ? "healed" : "not healed") after \((cluster.time - began).inSeconds) s")
    #expect(isOne && cluster.running.count == 12)
    #expect(cluster.violation == nil)
  }
}
