// One connection to a peer's HTTP port: a request, its answer, and the next request.
//
// It reads an answer to its end, within limits, before it uses the connection again. Whatever breaks a limit, or comes
// unasked, ends the connection.

import Gossip
import NIOCore
import NIOHTTP1
import NIOPosix
import Platform

/// A connection. Use it only on its loop.
final class NotifyConnection: Sendable {
  private let channel: any Channel
  private let handler: NIOLoopBound<NotifyHandler>
  /// The `Host` header.
  private let host: String
  private let answerTime: TimeAmount

  /// How many addresses of one name to try.
  private static let maximumAddresses = 4

  private init(channel: any Channel, handler: NotifyHandler, host: String, answerTime: TimeAmount) {
    self.channel = channel
    self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    self.host = host
    self.answerTime = answerTime
  }

  /// Connects to the first of the addresses that accepts.
  static func open(
    _ addresses: [Address], on loop: any EventLoop, times: Notifier.Times
  ) -> EventLoopFuture<NotifyConnection> {
    let usable = addresses.filter(\.isReachable).prefix(maximumAddresses)
    guard let first = usable.first else { return loop.makeFailedFuture(NotifyFailure.noAddress) }
    return usable.dropFirst().reduce(open(first, on: loop, times: times)) { attempt, address in
      attempt.flatMapError { _ in open(address, on: loop, times: times) }
    }
  }

  private static func open(
    _ address: Address, on loop: any EventLoop, times: Notifier.Times
  ) -> EventLoopFuture<NotifyConnection> {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 8 << 10
    limits.maxHeaderListSize = 16 << 10
    let bounds = limits
    return loop.makeCompletedFuture { try SocketAddress(address) }
      .flatMap { socket in
        ClientBootstrap(group: loop)
          .connectTimeout(times.connect)
          .channelOption(.tcpOption(.tcp_nodelay), value: 1)
          .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
              let pipeline = channel.pipeline.syncOperations
              try pipeline.addHTTPClientHandlers(decoderLimitConfiguration: bounds)
              try pipeline.addHandler(NotifyHandler())
            }
          }
          .connect(to: socket)
      }
      .flatMapThrowing { channel in
        let handler = try channel.pipeline.syncOperations.handler(type: NotifyHandler.self)
        return NotifyConnection(
          channel: channel, handler: handler, host: address.description, answerTime: times.answer)
      }
  }

  /// Whether the error means that nothing listens there.
  static func isRefusal(_ error: any Error) -> Bool {
    (error as? IOError)?.errnoCode == SystemError.connectionRefused.number
  }

  var isOpen: Bool { channel.isActive && handler.value.isReusable }

  func close() { channel.close(promise: nil) }

  func whenClosed(_ body: @escaping () -> Void) {
    channel.closeFuture.assumeIsolated().whenComplete { _ in body() }
  }

  /// Sends the request, and returns the status of the answer.
  func post(_ uri: String) -> EventLoopFuture<UInt> {
    let head = HTTPRequestHead(
      version: .http1_1, method: .POST, uri: uri, headers: ["Host": host, "Content-Length": "0"])
    let promise = channel.eventLoop.makePromise(of: UInt.self)
    let handler = self.handler.value
    handler.expect(promise)
    let timeout = channel.eventLoop.assumeIsolated().scheduleTask(in: answerTime) {
      handler.fail(NotifyFailure.tooLate)
    }
    promise.futureResult.whenComplete { _ in timeout.cancel() }
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil)).assumeIsolated().whenFailure { handler.fail($0) }
    return promise.futureResult
  }
}

/// Why there was no answer.
enum NotifyFailure: Error {
  case noAddress, tooLate, tooLong, unasked, closed
}

/// Collects one answer at a time.
final class NotifyHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private var promise: EventLoopPromise<UInt>?
  private var head: HTTPResponseHead?
  private var bodySize = 0
  /// Whether the next request may go out on the same connection.
  private(set) var isReusable = true

  /// The answer to a notify is empty. An error page with a sentence is accepted too, so that the connection survives it.
  private static let maximumBody = 16 << 10

  func expect(_ promise: EventLoopPromise<UInt>) {
    self.promise = promise
    head = nil
    bodySize = 0
  }

  /// Ends the current request, if there is one.
  func fail(_ error: any Error) {
    isReusable = false
    promise?.fail(error)
    promise = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard promise != nil else { return end(context, NotifyFailure.unasked) }
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let bytes):
      bodySize += bytes.readableBytes
      if bodySize > NotifyHandler.maximumBody { end(context, NotifyFailure.tooLong) }
    case .end:
      guard let head else { return end(context, NotifyFailure.unasked) }
      // Take it before the connection closes, which would otherwise fail the request.
      let promise = self.promise
      self.promise = nil
      if !head.isKeepAlive {
        isReusable = false
        context.close(promise: nil)
      }
      promise?.succeed(head.status.code)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, error) }

  func channelInactive(context: ChannelHandlerContext) { fail(NotifyFailure.closed) }

  private func end(_ context: ChannelHandlerContext, _ error: any Error) {
    fail(error)
    context.close(promise: nil)
  }
}
