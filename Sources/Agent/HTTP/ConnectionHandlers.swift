// A connection's two places in a channel's pipeline: before NIO's decoder, where bytes come in and answers go out, and
// behind it, where requests come out. Both handlers only pass on what they get.

import NIOCore
import NIOHTTP1

/// The side of the socket.
final class ConnectionBytes: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: HTTPConnection

  init(_ connection: HTTPConnection) { self.connection = connection }

  func channelActive(context: ChannelHandlerContext) {
    connection.opened(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.ended()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.received(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    connection.readDidComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    connection.writabilityChanged()
  }

  /// The end of input stays here, because the decoder would take no request after it, and some may still wait for a turn.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event as? ChannelEvent == .inputClosed {
      connection.inputDidEnd()
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.failed(error)
  }
}

/// The side of the decoder.
final class ConnectionParts: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let connection: HTTPConnection

  init(_ connection: HTTPConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.decoded(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.failed(error)
  }
}

extension HTTPConnection {
  /// Puts the connection's two sides into a channel's pipeline, with the decoder between them. The channel must not
  /// read by itself, because the connection requests each read.
  func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
    // The reader counts bytes. The decoder only bounds the number of fields, and so the allocations.
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderListSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderFieldCount = limits.fieldCount
    try pipeline.addHandlers([
      ConnectionBytes(self),
      ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)),
      ConnectionParts(self),
    ])
  }
}
