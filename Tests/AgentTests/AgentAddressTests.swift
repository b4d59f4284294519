import Agent
import Gossip
import NIOCore
import NIOPosix
import Testing

@Suite struct AgentAddressTests {
  private let any = Address(ipv4: 0, port: 7000)
  private let anyV6 = Address(high: 0, low: 0, port: 7000)

  private func find(_ configured: String?, bound: Address, seeds: [String] = []) async throws -> AdvertisedAddress {
    let given = try configured.map { try #require(HostPort($0, defaultPort: 0)) }
    let address = try given.map { try #require(Address(ip: $0.host, port: $0.port)) }
    // Far more than a look-up takes, because tests that compute may hold up this one.
    return try await AdvertisedAddress.find(
      configured: address, bound: bound, seeds: seeds, loop: Support.group.next(), within: .seconds(60))
  }

  @Test func whatIsConfiguredHoldsWithTheBoundPortForNone() async throws {
    let whole = try await find("10.1.2.3:99", bound: any)
    #expect(whole == AdvertisedAddress(address: Address(ipv4: 0x0A01_0203, port: 99), source: .configured))
    #expect(try await find("10.1.2.3", bound: any).address == Address(ipv4: 0x0A01_0203, port: 7000))
  }

  @Test(arguments: ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"])
  func whatNobodyReachesIsRefused(configured: String) async throws {
    let address = try #require(Address(ip: configured, port: 7000))
    await #expect(throws: StartError.notReachable(address)) { try await find(configured, bound: anyV6) }
  }

  @Test func anAddressOfTheOtherFamilyIsRefused() async throws {
    await #expect(throws: StartError.self) { try await find("fd00::1", bound: any) }
    await #expect(throws: StartError.self) { try await find("10.1.2.3", bound: Address(high: 0, low: 1, port: 7000)) }
    #expect(try await find("10.1.2.3", bound: anyV6).source == .configured)
  }

  @Test func aSpecificBoundAddressIsTheOne() async throws {
    let bound = Support.loopback.with(port: 7000)
    let found = try await find(nil, bound: bound, seeds: ["192.0.2.9"])
    #expect(found == AdvertisedAddress(address: bound, source: .bound))
  }

  @Test func theRouteToTheFirstSeedDecides() async throws {
    let found = try await find(nil, bound: any, seeds: ["not a host", "127.0.0.1:9999", "192.0.2.9"])
    let loopback = Support.loopback.with(port: 7000)
    #expect(found == AdvertisedAddress(address: loopback, source: .route(seed: "127.0.0.1:9999")))
    #expect(try await find(nil, bound: any, seeds: ["localhost"]).source == .route(seed: "localhost"))
  }

  @Test func aSeedOfTheOtherFamilySaysNothing() async throws {
    let found = try await find(nil, bound: any, seeds: ["::1"])
    #expect(found.address.isIPv4)
    #expect(found.source != .route(seed: "::1"))
    #expect(try await find(nil, bound: anyV6, seeds: ["::1"]).address == Address(high: 0, low: 1, port: 7000))
  }

  @Test func withoutSeedsSomeAddressOfThisMachineIsFound() async throws {
    let found = try await find(nil, bound: any)
    let own = try System.enumerateDevices().compactMap { $0.address.flatMap { Address($0) }?.with(port: 7000) }
    #expect(own.contains(found.address) || found.source == .loopback)
    #expect(found.address.port == 7000)
    #expect(found.address.isReachable)
    #expect(!found.address.isLoopback || found.source == .loopback)
  }

  @Test(arguments: [
    ("127.0.0.1", "10.0.0.1", false), ("127.9.9.9", "10.0.0.1", false), ("::1", "fd00::1", false),
    ("127.0.0.1", "127.0.0.1", true), ("127.0.1.5", "127.0.0.1", true), ("::1", "::1", true),
    ("0.0.0.0", "10.0.0.1", true), ("::", "fd00::1", true), ("10.0.0.1", "10.0.0.1", true),
    ("172.17.0.2", "10.0.0.1", true),
  ])
  func othersAreToldThePortUnlessItIsOnLoopbackAndTheAddressIsNot(bound: String, advertised: String, isTold: Bool)
    throws
  {
    let http = try #require(Address(ip: bound, port: 8080))
    let address = try #require(Address(ip: advertised, port: 7946))
    let found = AdvertisedAddress(address: address, source: .configured)
    #expect(found.httpPort(of: http) == (isTold ? 8080 : 0))
  }

  @Test func whoseHTTPIsOnLoopbackSaysThatItHasNoPortForOthers() async throws {
    let log = Log()
    var configuration = AgentConfiguration(
      bind: Address(ipv4: 0, port: 0), http: Support.loopback, advertise: Address(ipv4: 0x0A01_0203, port: 0),
      name: "n1")
    configuration.stopTimes.drain = .seconds(60)
    configuration.stopTimes.leave = .seconds(60)
    let agent = try await Agent.start(
      configuration: configuration, version: "1.2.3", udp: Support.group, http: Support.group, logger: log.logger)
    #expect(agent.identity.httpPort == 0)
    #expect(agent.status().members.map(\.httpPort) == [0])
    #expect(agent.httpAddress.port != 0)
    #expect(
      log.contains(
        "HTTP \(agent.httpAddress) (this machine only, so other nodes are told of no HTTP port), cluster unum"))
    await agent.stop()
  }

  @Test func whoseSocketTakesBothFamiliesFindsSeedsOfBothWhateverItAdvertises() async throws {
    let both = Address(high: 0, low: 0, port: 0)
    let one = try await Support.start(name: "n1", bind: both, advertise: Address(high: 0, low: 1, port: 0))
    let two = try await Support.start(
      name: "n2", seeds: ["\(one.identity.address)"], bind: both, advertise: Support.loopback)
    try await Support.eventually("they know each other") {
      one.status().members.count == 2 && two.status().members.count == 2
    }
    await two.stop()
    await one.stop()
  }

  @Test(
    arguments: [
      ("10.0.0.1", "10.0.0.1", 7), ("10.0.0.1:80", "10.0.0.1", 80), ("host", "host", 7), ("host:0", "host", 0),
      ("[fd00::1]:80", "fd00::1", 80), ("[fd00::1]", "fd00::1", 7), ("fd00::1", "fd00::1", 7),
    ] as [(String, String, UInt16)])
  func aHostAndItsPortAreParsed(text: String, host: String, port: UInt16) throws {
    let parsed = try #require(HostPort(text, defaultPort: 7))
    #expect(parsed.host == host)
    #expect(parsed.port == port)
  }

  @Test(arguments: [
    "", ":80", "host:", "host:65536", "host:-1", "host:+1", "host:x", "a]b", "[::1]:+1", "[fd00::1]80", "[]:80", "a b",
    "ho\nst", "[::1",
  ])
  func whatIsNoHostIsRefused(text: String) {
    #expect(HostPort(text, defaultPort: 7) == nil)
  }

  @Test(arguments: ["10.0.0.1", "fd00::1:2", "::1", "255.255.255.255", "2001:db8:1:2:3:4:5:6"])
  func anAddressSurvivesTheWayThroughASocketsForm(text: String) throws {
    let address = try #require(Address(ip: text, port: 4711))
    #expect(Address(try SocketAddress(address)) == address)
    #expect(address.host == text)
  }

  @Test func aMappedAddressIsIPv4() throws {
    #expect(Address(ip: "::ffff:10.0.0.1", port: 1) == Address(ipv4: 0x0A00_0001, port: 1))
    #expect(Address(try SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
    #expect(Address(ip: "localhost", port: 1) == nil)
  }
}
