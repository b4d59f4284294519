// Nodes of this version beside nodes of a made-up later one, which add to each datagram whatever a later version may add.

import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct UpgradeTests {
  private nonisolated static let cluster = Hash.of(Settings().cluster)
  private nonisolated static let addresses = [
    Address(ipv4: 0x0A00_0001, port: 7946), Address(high: 0xFD00 << 48, low: 7, port: 7946),
  ]

  private nonisolated static func messages(from sender: Address) -> [Message] {
    let records = addresses.map {
      Record(address: $0, incarnation: 9, state: .suspect, name: "n", httpPort: 8080, accuser: $0)
    }
    let bodies: [Message.Body] = [
      .ping(target: sender), .ack, .join, .gossip, .page(more: true), .indirectAck(target: sender, incarnation: 3),
      .pull(after: sender, buckets: .init(repeating: 5, count: 16)), .notice(.taken),
    ]
    return bodies.flatMap { body in
      [0, Wire.introductionSize, Wire.modestPlainSize, Wire.maximumPlainSize].map { size in
        var message = Message(
          sender: Message.Sender(address: sender, incarnation: 4, wantsIntroduction: true),
          stamp: Stamp(generation: 2, value: -1), digest: 3, nonce: 4, body: body, rumours: records)
        message.paddedSize = size
        return message
      }
    }
  }

  @Test(arguments: addresses)
  func `what a later version adds to a datagram changes nothing that we read`(sender: Address) throws {
    for message in Self.messages(from: sender) {
      let ours = Wire.encode(message, cluster: Self.cluster)
      let later = LaterVersion.rewritten(ours)
      let limit = ours.count <= Wire.modestPlainSize ? Wire.modestPlainSize : Wire.maximumPlainSize
      #expect(later.count <= limit, "\(message)")
      #expect(later.count == ours.count || message.paddedSize == 0)
      var expected = message
      expected.sender.highestVersion = LaterVersion.number
      expected.paddedSize = later.count
      #expect(try Wire.decode(later, cluster: Self.cluster) == expected)
      #expect(later[1] != 0 && (message.body != .gossip || later[Wire.kindOffset] == LaterVersion.kind))
    }
  }

  @Test func `a header alone stays as it is`() {
    let header = Header(cluster: 1).bytes
    #expect(LaterVersion.rewritten(header) == header)
  }

  /// One list, one value, and nothing refused, at every moment of an upgrade and after it.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `five nodes are replaced one by one under writes, and the value never goes back`(seed: UInt64) {
    var cluster = Cluster(ClusterConfiguration(seed: seed, seeds: (0..<5).map { $0 == 0 ? [[1]] : [[0]] }))
    #expect(cluster.settle(within: .seconds(10)) != nil)
    var value: Int64 = 0
    func write(to host: Int) {
      value += 1
      cluster.perform(.set(host, value))
      cluster.run(for: .milliseconds(500))
    }
    for host in [3, 0, 4, 1, 2] {
      write(to: (host + 1) % 5)
      cluster.perform(.leave(host))
      write(to: (host + 2) % 5)
      cluster.run(until: cluster.time + .seconds(5)) { $0.hosts[host].activity == .down }
      cluster.perform(.upgrade(host, true))
      cluster.perform(.start(host))
      write(to: (host + 3) % 5)
      #expect(cluster.settle(within: .seconds(10)) != nil, "\(cluster.violation.map { "\($0)" } ?? "")")
      #expect((0..<5).allSatisfy { cluster.stamp(of: $0).value == value }, "after n\(host)")
    }
    for host in 0..<5 {
      write(to: host)
      let counters = cluster.status(of: host).counters
      #expect([DropReason.malformed, .version, .unsupported].allSatisfy { counters.dropped($0) == 0 }, "n\(host)")
    }
    QuiescenceCheck.run(on: &cluster)
    #expect(cluster.violation == nil, "\(cluster.violation.map { "\($0)" } ?? "")")
  }

  @Test func `trials with upgrades alone hold`() async {
    let trials = (1...60 as ClosedRange<UInt64>).map { seed in
      Trial(
        seed: seed, hosts: 3 + Int(seed % 5), kinds: [.upgrade, .smallPaths, .loss, .partition, .writes],
        faults: .seconds(30))
    }
    let violations = await inParallel(trials) { trial in trial.run().violation.map { "seed \(trial.seed): \($0)" } }
    #expect(violations.compactMap { $0 } == [])
  }
}
