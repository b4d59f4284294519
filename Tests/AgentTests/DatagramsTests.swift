import Agent
import Gossip
import NIOCore
import NIOPosix
import Platform
import Testing

@Suite struct DatagramsTests {
  private func open(_ address: Address = Support.loopback) async throws -> (
    Datagrams, Collected<(bytes: [UInt8], from: Address)>
  ) {
    let datagrams = try await Datagrams.bind(to: address, loop: Support.group.next())
    let received = Collected<(bytes: [UInt8], from: Address)>()
    datagrams.open { received.add(($0, $1)) }
    return (datagrams, received)
  }

  @Test func aDatagramArrivesWithItsBytesAndItsSender() async throws {
    let (one, _) = try await open()
    let (two, received) = try await open()
    one.send([([1, 2, 3], to: two.localAddress), ([4], to: two.localAddress)])
    try await Support.eventually("both arrive") { received.all.count == 2 }
    #expect(received.all.map(\.bytes) == [[1, 2, 3], [4]])
    #expect(received.all.allSatisfy { $0.from == one.localAddress })
    await one.close()
    await two.close()
  }

  @Test func noSendErrorDeafensTheNode() async throws {
    let (datagrams, received) = try await open()
    let impossible: [Address] = [
      Support.loopback, Address(ipv4: 0xFFFF_FFFF, port: 9), Address(high: 0xFD00 << 48, low: 1, port: 9),
    ]
    datagrams.send(impossible.map { ([0], to: $0) })
    try await Support.eventually("each error is counted") {
      datagrams.currentCounts.sendErrors.values.reduce(0, +) == 3
    }
    let counts = datagrams.currentCounts.sendErrors.map { ($0.symbol, $1) }
    let errors = Dictionary(uniqueKeysWithValues: counts)
    #expect(errors["EINVAL"] == 1, "port 0")
    #expect(errors["EACCES"] == 1, "broadcast")
    #expect(errors["EAFNOSUPPORT"] == 1, "IPv6 from an IPv4 socket")
    try await Support.send([7], to: datagrams.localAddress)
    try await Support.eventually("it still hears") { received.all.map(\.bytes) == [[7]] }
    #expect(datagrams.currentCounts.rebinds == 0, "the socket never closed")
    await datagrams.close()
  }

  @Test(arguments: [Support.loopback, Address(ipv4: 0, port: 0), Address(high: 0, low: 0, port: 0)])
  func `a socket that can send to itself says so, and nobody sees that datagram`(bound: Address) async throws {
    let datagrams = try await Datagrams.bind(to: bound, loop: Support.group.next())
    #expect(await datagrams.sendToItself() == nil)
    let received = Collected<(bytes: [UInt8], from: Address)>()
    datagrams.open { received.add(($0, $1)) }
    try await Support.send([7], to: Support.loopback.with(port: datagrams.localAddress.port))
    try await Support.eventually("the other one arrives") { received.all.count == 1 }
    #expect(received.all.map(\.bytes) == [[7]])
    #expect(datagrams.currentCounts.sendErrors.isEmpty)
    await datagrams.close()
  }

  @Test func `a socket that cannot send to itself says why`() async throws {
    let (datagrams, _) = try await open()
    await datagrams.close()
    #expect(await datagrams.sendToItself() == .notConnected)
  }

  @Test func aDatagramThatIsTooLongArrivesTooLong() async throws {
    let (datagrams, received) = try await open()
    try await Support.send([UInt8](repeating: 1, count: Wire.maximumSize + 1), to: datagrams.localAddress)
    try await Support.send([UInt8](repeating: 1, count: 9000), to: datagrams.localAddress)
    try await Support.eventually("both arrive") { received.all.count == 2 }
    #expect(received.all[0].bytes.count == Wire.maximumSize + 1)
    #expect(received.all[1].bytes.count > Wire.maximumSize)
    await datagrams.close()
  }

  @Test func manyDatagramsInOneReadAreAllWhole() async throws {
    let (one, _) = try await open()
    let (two, received) = try await open()
    let sent = (0..<64).map { [UInt8](repeating: UInt8($0), count: Wire.maximumSize) }
    one.send(sent.map { ($0, to: two.localAddress) })
    try await Support.eventually("all arrive") { received.all.count == sent.count }
    #expect(received.all.map(\.bytes) == sent)
    await one.close()
    await two.close()
  }

  @Test func aSocketThatIsLostIsBoundAgainOnTheSamePort() async throws {
    let (datagrams, received) = try await open(Support.ownLoopback(2))
    for round in 1...2 {
      try await datagrams.currentChannel()?.close()
      try await Support.eventually("it is bound again") { datagrams.currentCounts.rebinds == UInt64(round) }
      try await Support.send([UInt8(round)], to: datagrams.localAddress)
      try await Support.eventually("it hears again") { received.all.last?.bytes == [UInt8(round)] }
    }
    await datagrams.close()
  }

  @Test func aClosedSocketStaysClosedAndFreesItsPort() async throws {
    let (datagrams, _) = try await open(Support.ownLoopback(1))
    await datagrams.close()
    #expect(try await datagrams.currentChannel()?.isActive != true)
    let again = try await Datagrams.bind(to: datagrams.localAddress, loop: Support.group.next())
    #expect(again.localAddress == datagrams.localAddress)
    await again.close()
  }

  @Test func twoSocketsCannotShareAPort() async throws {
    let (datagrams, _) = try await open()
    await #expect(throws: IOError.self) {
      try await Datagrams.bind(to: datagrams.localAddress, loop: Support.group.next())
    }
    await datagrams.close()
  }

  @Test func aSocketForAllAddressesTakesBothFamiliesAndKnowsIPv4AsIPv4() async throws {
    let (dual, received) = try await open(Address(high: 0, low: 0, port: 0))
    let (four, heard) = try await open()
    let port = dual.localAddress.port
    four.send([([4], to: Support.loopback.with(port: port))])
    try await Support.eventually("IPv4 arrives") { received.all.map(\.bytes) == [[4]] }
    #expect(received.all[0].from == four.localAddress)
    dual.send([([5], to: four.localAddress)])
    try await Support.eventually("and is answered") { heard.all.map(\.bytes) == [[5]] }
    #expect(heard.all[0].from == Support.loopback.with(port: port))
    dual.send([([6], to: Address(high: 0, low: 1, port: port))])
    try await Support.eventually("IPv6 arrives") { received.all.map(\.bytes) == [[4], [6]] }
    await dual.close()
    await four.close()
  }
}
