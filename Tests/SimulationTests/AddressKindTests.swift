// Hosts behind port mappings, and processes that advertise another's address: what still holds with them.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct AddressKindTests {
  @Test(arguments: Mapping.allCases)
  func `a node whose datagrams come from elsewhere is a member like any other`(mapping: Mapping) {
    var cluster = Cluster(seed: 3)
    for host in 0..<4 { cluster.addHost(seeds: host == 0 ? [] : [[0]]) }
    cluster.perform(.map(FaultID(1), 2, mapping))
    for host in 0..<4 { cluster.perform(.start(host)) }
    #expect(cluster.settle(within: .seconds(10)) != nil, "\(cluster.violation.map { "\($0)" } ?? "")")
    cluster.run(for: .seconds(60))
    #expect(cluster.membershipLog.falseAlarms.suspicions == 0)
    cluster.perform(.set(2, 7))
    cluster.run(for: .seconds(1))
    #expect((0..<4).allSatisfy { cluster.stamp(of: $0).value == 7 })
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil, "\(cluster.violation.map { "\($0)" } ?? "")")
  }

  /// For every seed, whether or not the other has started.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `who advertises another's address is no member, and no harm`(seed: UInt64) {
    var cluster = Cluster(seed: seed)
    for host in 0..<4 { cluster.addHost(seeds: host == 0 ? [] : [[0]]) }
    for host in 0..<3 { cluster.perform(.start(host)) }
    cluster.settle(within: .seconds(10))
    cluster.perform(.advertise(3, as: 1))
    cluster.perform(.start(3))
    cluster.run(for: .seconds(30))
    #expect((0..<3).allSatisfy { cluster.liveMembers(of: $0) == 3 })
    #expect(cluster.membershipLog.changes.allSatisfy { $0.observer == 3 || $0.to == .alive })
    cluster.perform(.crash(3))
    cluster.perform(.advertise(3, as: nil))
    cluster.perform(.start(3))
    #expect(cluster.settle(within: .seconds(10)) != nil, "\(cluster.violation.map { "\($0)" } ?? "")")
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil, "\(cluster.violation.map { "\($0)" } ?? "")")
  }

  @Test func `trials of these kinds alone hold`() async {
    let trials = (1...60 as ClosedRange<UInt64>).map { seed in
      Trial(
        seed: seed, hosts: 3 + Int(seed % 5),
        kinds: [.portMapping, .duplicateAddress, .crash, .loss, .partition, .writes], faults: .seconds(30))
    }
    let violations = await inParallel(trials) { trial in trial.run().violation.map { "seed \(trial.seed): \($0)" } }
    #expect(violations.compactMap { $0 } == [])
  }
}
