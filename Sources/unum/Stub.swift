import Agent
import Gossip
import Logging
import NIOCore
import ServiceLifecycle

struct StartError: Error {}
final class Agent: Sendable {
  let datagramAddress: Address
  let httpAddress: Address
  let configuration: AgentConfiguration
  init(_ c: AgentConfiguration) {
    configuration = c
    datagramAddress = c.bind
    httpAddress = c.http
  }
  static func start(
    configuration: AgentConfiguration, version: String, datagramLoop: any EventLoop, httpGroup: any EventLoopGroup,
    logger: Logger
  ) async throws -> Agent { Agent(configuration) }
  func run() async throws { try? await gracefulShutdown() }
}
func LogSink(format: LogSettings.Format) -> any LogHandler { StreamLogHandler.standardError(label: "unum") }
