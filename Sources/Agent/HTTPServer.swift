package import Gossip
package import NIOCore
import NIOPosix

package final class HTTPServer: Sendable {
  private let channel: any Channel
  package let localAddress: Address
  private init(channel: any Channel, localAddress: Address) {
    self.channel = channel
    self.localAddress = localAddress
  }
  package static func bind(
    address: Address, backend: any Backend, group: any EventLoopGroup
  ) async throws -> HTTPServer {
    let channel = try await ServerBootstrap(group: group).bind(to: SocketAddress(address)).get()
    guard let local = channel.localAddress.flatMap({ Address($0) }) else { throw ChannelError.unknownLocalAddress }
    return HTTPServer(channel: channel, localAddress: local)
  }
  package func drain(within: Duration) async { try? await channel.close() }
}
