import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import Agent

@Suite struct AgentTests {
  @Test func aWriteOnOneNodeIsReadOnTheOther() async throws {
    let one = try await Support.start(name: "n1")
    let log = Log()
    let two = try await Support.start(name: "n2", seeds: ["\(one.identity.address)"], log: log)
    try await Support.eventually("they know each other") {
      one.status().members.count == 2 && two.status().members.count == 2 && two.readiness == .ready(.synchronised)
    }
    let answers = Collected<Answer>()
    one.set(5) { answers.add($0) }
    try await Support.eventually("the writer is answered") { !answers.all.isEmpty }
    #expect(answers.all == [.accepted(Stamp(generation: 1, value: 5))])
    #expect(one.published == Stamp(generation: 1, value: 5), "published before the answer")
    try await Support.eventually("it arrives") { two.published == Stamp(generation: 1, value: 5) }
    try await Support.eventually("the reader is told who") { log.contains("info NewVal: 5 Gen: 1 Notifier: n1") }
    await two.stop()
    await one.stop()
  }

  @Test func whatNodesSayOverUDPIsCountedAndNothingElse() async throws {
    let log = Log()
    var settings = Settings()
    settings.reportInterval = .milliseconds(200)
    let agent = try await Support.start(log: log, settings: settings)
    let address = agent.identity.address
    try await Support.send([], to: address)
    try await Support.send(Array("hello".utf8), to: address)
    try await Support.send([UInt8](repeating: 0, count: Wire.maximumSize + 1), to: address)
    try await Support.send([UInt8](repeating: 0, count: 5000), to: address)
    try await Support.eventually("each is refused") {
      let counters = agent.status().counters
      return counters.dropped(.oversized) == 2 && DropReason.allCases.map(counters.dropped).reduce(0, +) == 4
    }
    try await Support.eventually("a line says how many") { log.contains("notice Refused in the last 0.2 s: ") }
    let summed = { log.all.filter { $0.contains("Refused in the last") } }
    #expect(summed().count <= 4, "never one line each")
    #expect(agent.published == .initial)
    await agent.stop()
  }

  @Test func aPortInUseNamesTheAddressAndTheOption() async throws {
    let first = try await Support.start()
    await #expect(throws: StartError.portInUse(.datagrams, first.datagramAddress)) {
      try await Support.start(bind: first.datagramAddress)
    }
    await #expect(throws: StartError.portInUse(.http, first.httpAddress)) {
      try await Support.start(http: first.httpAddress)
    }
    let foreign = Address(ipv4: 0xCB00_7101, port: 0)
    await #expect(throws: StartError.self) { try await Support.start(bind: foreign) }
    await first.stop()
    #expect("\(StartError.portInUse(.datagrams, first.datagramAddress))".contains("--bind (BIND_ADDR)"))
    #expect("\(StartError.portInUse(.http, first.httpAddress))".contains("--http (HTTP_ADDR)"))
    #expect("\(StartError.portInUse(.http, first.httpAddress))".contains("\(first.httpAddress)"))
  }

  @Test func aFailedStartLeavesNoSocketBehind() async throws {
    let first = try await Support.start()
    let free = try await Datagrams.bind(to: Support.ownLoopback(3), loop: Support.group.next())
    await free.close()
    await #expect(throws: StartError.self) {
      try await Support.start(bind: free.localAddress, http: first.httpAddress)
    }
    let again = try await Datagrams.bind(to: free.localAddress, loop: Support.group.next())
    await again.close()
    await first.stop()
  }

  @Test func theStartIsALineWithVersionAddressesAndName() async throws {
    let log = Log()
    let agent = try await Support.start(name: "n 1", log: log)
    let address = agent.identity.address
    #expect(
      log.contains(
        "info Unum 1.2.3: \"n 1\" at \(address) (the bound address), UDP \(agent.datagramAddress), "
          + "HTTP \(agent.httpAddress), cluster unum, no seeds"))
    #expect(agent.httpAddress.port == agent.identity.httpPort)
    await agent.stop()
  }

  @Test func aStopIsNotReadyThenTellsTheMembersThenEnds() async throws {
    let one = try await Support.start(name: "n1")
    let two = try await Support.start(name: "n2", seeds: ["\(one.identity.address)"])
    try await Support.eventually("they know each other") {
      one.status().members.count == 2 && two.status().members.count == 2
    }
    async let stopping: Void = two.stop()
    try await Support.eventually("it is not ready at once") { two.readiness == .leaving }
    await stopping
    try await Support.eventually("the other knows that it left, rather than died") {
      one.status().members.contains { $0.name == "n2" && $0.status == .left }
    }
    let answers = Collected<Answer>()
    two.set(1) { answers.add($0) }
    #expect(answers.all == [.overloaded], "a stopped node still answers")
    await two.stop()
    await one.stop()
    let again = try await Datagrams.bind(to: two.datagramAddress, loop: Support.group.next())
    await again.close()
  }

  @Test func runReturnsAfterAStopAndOnCancellation() async throws {
    let one = try await Support.start()
    async let running: Void = one.run()
    await one.stop()
    try await running
    let two = try await Support.start()
    let task = Task { try await two.run() }
    task.cancel()
    try await task.value
    #expect(two.readiness == .leaving)
    let again = try await Datagrams.bind(to: two.datagramAddress, loop: Support.group.next())
    await again.close()
  }

  @Test func manyWritersAreEachAnsweredOnceAndTheLastStampIsPublished() async throws {
    var settings = Settings()
    settings.firstStampTimeout = .milliseconds(100)
    let agent = try await Support.start(settings: settings)
    let answers = Collected<Answer>()
    let writes = 400
    await withTaskGroup(of: Void.self) { tasks in
      for value in 1...writes { tasks.addTask { agent.set(Int64(value)) { answers.add($0) } } }
    }
    try await Support.eventually("all are answered") { answers.all.count >= writes }
    let generations = answers.all.compactMap { if case .accepted(let stamp) = $0 { stamp.generation } else { nil } }
    #expect(generations.sorted() == Array(1...UInt64(writes)), "each write has a generation of its own")
    #expect(agent.published.generation == UInt64(writes))
    await agent.stop()
    #expect(answers.all.count == writes)
  }

  @Test func theTickerPostsToExtraPeers() async throws {
    let server = try await RawHTTPServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    var settings = Settings()
    settings.notifyInterval = .milliseconds(50)
    let agent = try await Support.start(notify: ["\(server.address)"], settings: settings)
    try await Support.eventually("two posts come") { server.requests.all.count >= 2 }
    #expect(server.requests.all[0].text.hasPrefix("POST /notify/42/0?notifier=n1 HTTP/1.1\r\n"))
    try await Support.eventually("they are counted") {
      let metrics = agent.shellMetrics()
      let delivered = metrics.first { $0.name == "unum_notifies_sent_total" && $0.labels.first?.1 == "delivered" }
      return (delivered?.value ?? 0) >= 1
    }
    await agent.stop()
    try await server.close()
  }

  @Test func aNodeThatLosesItsSocketStaysAMember() async throws {
    let one = try await Support.start(name: "n1")
    let two = try await Support.start(name: "n2", seeds: ["\(one.identity.address)"])
    try await Support.eventually("they know each other") {
      one.status().members.count == 2 && two.status().members.count == 2
    }
    try await one.datagrams.currentChannel()?.close()
    try await Support.eventually("it is bound anew, and says so") {
      one.shellMetrics().contains { $0.name == "unum_datagram_rebinds_total" && $0.value == 1 }
    }
    one.set(9) { _ in }
    try await Support.eventually("it is heard again") { two.published.value == 9 }
    two.set(10) { _ in }
    try await Support.eventually("and hears") { one.published.value == 10 }
    await two.stop()
    await one.stop()
  }
}
