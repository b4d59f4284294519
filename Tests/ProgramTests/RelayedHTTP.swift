// The relay's part for HTTP: a TCP port for each node, which relays to the port where the node listens.
//
// All nodes connect from the same address, so the first request tells who speaks: a notify names its sender, and a kept
// connection stays with the sender of its first request. Every piece of data checks for a cut, so that an older
// connection ends as soon as it is used. TCP needs both directions, so cutting one is enough.
//
// Rejected: an own address for each node's connections (the program would need an option that nobody else wants), and
// finding the owner of a connection in /proc (slow, and gone once a process is killed).

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// What both directions of a connection need to know.
struct HTTPPassage: Sendable {
  /// The nodes' names, as `notifier` says them.
  let names: [String]
  /// Where the nodes listen.
  let hosts: [String]
  /// Whether a cut blocks what the first sends to the second.
  let isStopped: @Sendable (_ from: Int, _ to: Int) -> Bool
  /// Pieces of requests that were relayed.
  let passed = NIOLockedValueBox(0)

  func isOpen(_ one: Int, _ other: Int) -> Bool { !isStopped(one, other) && !isStopped(other, one) }

  /// The node that sent this; nil while its request line is incomplete.
  func sender(of request: ByteBuffer) -> Int? {
    let line = String(buffer: request).split(separator: "\r\n", omittingEmptySubsequences: false)
    guard line.count > 1, let name = line[0].split(separator: "notifier=").last?.split(separator: " ").first else {
      return nil
    }
    return names.firstIndex { $0 == name }
  }
}

/// TCP ports at 127.0.0.1, one for each node.
final class RelayedHTTP: Sendable {
  /// The port of each node, on which it must listen at its own address.
  let ports: [Int]
  private let listeners: [any Channel]

  init(_ passage: HTTPPassage) throws {
    listeners = try passage.hosts.indices.map { node in
      // One loop is enough for all, because nodes send few packets.
      try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(FromPeer(target: node, passage))
          }
        }
        .bind(host: "127.0.0.1", port: 0).wait()
    }
    ports = listeners.map { $0.localAddress?.port ?? 0 }
  }

  deinit { listeners.forEach { $0.close(promise: nil) } }
}

/// Relays what a node sends to another.
private final class FromPeer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let target: Int
  private let passage: HTTPPassage
  /// The sender; known once the first request line is.
  private var sender: Int?
  /// Data that the other node has not received yet.
  private var waiting = ByteBuffer()
  private var node: (any Channel)?
  /// A request line of a notify is a tenth of this.
  private static let longestLine = 4096

  init(target: Int, _ passage: HTTPPassage) {
    self.target = target
    self.passage = passage
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    waiting.writeBuffer(&bytes)
    if sender == nil {
      sender = passage.sender(of: waiting)
      if let sender, passage.isOpen(sender, target) { connect(context, from: sender) }
    }
    handOn(context)
  }

  /// Connects to where the other node listens.
  private func connect(_ context: ChannelHandlerContext, from sender: Int) {
    let (peer, target, passage) = (context.channel, target, passage)
    ClientBootstrap(group: context.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = FromNode(peer: peer) { passage.isOpen(sender, target) }
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: passage.hosts[target], port: peer.localAddress?.port ?? 0)
      .assumeIsolated()
      .whenComplete { result in
        guard case .success(let channel) = result, peer.isActive else {
          // Nobody listens, or the client is gone.
          if case .success(let channel) = result { channel.close(promise: nil) }
          return peer.close(promise: nil)
        }
        self.node = channel
        self.handOn(context)
      }
  }

  private func handOn(_ context: ChannelHandlerContext) {
    guard let sender else {
      if waiting.readableBytes > FromPeer.longestLine { context.close(promise: nil) }
      return
    }
    guard passage.isOpen(sender, target) else { return context.close(promise: nil) }
    guard let node, waiting.readableBytes > 0 else { return }
    passage.passed.withLockedValue { $0 += 1 }
    node.writeAndFlush(waiting, promise: nil)
    waiting.clear()
  }

  func channelInactive(context: ChannelHandlerContext) { node?.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// Relays the other node's answers.
private final class FromNode: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let peer: any Channel
  private let isOpen: () -> Bool

  init(peer: any Channel, isOpen: @escaping () -> Bool) {
    self.peer = peer
    self.isOpen = isOpen
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isOpen() else { return context.close(promise: nil) }
    peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { peer.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
