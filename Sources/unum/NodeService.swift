// The program's whole dealing with `Agent`: starting a node, running it as a service, and its log.

import Agent
import Gossip
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The threads that nodes live on: one for datagrams and the protocol, one for HTTP.
///
/// A second HTTP thread made the server slower on two cores, and a busy HTTP thread must not delay an ack, or the node
/// is suspected for being popular. They end with the process.
struct Loops: Sendable {
  let udp = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let http = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}

/// One node, from its start to its end.
struct NodeService: Service {
  let configuration: AgentConfiguration
  let loops: Loops
  let logger: Logger

  func run() async throws {
    let agent = try await start()
    logger.notice(
      """
      unum \(Version.current): member \(Terminal.escaped(configuration.name)) at \(agent.identity.address), \
      HTTP on \(agent.httpAddress), cluster \(Terminal.escaped(configuration.cluster))
      """)
    try await NodeService.run(agent)
    logger.notice("Stopped")
  }

  /// Binds and begins to join.
  func start() async throws -> Agent {
    try await Agent.start(configuration: configuration, udp: loops.udp, http: loops.http, logger: logger)
  }

  /// Runs a started node until graceful shutdown, and lets it leave.
  static func run(_ agent: Agent) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await agent.run() }
      tasks.addTask {
        // Throws when cancelled, which is when the node ended by itself.
        guard (try? await gracefulShutdown()) != nil else { return }
        await agent.stop()
      }
      defer { tasks.cancelAll() }
      try await tasks.next()
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
  }
}

/// The program's log, on standard error.
func makeLogger(_ settings: LogSettings) -> Logger {
  var logger = Logger(label: "unum") { _ in LogSink(format: settings.format == .json ? .json : .text) }
  logger.logLevel = settings.level
  return logger
}
