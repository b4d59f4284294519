// `unum local`: a whole cluster in one process, to try things out and to develop against. No Docker, no configuration.
//
// The nodes are real: each has its own sockets, finds the others by gossip and answers over HTTP. Only a crash cannot be
// tried, because they would all crash. Rejected: child processes, which would need supervising and would outlive a
// parent that is killed.

import Agent
import ArgumentParser
import Gossip
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs several nodes in this process.
struct Local: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Run a cluster of several nodes in this process, on loopback.",
      discussion: "Ctrl-C ends it. The log level is warning unless LOG_LEVEL or --log-level says otherwise.")
  }

  /// More than 100 nodes would still run well, but nobody could read the output.
  private static let limits = 1...100

  @Option(help: ArgumentHelp("Number of nodes, 1 to 100.", valueName: "count")) var nodes = 5
  @Option(
    help: ArgumentHelp("HTTP port of the first node; the others count up. 0 picks free ports.", valueName: "port"))
  var httpPort: Int = 8081
  @OptionGroup var log: LogOptions

  func run() async throws {
    try check()
    let log = try resolveLog(flags: log.flags, environment: System.environment, defaultLevel: .warning)
    let openFiles = try System.openFilesOfANode()
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let cluster = LocalCluster(
      nodes: nodes, httpPort: UInt16(httpPort),
      limits: HTTPLimits(openFiles: openFiles, nodes: nodes), logger: makeLogger(log))
    try await supervise(cluster, until: signals, logger: cluster.logger)
  }

  /// Checks of numbers that ArgumentParser cannot make.
  private func check() throws(ConfigurationError) {
    guard Local.limits.contains(nodes) else {
      throw ConfigurationError(given: "--nodes \(nodes)", problem: "out of range", remedy: "give 1 to 100")
    }
    guard httpPort == 0 || (1...65_536 - nodes).contains(httpPort) else {
      throw ConfigurationError(
        given: "--http-port \(httpPort)", problem: "not a port with \(nodes - 1) more after it",
        remedy: "give 0 or 1 to \(65_536 - nodes)")
    }
  }
}

/// Like `StartError.portInUse`, but it names this subcommand's option.
struct LocalPortInUse: Error, CustomStringConvertible {
  var address: Address
  var description: String {
    "HTTP address \(address) is in use by another process; stop it or choose other ports with --http-port (0 picks free ones)"
  }
}

/// The nodes of `unum local`. They are one service, so that they all leave at once and not one after another.
private struct LocalCluster: Service {
  let nodes: Int
  let httpPort: UInt16
  let limits: HTTPLimits
  let logger: Logger

  func run() async throws {
    let loops = Loops()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      var started: [Agent] = []
      for index in 0..<nodes {
        let agent = try await start(index, seed: started.first?.datagramAddress, loops: loops)
        started.append(agent)
        tasks.addTask { try await agent.run() }
      }
      Terminal.say(welcome(started))
      try await tasks.waitForAll()
    }
  }

  /// Starts one node. All nodes join the first one and learn of each other by gossip.
  private func start(_ index: Int, seed: Address?, loops: Loops) async throws -> Agent {
    let loopback = Address(ipv4: 0x7F00_0001, port: 0)
    let port = httpPort == 0 ? 0 : httpPort + UInt16(index)
    // If each node reported every 5 s, the changes would be lost among the reports. `/members` shows the state on
    // request.
    var settings = Settings()
    settings.reportInterval = .zero
    let name = "node\(index + 1)"
    var logger = logger
    logger[metadataKey: "node"] = "\(name)"
    var configuration = AgentConfiguration(
      bind: loopback, http: loopback.with(port: port), advertise: loopback, name: name, cluster: "local",
      seeds: seed.map { ["\($0)"] } ?? [], settings: settings)
    configuration.limits = limits
    do {
      return try await NodeService(configuration: configuration, loops: loops, logger: logger).start()
    } catch StartError.portInUse(.http, let address) {
      throw LocalPortInUse(address: address)
    }
  }

  /// Each node's addresses, and what to type next.
  private func welcome(_ agents: [Agent]) -> String {
    let list = agents.map { agent in
      "  \(agent.identity.name)  http://\(agent.httpAddress)  gossip on \(agent.datagramAddress)"
    }
    let first = agents.first.map { "http://\($0.httpAddress)" } ?? ""
    let last = agents.last.map { "http://\($0.httpAddress)" } ?? ""
    return """
      \(nodes == 1 ? "One node" : "\(nodes) nodes, one value"):
      \(list.joined(separator: "\n"))

      Write on one, read on another:
        curl \(first)/set/5
        curl \(last)/get
        curl \(last)/members

      Ctrl-C ends it.
      """
  }
}
