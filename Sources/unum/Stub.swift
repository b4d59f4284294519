import Agent
import Gossip
import Logging
import NIOCore

struct StartError: Error {}
final class Agent: Sendable {
  let identity: Identity
  let httpAddress: Address
  let (stream, continuation) = AsyncStream<Void>.makeStream()
  init(_ c: AgentConfiguration) {
    identity = Identity(address: c.bind, name: c.name, httpPort: c.http.port)
    httpAddress = c.http
  }
  static func start(
    configuration: AgentConfiguration, udp: any EventLoopGroup, http: any EventLoopGroup, logger: Logger
  ) async throws -> Agent { Agent(configuration) }
  func run() async throws { for await _ in stream {} }
  func stop() async { continuation.finish() }
}
func LogSink(format: LogSettings.Format) -> any LogHandler { StreamLogHandler.standardError(label: "unum") }
