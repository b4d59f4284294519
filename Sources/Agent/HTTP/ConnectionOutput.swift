// The writing side of one connection: from answers to the socket.
//
// Nearly always there is one answer, it is short, and the socket takes it at once. Then it goes there by one `send`, in
// place of NIO's queue of pending writes, which costs a third of all that is done for such a request outside of the
// kernel. Everything else is NIO's: several answers at once (one `writev`), a socket that is full, one that failed.
// Rejected: copying the answers of one reading into one buffer, which gains nothing on `writev` and copies pages.

import NIOCore
import Platform

/// What is written and not yet given to the socket. Used on the connection's loop only. A class, because the channel
/// calls back while it is being written to.
final class ConnectionOutput {
  /// Whether the socket keeps up with what is written.
  private(set) var isWritable = true
  /// Bytes are being flushed: that the socket takes more is then no news.
  private(set) var isFlushing = false
  /// The socket under the channel, and so a shorter way; nil before `open`, after `close`, and for channels without one.
  private var transport: SocketTransport?
  /// The one answer that was written, as long as it is the only one.
  private var held: ByteBuffer?
  private var needsFlush = false
  /// NIO may still have bytes that the socket did not take.
  private var mayHaveBacklog = false

  /// What a client waits for that asks before it sends a body.
  static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

  /// The channel is open.
  func open(_ context: ChannelHandlerContext) {
    writabilityChanged(context)
    transport = SocketTransport(context.channel)
  }

  /// The channel is closed.
  func close() { transport = nil }

  /// The channel says that the socket keeps up again, or does not.
  func writabilityChanged(_ context: ChannelHandlerContext) { isWritable = context.channel.isWritable }

  /// Writes behind what was written; goes out with the next `flush`.
  func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    if transport != nil, held == nil, !needsFlush {
      held = bytes
      return
    }
    queue(context)
    enqueue(bytes, context)
  }

  /// Gives what was written to NIO, for whoever writes through NIO behind it.
  func queue(_ context: ChannelHandlerContext) {
    guard let bytes = held else { return }
    held = nil
    enqueue(bytes, context)
  }

  /// Brings everything out that the socket takes.
  func flush(_ context: ChannelHandlerContext) {
    if let bytes = held {
      held = nil
      let sent = hasBacklog(context) ? 0 : transmit(bytes)
      // An error is NIO's to find again: it closes the channel as it does for its own writes.
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

  /// Whether bytes wait in NIO that have to go first.
  private func hasBacklog(_ context: ChannelHandlerContext) -> Bool {
    guard mayHaveBacklog else { return false }
    // An error means that the channel is closed, and then nothing may be sent either.
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
  /// These bytes without so many of the first.
  fileprivate func dropping(_ count: Int) -> ByteBuffer {
    var rest = self
    rest.moveReaderIndex(forwardBy: count)
    return rest
  }
}
