// What the agent's tests share: waiting for conditions, plain sockets to talk to it, and a log to read.

import Agent
import Gossip
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

enum Support {
  static let loopback = Address(ipv4: 0x7F00_0001, port: 0)

  /// A loopback address that only one test uses. A port that was freed there stays free, whatever ports parallel tests
  /// take at 127.0.0.1.
  static func ownLoopback(_ number: UInt8) -> Address { Address(ipv4: 0x7F00_0100 | UInt32(number), port: 0) }
  static let group = MultiThreadedEventLoopGroup.singleton

  /// A node that waits for its seeds as long as a busy machine needs.
  static var patient: Settings {
    var settings = Settings()
    settings.joinTimeout = .seconds(60)
    return settings
  }

  /// Waits until the condition holds; fails the test if that takes too long. The limit is far above the need, so that a
  /// busy machine fails nothing.
  static func eventually(
    _ what: Comment, within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
  ) async throws {
    // Between two checks only a tenth of a second counts, because tests that compute may keep this one from checking.
    var left = limit
    while try await !condition() {
      guard left > .zero else {
        Issue.record(what, sourceLocation: sourceLocation)
        throw CancellationError()
      }
      let looked = ContinuousClock.now
      try await Task.sleep(for: .milliseconds(5))
      left -= min(ContinuousClock.now - looked, .milliseconds(100))
    }
  }

  /// A UDP socket for tests that sends raw bytes.
  static func send(_ bytes: [UInt8], to address: Address) async throws {
    let any = address.isIPv4 ? "127.0.0.1" : "::1"
    let channel = try await DatagramBootstrap(group: group).bind(host: any, port: 0).get()
    let envelope = AddressedEnvelope(
      remoteAddress: try SocketAddress(address), data: ByteBuffer(bytes: bytes))
    try await channel.writeAndFlush(envelope)
    try await channel.close()
  }

  static func start(
    name: String = "n1", seeds: [String] = [], notify: [String] = [], bind: Address = loopback,
    http: Address = loopback, advertise: Address? = nil, log: Log = Log(), settings: Settings = patient
  ) async throws -> Agent {
    var configuration = AgentConfiguration(
      bind: bind, http: http, advertise: advertise, name: name, seeds: seeds, notify: notify, settings: settings)
    // A busy machine may let a test stand still for longer than clients usually have.
    configuration.limits.requestSeconds = 600
    configuration.stopTimes.drain = .seconds(60)
    configuration.stopTimes.leave = .seconds(60)
    return try await Agent.start(
      configuration: configuration, version: "1.2.3", udp: group, http: group, logger: log.logger)
  }
}

/// Collects log lines.
final class Log: Sendable {
  private let lines = NIOLockedValueBox([String]())

  var all: [String] { lines.withLockedValue { $0 } }

  var logger: Logger {
    var logger = Logger(label: "test") { _ in Handler(log: self) }
    logger.logLevel = .trace
    return logger
  }

  func contains(_ text: String) -> Bool { all.contains { $0.contains(text) } }

  private struct Handler: LogHandler {
    let log: Log
    var logLevel = Logger.Level.trace
    var metadata = Logger.Metadata()
    var metadataProvider: Logger.MetadataProvider?

    init(log: Log) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      log.lines.withLockedValue { $0.append("\(event.level) \(event.message)") }
    }
  }
}

/// Collects values from any thread.
final class Collected<Element: Sendable>: Sendable {
  private let elements = NIOLockedValueBox([Element]())
  var all: [Element] { elements.withLockedValue { $0 } }
  func add(_ element: Element) { elements.withLockedValue { $0.append(element) } }
}

/// A server that records everything that it receives, and answers each request head with the same bytes.
final class RawHTTPServer: Sendable {
  /// Each request as it arrived, with the number of its connection.
  let requests = Collected<(connection: Int, text: String)>()
  /// The connections that have ended.
  let closed = Collected<Int>()
  let address: Address
  private let channel: any Channel
  /// Answers that wait to be released; nil if answers go out at once.
  private let held: NIOLockedValueBox<[@Sendable () -> Void]?>

  /// - Parameters:
  ///   - answer: the answer; with nil there is none.
  ///   - isHolding: whether answers wait for `release`.
  init(answer: String?, isHolding: Bool = false, host: String = "127.0.0.1") async throws {
    let (requests, closed) = (self.requests, self.closed)
    let held = NIOLockedValueBox<[@Sendable () -> Void]?>(isHolding ? [] : nil)
    self.held = held
    let connections = NIOLockedValueBox(0)
    channel = try await ServerBootstrap(group: Support.group)
      .childChannelInitializer { child in
        let number = connections.withLockedValue { count in
          count += 1
          return count
        }
        child.closeFuture.whenComplete { _ in closed.add(number) }
        return child.eventLoop.makeCompletedFuture {
          try child.pipeline.syncOperations.addHandler(
            Recorder(connection: number, requests: requests, answer: answer, held: held))
        }
      }
      .bind(host: host, port: 0).get()
    address = try #require(channel.localAddress.flatMap { Address($0) })
  }

  func close() async throws { try await channel.close() }

  /// Releases the answers; later ones go out at once.
  func release() {
    let held = held.withLockedValue { held in
      defer { held = nil }
      return held ?? []
    }
    for answer in held { answer() }
  }

  private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let connection: Int
    private let requests: Collected<(connection: Int, text: String)>
    private let answer: String?
    private let held: NIOLockedValueBox<[@Sendable () -> Void]?>
    private var text = ""
    private var asked = 0

    init(
      connection: Int, requests: Collected<(connection: Int, text: String)>, answer: String?,
      held: NIOLockedValueBox<[@Sendable () -> Void]?>
    ) {
      self.connection = connection
      self.requests = requests
      self.answer = answer
      self.held = held
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard text.hasSuffix("\r\n\r\n") else { return }
      defer { text = "" }
      guard let answer else { return requests.add((connection, text)) }
      asked += 1
      // Like a peer that closes a kept connection just when it is used.
      if asked > 1, answer.contains("X-Once") {
        requests.add((connection, text))
        return context.close(promise: nil)
      }
      let channel = context.channel
      let say: @Sendable () -> Void = {
        channel.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        if answer.contains("Connection: close") { channel.close(promise: nil) }
      }
      // A test that sees the request recorded can release its answer.
      let mustWait = held.withLockedValue { held in
        held?.append(say)
        return held != nil
      }
      requests.add((connection, text))
      if !mustWait { say() }
    }
  }
}
