// `unum serve`: one node of a cluster, until it is told to stop.

import Agent
import ArgumentParser
import Logging
import NIOPosix
import Platform
import UnixSignals

/// Runs one node.
struct Serve: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Run one node of a cluster.",
      discussion: """
        Every option can also be set by an environment variable; see unum --help. The log level is info unless one of \
        them says otherwise.
        """)
  }

  @OptionGroup var options: ServeOptions

  func run() async throws {
    var configuration = try resolve(
      flags: options.flags, environment: System.environment, hostName: CurrentProcess.hostName)
    configuration.agent.limits = HTTPLimits(openFiles: try System.openFilesOfANode())
    let logger = makeLogger(configuration.log)
    // Before anything is bound, so that a signal during the start is not missed.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let node = NodeService(configuration: configuration.agent, loops: Loops(), logger: logger)
    try await supervise(node, until: signals, logger: logger)
  }
}
