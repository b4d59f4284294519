// A stopping node, and a flooded one, as their clients see them.

import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Agent

@Suite struct StoppingTests {
  @Test func `a node that stops is not ready at once, and what clients began is finished and spread`() async throws {
    let one = try await Support.start(name: "n1")
    let two = try await Support.start(name: "n2", seeds: ["\(one.identity.address)"])
    try await Support.eventually("they know each other") {
      one.status().members.count == 2 && two.readiness == .ready(.synchronised)
    }
    let idle = try await Client(two.httpAddress, Support.group)
    let monitor = try await Client(two.httpAddress, Support.group)
    let writer = try await Client(two.httpAddress, Support.group)
    idle.send(request("GET /get"))
    _ = try await idle.text { statuses($0) == [200] }
    // The answer to the first shows that the beginning of the second has arrived too.
    monitor.send(request("GET /get") + "GET /readyz HTTP/1.1\r\n")
    writer.send(request("GET /get") + "POST /set/77 HTTP/1.1\r\n")
    _ = try await monitor.text { statuses($0) == [200] }
    _ = try await writer.text { statuses($0) == [200] }
    async let stopping: Void = two.stop()
    try await Support.eventually("it is leaving") { two.readiness == .leaving }
    // It sends idle clients away, and has not left yet: what it says after that may be heard too late.
    _ = try await idle.whole()
    #expect(one.status().members.allSatisfy { $0.status != .left })
    monitor.send("Host: a\r\n\r\n")
    writer.send("Host: a\r\n\r\n")
    #expect(statuses(try await monitor.whole()) == [200, 503])
    #expect(statuses(try await writer.whole()) == [200, 200])
    await stopping
    try await Support.eventually("the last write has spread") { one.published.value == 77 }
    await one.stop()
  }

  @Test func `whoever is answered reads what was accepted, also when two bring the same stamp at once`() async throws {
    let agent = try await Support.start()
    let late = NIOLockedValueBox(0)
    await withTaskGroup(of: Void.self) { tasks in
      for _ in 0..<4 {
        tasks.addTask {
          for generation in 1...5_000 as ClosedRange<UInt64> {
            agent.notify(Stamp(generation: generation, value: 1), by: "x") { _ in
              if agent.published.generation < generation { late.withLockedValue { $0 += 1 } }
            }
          }
        }
      }
    }
    #expect(late.withLockedValue { $0 } == 0)
    await agent.stop()
  }

  @Test func `a flood of datagrams leaves clients their answers`() async throws {
    let loops = (0..<3).map { _ in MultiThreadedEventLoopGroup(numberOfThreads: 1) }
    let agent = try await Agent.start(
      configuration: AgentConfiguration(bind: Support.loopback, http: Support.loopback, name: "n1"), version: "1",
      udp: loops[0], http: loops[1], logger: Log().logger)
    let flooder = try await Datagrams.bind(to: Support.loopback, loop: loops[2].next())
    let noise = (0..<100).map { ([UInt8](repeating: UInt8($0 & 0xFF), count: 64), to: agent.datagramAddress) }
    let flood = loops[2].next().scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(5)) { _ in
      flooder.send(noise)
    }
    let refused = { DropReason.allCases.map { agent.status().counters.dropped($0) }.reduce(0, +) }
    try await Support.eventually("the flood arrives") { refused() > 1_000 }
    let client = try await Client(agent.httpAddress, Support.group)
    for value in 1...20 {
      client.send(request("POST /set/\(value)") + request("GET /get"))
      let text = try await client.text { statuses($0).count == 2 * value }
      #expect(text.hasSuffix("\r\n\r\n\(value)"))
    }
    let before = refused()
    try await Support.eventually("it went on all the time") { refused() > before }
    flood.cancel()
    await client.close()
    await flooder.close()
    await agent.stop()
    for loop in loops { try await loop.shutdownGracefully() }
  }
}
