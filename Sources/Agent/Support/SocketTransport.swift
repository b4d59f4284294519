// The path to the descriptor under a channel, for system calls that NIO does not make, or makes at a price.
//
// Rejected: keeping the descriptor, which belongs to another file once the channel is closed; and asking the pipeline
// each time (`withUnsafeTransportIfAvailable`), which looks up a conformance by its generic arguments at run time. That
// takes 13,000 instructions, twice as many as the rest of a request. Here the look-up happens once for each channel.

import NIOCore

/// A channel's socket. Used only on the channel's loop.
struct SocketTransport {
  private let core: any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle>

  /// Nil for a channel without a socket, as in tests.
  init?(_ channel: any Channel) {
    guard let core = channel._channelCore as? any NIOTransportAccessibleChannelCore<NIOBSDSocket.Handle> else {
      return nil
    }
    self.core = core
  }

  /// Lends the descriptor, which is valid only within `body`; nil once the channel is closed.
  func withSocket<Result>(_ body: (NIOBSDSocket.Handle) -> Result) -> Result? {
    try? core.withUnsafeTransport(body)
  }
}
