// Everything that the program does with `Agent`: it starts a node, runs it as a service, and gives it a log.

import Agent
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The threads that nodes run on: one for datagrams and the protocol, one for HTTP. They end with the process.
///
/// A second HTTP thread made the server slower on two cores. The protocol has its own, because a busy HTTP thread must
/// not delay an ack, or others would suspect the node for being popular.
struct Loops: Sendable {
  let protocols = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let http = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}

/// One node, from start to stop.
struct NodeService: Service {
  let configuration: AgentConfiguration
  let loops: Loops
  let logger: Logger

  func run() async throws {
    let agent = try await start()
    try await agent.run()
  }

  /// Binds the sockets and begins to join.
  func start() async throws -> Agent {
    try await Agent.start(
      configuration: configuration, version: Version.current, udp: loops.protocols, http: loops.http, logger: logger,
      extraMetrics: { [NodeService.droppedLines] })
  }

  /// The log belongs to the process, and so does this metric: every node of `unum local` shows it.
  private static var droppedLines: ShellMetric {
    ShellMetric(
      name: "unum_log_lines_dropped_total", help: "Log lines that were dropped because nobody read them.",
      value: Double(LogWriter.standardError.dropped))
  }
}

/// The program's log, on standard error.
func makeLogger(_ settings: LogSettings) -> Logger {
  var logger = Logger(label: "unum") { _ in LogSink(format: settings.format) }
  logger.logLevel = settings.level
  return logger
}

/// Waits until the last lines of the log are out, but not for a reader that is stuck. A fifth of a second is an age for a
/// pipe that somebody reads, and short for whoever waits for the process to end.
func flushLog() { LogWriter.standardError.flush(within: .milliseconds(200)) }
