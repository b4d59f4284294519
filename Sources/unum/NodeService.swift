// The program's whole dealing with `Agent`: starting a node, running it as a service, and its log.

import Agent
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The threads that nodes live on: one for datagrams and the protocol, one for HTTP.
///
/// A second HTTP thread made the server slower on two cores, and a busy HTTP thread must not delay an ack, or the node
/// is suspected for being popular. They end with the process.
struct Loops: Sendable {
  let protocols = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let http = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}

/// One node, from its start to its end.
struct NodeService: Service {
  let configuration: AgentConfiguration
  let loops: Loops
  let logger: Logger

  func run() async throws {
    let agent = try await start()
    try await agent.run()
  }

  /// Binds and begins to join.
  func start() async throws -> Agent {
    try await Agent.start(
      configuration: configuration, version: Version.current, udp: loops.protocols, http: loops.http, logger: logger,
      extraMetrics: { [NodeService.droppedLines] })
  }

  /// The log is the process's, and so is this metric; every node of `unum local` shows it.
  private static var droppedLines: ShellMetric {
    ShellMetric(
      name: "unum_log_lines_dropped_total", help: "Lines of the log that were dropped, because nobody read them.",
      value: Double(LogWriter.standardError.dropped))
  }
}

/// The program's log, on standard error.
func makeLogger(_ settings: LogSettings) -> Logger {
  var logger = Logger(label: "unum") { _ in LogSink(format: settings.format) }
  logger.logLevel = settings.level
  return logger
}

/// Waits for the last lines of the log to be out, but not for a reader that is stuck: a fifth of a second is an age for
/// a pipe that is read, and short for whoever waits for the process to end.
func flushLog() { LogWriter.standardError.flush(within: .milliseconds(200)) }
