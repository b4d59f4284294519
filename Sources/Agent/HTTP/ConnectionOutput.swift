// The writing side of one connection: from answers to the socket.
//
// Nearly always there is one answer, it is short, and the socket takes it at once. Then one `send` delivers it, instead
// of NIO's queue of pending writes, which takes a third of the work for such a request outside of the kernel. NIO does
// everything else: several answers at once (one `writev`), a full socket, a failed one. Rejected: copying the answers
// to one read into one buffer, which gains nothing over `writev` and copies pages.

import NIOCore
import Platform

/// Answers that are written but not yet given to the socket. Used only on the connection's loop. It is a class, because
/// the channel calls back during a write.
final class ConnectionOutput {
  /// Whether the socket keeps up with what is written.
  private(set) var isWritable = true
  /// Bytes are being flushed, so it is no news that the socket takes more.
  private(set) var isFlushing = false
  /// The socket under the channel, which is a shorter way; nil before `open`, after `close`, and for channels without
  /// one.
  private var transport: SocketTransport?
  /// The written answer, as long as it is the only one.
  private var held: ByteBuffer?
  private var needsFlush = false
  /// NIO may still have bytes that the socket did not take.
  private var mayHaveBacklog = false

  /// The answer for a client that asks before it sends a body.
  static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

  /// The channel is open.
  func open(_ context: ChannelHandlerContext) {
    writabilityChanged(context)
    transport = SocketTransport(context.channel)
  }

  /// The channel is closed.
  func close() { transport = nil }

  /// The channel says whether the socket keeps up.
  func writabilityChanged(_ context: ChannelHandlerContext) { isWritable = context.channel.isWritable }

  /// Writes after what was written before. It goes out with the next `flush`.
  func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    if transport != nil, held == nil, !needsFlush {
      held = bytes
      return
    }
    queue(context)
    enqueue(bytes, context)
  }

  /// Gives everything written to NIO, for code that then writes through NIO.
  func queue(_ context: ChannelHandlerContext) {
    guard let bytes = held else { return }
    held = nil
    enqueue(bytes, context)
  }

  /// Sends as much as the socket takes.
  func flush(_ context: ChannelHandlerContext) {
    if let bytes = held {
      held = nil
      let sent = hasBacklog(context) ? 0 : transmit(bytes)
      // NIO will find the error again, and close the channel as it does for its own writes.
      if sent < bytes.readableBytes { enqueue(bytes.dropping(sent), context) }
    }
    guard needsFlush else { return }
    needsFlush = false
    isFlushing = true
    context.flush()
    isFlushing = false
  }

  private func enqueue(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    needsFlush = true
    mayHaveBacklog = true
    context.write(NIOAny(bytes), promise: nil)
  }

  /// Whether bytes in NIO must go first.
  private func hasBacklog(_ context: ChannelHandlerContext) -> Bool {
    guard mayHaveBacklog else { return false }
    // An error means that the channel is closed, and then nothing may be sent.
    let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    mayHaveBacklog = waiting != 0
    return mayHaveBacklog
  }

  /// One `send` that never waits.
  /// - Returns: how many bytes the socket took; none on an error.
  private func transmit(_ bytes: ByteBuffer) -> Int {
    let sent = transport?.withSocket { socket in
      unsafe bytes.withUnsafeReadableBytes { unsafe Sockets.transmit($0, on: socket) }
    }
    return sent ?? 0
  }
}

extension ByteBuffer {
  /// These bytes without so many at the front.
  fileprivate func dropping(_ count: Int) -> ByteBuffer {
    var rest = self
    rest.moveReaderIndex(forwardBy: count)
    return rest
  }
}
