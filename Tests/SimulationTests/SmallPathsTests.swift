// Clusters on paths that silently drop large datagrams, everywhere or between two halves. They come together as fast as
// others, within a try or two.
//
// 548 bytes fit into a packet of 576, which every host must accept; below that there is no promise.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct SmallPathsTests {
  /// Members that start at once where no larger datagrams pass, either everywhere or between the halves.
  private static func cluster(_ hosts: Int, above size: Int, isEverywhere: Bool, seed: UInt64) -> Cluster {
    var cluster = Cluster(seed: seed)
    cluster.startHosts(hosts, settings: Experiment(hosts: hosts).settings)
    let (all, half) = (Array(0..<hosts), hosts / 2)
    let paths =
      isEverywhere
      ? [Impairment(from: all, to: all, above: size)]
      : [
        Impairment(from: Array(all[..<half]), to: Array(all[half...]), above: size),
        Impairment(from: Array(all[half...]), to: Array(all[..<half]), above: size),
      ]
    cluster.perform(.impair(FaultID(1), paths))
    return cluster
  }

  @Test(arguments: [548, 600, 1100], [true, false])
  func `fifty that start at once find each other within ten seconds`(size: Int, isEverywhere: Bool) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 20 : 2) as ClosedRange<UInt64> {
      var cluster = Self.cluster(50, above: size, isEverywhere: isEverywhere, seed: seed)
      found.add(cluster.settle(within: .seconds(60))?.inSeconds ?? 60)
      try cluster.check()
    }
    print("join of 50, nothing above \(size) bytes, \(isEverywhere ? "everywhere" : "between halves"): \(found)")
    #expect(found.greatest < 10)
  }

  @Test(arguments: [true, false])
  func `a partition of forty heals, and nobody is accused for the size of a datagram`(isEverywhere: Bool) throws {
    var found = Distribution()
    for seed in 1...(isFull ? 10 : 1) as ClosedRange<UInt64> {
      var cluster = Self.cluster(40, above: 548, isEverywhere: isEverywhere, seed: seed)
      cluster.settle(within: .seconds(60))
      cluster.perform(.impair(FaultID(2), Impairment.partition([Array(0..<20), Array(20..<40)])))
      cluster.run(for: .seconds(20))
      cluster.perform(.end(FaultID(2)))
      found.add(cluster.settle(within: .seconds(60))?.inSeconds ?? 60)
      let accused = cluster.membershipLog.falseAlarms.suspicions
      cluster.run(for: .seconds(30))
      #expect(cluster.membershipLog.falseAlarms.suspicions == accused)
      try cluster.check()
    }
    print("heal of 40, nothing above 548 bytes, \(isEverywhere ? "everywhere" : "between halves"): \(found)")
    #expect(found.greatest < 10)
  }
}
