// Nodes whose seeds they cannot understand, as processes: another cluster's, and another version's.

import Foundation
import Gossip
import NIOCore
import NIOPosix
import Testing

@Suite struct ForeignSeedTests {
  @Test func `a node with a mistyped cluster name is not ready and takes no write, and says why`() async throws {
    let seed = try await RunningNode("holds-the-value")
    #expect(try await seed.get("/set/7") == "7")
    let node = try await RunningNode("mistyped", join: [seed.gossip], cluster: "program test")
    let reason = "seed \(seed.gossip) belongs to a cluster with another name (CLUSTER_NAME)"
    try await expectWaiting(node, reason)
    #expect(try await seed.members().keys.sorted() == ["holds-the-value"])
    #expect(try await seed.get("/get") == "7")
  }

  @Test func `a node whose seed speaks another version is not ready, until a member tells it the value`() async throws {
    let seed = try await OtherVersion()
    let node = try await RunningNode("newer", join: [seed.address])
    let reason = "seed \(seed.address) speaks version 200 of the protocol, and this node version \(Wire.version)"
    try await expectWaiting(node, reason)
    let member = try await RunningNode("knows-the-value", join: [node.gossip, seed.address], options: ["--alone"])
    #expect(try await member.get("/set/9") == "9")
    _ = try await eventually("it is ready") { try await node.get("/readyz") }
    _ = try await eventually("it has the value") { try await node.get("/get") == "9" ? true : nil }
    #expect(try await node.get("/set/10") == "10")
    try await seed.close()
  }

  @Test func `an operator may start a node anew`() async throws {
    let seed = try await OtherVersion()
    let node = try await RunningNode("anew", join: [seed.address], options: ["--alone"])
    _ = try await eventually("it is ready") { try await node.get("/readyz") }
    #expect(try await node.get("/set/1") == "1")
    try await seed.close()
  }

  private func expectWaiting(_ node: RunningNode, _ reason: String) async throws {
    let url = "http://\(node.http)"
    _ = try await eventually("it says why it is not ready") {
      let answer = try await Running.curl([], url + "/readyz")
      return answer.standardOutput == "not ready: \(reason)\n" ? true : nil
    }
    let write = try await Running.curl(["-w", " %{http_code}"], url + "/set/1")
    #expect(write.standardOutput.hasSuffix(" 503") && write.standardOutput.contains(reason), "\(write.standardOutput)")
    #expect(try await node.get("/get") == "42")
    #expect(try await node.get("/metrics")?.contains("unum_held_back 1\n") == true)
    #expect(node.process.standardError.contains(" error "))
    #expect(node.process.standardError.contains("Not ready: \(reason); this node waits"))
  }
}

/// Answers every datagram with the header of version 200 and nothing else, as a node of such a version would.
private final class OtherVersion {
  private let channel: any Channel
  let address: String

  init() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    channel = try await DatagramBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answerer()) }
    }.bind(host: "127.0.0.1", port: 0).get()
    address = "127.0.0.1:\(try #require(channel.localAddress?.port))"
  }

  func close() async throws { try await channel.close() }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let datagram = unwrapInboundIn(data)
      guard datagram.data.readableBytes > Wire.headerSize else { return }
      let header = Header(version: 200, cluster: Hash.of("program tests")).bytes
      let answer = AddressedEnvelope(remoteAddress: datagram.remoteAddress, data: ByteBuffer(bytes: header))
      context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
  }
}
