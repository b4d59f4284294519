// The server on real sockets.

import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Agent

@Suite struct HTTPServerTests {
  private let backend = FakeBackend()
  private let group = MultiThreadedEventLoopGroup.singleton

  private func serve(_ limits: HTTPLimits = HTTPLimits()) async throws -> HTTPServer {
    try await HTTPServer.bind(
      address: Address(ipv4: 0x7F00_0001, port: 0), backend: backend, group: group, limits: limits)
  }

  private func connect(_ server: HTTPServer) async throws -> Client { try await Client(server.localAddress, group) }

  @Test func `a value that is set is got, on one kept connection`() async throws {
    let server = try await serve()
    let client = try await connect(server)
    for value in 1...100 {
      client.send(request("POST /set/\(value)") + request("GET /get"))
      let text = try await client.text { statuses($0).count == 2 * value }
      #expect(text.hasSuffix("\r\n\r\n\(value)"))
    }
    #expect(server.openConnections == 1)
    await server.drain(within: .seconds(60))
    #expect(try await client.whole() != "")
  }

  @Test func `a thousand pipelined requests are answered in order`() async throws {
    let server = try await serve()
    let client = try await connect(server)
    client.send((0..<1000).map { request("GET /set/\($0)") }.joined() + request("GET /get", "Connection: close"))
    let answers = try await client.whole().split(separator: "HTTP/1.1 200 OK")
    #expect(answers.map { $0.split(separator: "\r\n\r\n").last ?? "" } == (0..<1000).map { "\($0)" } + ["999"])
    await server.drain(within: .seconds(60))
  }

  @Test func `a write that is answered later and from another thread keeps its place`() async throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let server = try await serve()
    let client = try await connect(server)
    client.send(request("GET /get") + request("POST /set/5") + request("GET /get", "Connection: close"))
    _ = try await client.text { statuses($0) == [200] && backend.state.withLockedValue { $0.held.count } == 1 }
    try await NIOThreadPool.singleton.runIfActive { backend.release() }
    let text = try await client.whole()
    #expect(statuses(text) == [200, 200, 200])
    #expect(text.hasSuffix("\r\n\r\n5"))
    await server.drain(within: .seconds(60))
  }

  @Test func `a client that closes its sending side still gets its answers`() async throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let server = try await serve()
    let client = try await connect(server)
    client.send(request("POST /set/5") + request("GET /get"))
    try await client.finishSending()
    try await Support.eventually("the request is held") { backend.state.withLockedValue { $0.held.count } == 1 }
    backend.release()
    #expect(statuses(try await client.whole()) == [200, 200])
    try await Support.eventually("no connection is open") { server.openConnections == 0 }
    await server.drain(within: .seconds(60))
  }

  @Test func `a refused client may send on without being cut off before it reads why`() async throws {
    var limits = HTTPLimits()
    limits.lingerSeconds = 60
    let server = try await serve(limits)
    let client = try await Client(server.localAddress, group, closesWithServer: false)
    client.send(request("POST /set/5", "Content-Length: 9000000"))
    let text = try await client.text { body($0).hasSuffix(".\n") }
    #expect(statuses(text) == [413])
    // A reset would fail one of these.
    for _ in 0..<20 { try await client.sendAndWait(String(repeating: "x", count: 100_000)) }
    await client.close()
    await server.drain(within: .seconds(60))
  }

  @Test func `a connection above the limit reads why it is closed`() async throws {
    var limits = HTTPLimits()
    limits.connections = 1
    let server = try await serve(limits)
    let first = try await connect(server)
    first.send(request("GET /get"))
    _ = try await first.text { statuses($0) == [200] }
    let second = try await connect(server)
    second.send(request("GET /get"))
    #expect(statuses(try await second.whole()) == [503])
    await first.close()
    try await Support.eventually("no connection is open") { server.openConnections == 0 }
    let third = try await connect(server)
    third.send(request("GET /get", "Connection: close"))
    #expect(statuses(try await third.whole()) == [200])
    await server.drain(within: .seconds(60))
  }

  @Test func `a client that pipelines and does not read is made to wait, and then gets everything`() async throws {
    // Pages have two megabytes. A socket takes one and a part of another, when it is asked to take all at once.
    backend.state.withLockedValue { $0.members = (0..<20_000).map { FakeBackend.member("n\($0)", UInt32($0)) } }
    let server = try await serve()
    let client = try await connect(server, reading: false)
    client.send(String(repeating: request("GET /members"), count: 4) + request("GET /get", "Connection: close"))
    try await Support.eventually("two are answered") {
      server.metrics.contains { $0.name == "unum_http_requests_total" && $0.value >= 2 }
    }
    client.startReading()
    let answers = try await client.whole().split(separator: "HTTP/1.1 ")
    #expect(answers.count == 5)
    #expect(Set(answers.dropLast()).count == 1)
    await server.drain(within: .seconds(60))
  }

  @Test func `draining answers what is on its way and then closes`() async throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let server = try await serve()
    let idle = try await connect(server)
    let busy = try await connect(server)
    busy.send(request("POST /set/5"))
    try await Support.eventually("one is held, and both are open") {
      backend.state.withLockedValue { $0.held.count } == 1 && server.openConnections == 2
    }
    async let drained: Void = server.drain(within: .seconds(30))
    #expect(try await idle.whole() == "")
    await #expect(throws: (any Error).self) { try await connect(server) }
    backend.release()
    let text = try await busy.whole()
    #expect(statuses(text) == [200])
    #expect(text.contains("\r\nConnection: close\r\n"))
    await drained
    #expect(server.openConnections == 0)
  }

  @Test func `draining does not wait for ever`() async throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let server = try await serve()
    let client = try await connect(server)
    client.send(request("POST /set/5"))
    try await Support.eventually("the request is held") { backend.state.withLockedValue { $0.held.count } == 1 }
    await server.drain(within: .milliseconds(50))
    #expect(try await client.whole() == "")
    #expect(server.openConnections == 0)
    backend.release()
  }

  @Test func `a port in use is an error and an IPv6 address is served`() async throws {
    let server = try await serve()
    await #expect(throws: (any Error).self) {
      try await HTTPServer.bind(address: server.localAddress, backend: backend, group: group)
    }
    await server.drain(within: .seconds(60))
    let loopback = Address(high: 0, low: 1, port: 0)
    guard let other = try? await HTTPServer.bind(address: loopback, backend: backend, group: group) else { return }
    let client = try await connect(other)
    client.send(request("GET /get", "Connection: close"))
    #expect(statuses(try await client.whole()) == [200])
    await other.drain(within: .seconds(60))
  }

  @Test func `time limits hold without anyone sweeping by hand`() async throws {
    var limits = HTTPLimits()
    limits.requestSeconds = 1
    let server = try await serve(limits)
    let client = try await connect(server)
    client.send("GET /get HTTP/1.1\r\n")
    #expect(statuses(try await client.whole()) == [408])
    await server.drain(within: .seconds(60))
  }

  private func connect(_ server: HTTPServer, reading: Bool) async throws -> Client {
    try await Client(server.localAddress, group, isReading: reading)
  }
}

/// A client that collects what it receives.
final class Client: Sendable {
  private let channel: any Channel
  private let received = NIOLockedValueBox("")

  init(
    _ address: Address, _ group: any EventLoopGroup, isReading: Bool = true, closesWithServer: Bool = true
  ) async throws {
    let received = received
    var bootstrap = ClientBootstrap(group: group)
    // A client that does not read gets a small buffer, or the kernel would take megabytes for it.
    if !isReading { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: 16_384) }
    channel =
      try await bootstrap
      // As long as any other wait of a test. The default of ten seconds is nothing on a busy machine.
      .connectTimeout(.seconds(60))
      .channelOption(.autoRead, value: isReading)
      .channelOption(.allowRemoteHalfClosure, value: !closesWithServer)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(received))
        }
      }
      .connect(to: SocketAddress(address)).get()
  }

  func send(_ text: String) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }

  func sendAndWait(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)).get() }

  func finishSending() async throws { try await channel.close(mode: .output).get() }

  func startReading() { channel.setOption(.autoRead, value: true).whenSuccess { self.channel.read() } }

  func close() async { try? await channel.close().get() }

  /// What has arrived, once it is enough.
  func text(_ isEnough: (String) -> Bool) async throws -> String {
    try await Support.eventually("enough has come") { received.withLockedValue { isEnough($0) } }
    return received.withLockedValue { $0 }
  }

  /// Everything that arrived until the server closed.
  func whole() async throws -> String {
    try await Support.eventually("the server closed") { !channel.isActive }
    return received.withLockedValue { $0 }
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let received: NIOLockedValueBox<String>

    init(_ received: NIOLockedValueBox<String>) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      received.withLockedValue { $0 += text }
    }
  }
}
