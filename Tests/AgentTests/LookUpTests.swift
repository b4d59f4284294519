// A start must not hang if its name server hangs.

import Agent
import Gossip
import NIOCore
import NIOPosix
import Testing

@Suite struct LookUpTests {
  private let any = Address(ipv4: 0, port: 7000)
  private let loop = Support.group.next()
  private let seeds = (0..<100).map { "seed-\($0)" }

  /// Finds an address while no look-up is answered, and then answers them.
  private func find(_ seeds: [String], within time: TimeAmount) async throws -> AdvertisedAddress {
    let names = seeds.map { _ in loop.makePromise(of: [Address].self) }
    defer { for name in names { name.succeed([]) } }
    let all = seeds
    return try await AdvertisedAddress.find(
      configured: nil, bound: any, seeds: seeds, loop: loop, within: time
    ) { host, loop in
      if let numeric = Address(ip: host.host, port: host.port) { return loop.makeSucceededFuture([numeric]) }
      return names[all.firstIndex(of: host.host) ?? 0].futureResult
    }
  }

  @Test func `all names together take the time of one, and a seed that answers is still used`() async throws {
    let begin = ContinuousClock.now
    let found = try await find(seeds + ["127.0.0.1"], within: .seconds(2))
    #expect(found.source == .route(seed: "127.0.0.1"))
    // One after another they would take 200 s. The bound is generous, because a busy machine is slow even with one.
    #expect(ContinuousClock.now - begin < .seconds(120))
  }

  @Test func `whoever stops a node that starts does not wait for its name server`() async throws {
    let finding = Task { try await find(seeds, within: .hours(1)) }
    finding.cancel()
    let found = try await finding.value
    #expect(found.address.port == 7000)
  }
}
