// A real node with its sockets, and its clients in the same process: what a request and a datagram cost, from the system
// call that brings them to the one that answers.
//
// Clients wait for each answer, so that the server wakes once for each request and the counts repeat. The counts
// include the client itself, some hundred instructions around two system calls. Rejected: an embedded channel, which
// leaves out the event loop and the socket, half of the work.

import Agent
import Glibc
import Gossip
import Logging
import NIOPosix

/// Runs a node and sends it requests.
enum Clients {
  /// Requests this so often, with so many requests in one segment, and checks that each is answered with 200.
  static func ask(_ line: String, _ count: Int, pipelined: Int = 1) async throws {
    let agent = try await start()
    let socket = try ClientSocket(SOCK_STREAM, port: agent.httpAddress.port)
    let request = Array("\(line) HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n".utf8)
    try socket.send(request)
    // Answers arrive in one piece, as they are written, and the next ones are as long.
    let length = try socket.receive().count
    let batch = Array(repeatElement(request, count: pipelined).joined())
    for _ in 0..<count / pipelined {
      try socket.send(batch)
      var received = 0
      while received < pipelined * length {
        let answer = try socket.receive()
        guard received > 0 || answer.starts(with: "HTTP/1.1 200 ".utf8) else {
          fatalError("an answer to \(line): \(String(decoding: answer, as: UTF8.self))")
        }
        received += answer.count
      }
    }
    guard pipelined > 1 || agent.published.generation == (line.contains("set") ? count + 1 : 0) else {
      fatalError("the node holds \(agent.published)")
    }
  }

  /// Becomes a member, pings so often, and checks that each ping gets an ack.
  static func ping(_ count: Int) async throws {
    let agent = try await start()
    let socket = try ClientSocket(SOCK_DGRAM, port: agent.datagramAddress.port)
    let own = Address(ipv4: 0x7F00_0001, port: try socket.localPort)
    let record = Record(address: own, incarnation: start, state: .alive, name: "client", httpPort: 1)
    func send(_ body: Message.Body, nonce: UInt64, introduces: Bool = false) throws {
      var message = Message(
        sender: Message.Sender(address: own, incarnation: start, wantsIntroduction: body == .join),
        stamp: .initial, digest: 0, nonce: nonce, body: body, rumours: introduces ? [record] : [])
      if body == .join { message.paddedSize = Wire.introductionSize }
      try socket.send(Wire.encode(message, cluster: Hash.of(Settings().cluster)))
    }
    try send(.join, nonce: 1, introduces: true)
    // The node asks who is there; it may have news to tell before.
    var asked: UInt64?
    while asked == nil {
      let message = try Wire.decode(try socket.receive(), cluster: Hash.of(Settings().cluster))
      if case .ping = message.body { asked = message.nonce }
    }
    try send(.ack, nonce: asked ?? 0, introduces: true)
    let ping = Message.Body.ping(target: agent.identity.address)
    for nonce in 1...UInt64(count) {
      // The node checks for more input, and then sleeps. A ping that came before that would cost less than others.
      usleep(1000)
      try send(ping, nonce: nonce)
      while try !isAck(socket.receive(), of: nonce) {}
    }
    // The node would also answer a stranger's pings, a hundred a second, but at a different cost.
    guard agent.status().members.contains(where: { $0.address == own }) else { fatalError("the client is no member") }
  }

  private static func isAck(_ bytes: [UInt8], of nonce: UInt64) throws -> Bool {
    let message = try Wire.decode(bytes, cluster: Hash.of(Settings().cluster))
    return message.body == .ack && message.nonce == nonce
  }

  private static let start: UInt64 = 1_790_000_000_000_000

  /// A node on free ports. Its tickers are set to an hour, and it accepts writes at once.
  private static func start() async throws -> Agent {
    var settings = Settings()
    settings.firstStampTimeout = .zero
    settings.reportInterval = .zero
    (settings.period, settings.notifyInterval) = (.seconds(3600), .seconds(3600))
    (settings.reportSpacing, settings.mismatchGrace) = (.seconds(3600), .seconds(3600))
    let loopback = Address(ipv4: 0x7F00_0001, port: 0)
    let configuration = AgentConfiguration(
      bind: loopback, http: loopback, advertise: loopback, name: "node", settings: settings)
    return try await Agent.start(
      configuration: configuration, version: "0", udp: MultiThreadedEventLoopGroup(numberOfThreads: 1),
      http: MultiThreadedEventLoopGroup(numberOfThreads: 1),
      logger: Logger(label: "operations") { _ in SwiftLogNoOpLogHandler() })
  }
}

/// A blocking socket to a port of this machine.
struct ClientSocket {
  /// A system call failed, or there was no answer within half a minute.
  struct Failed: Error {
    var call: String
    var code: Int32
  }

  private let descriptor: Int32

  init(_ type: __socket_type, port: UInt16) throws(Failed) {
    descriptor = socket(AF_INET, Int32(type.rawValue), 0)
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    try ClientSocket.check("setsockopt", unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let descriptor = descriptor
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try ClientSocket.check("connect", status)
  }

  /// The port that the socket got.
  var localPort: UInt16 {
    get throws(Failed) {
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe getsockname(descriptor, $0, &size)
        }
      }
      try ClientSocket.check("getsockname", status)
      return UInt16(bigEndian: address.sin_port)
    }
  }

  func send(_ bytes: [UInt8]) throws(Failed) {
    let sent = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
    // What a client sends here always fits into the socket.
    guard sent == bytes.count else { throw Failed(call: "send", code: errno) }
  }

  func receive() throws(Failed) -> [UInt8] {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = unsafe max(0, recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    guard !bytes.isEmpty else { throw Failed(call: "recv", code: errno) }
    return bytes
  }

  private static func check(_ call: String, _ status: Int32) throws(Failed) {
    guard status == 0 else { throw Failed(call: call, code: errno) }
  }
}
