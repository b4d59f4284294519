// Sending on a socket's descriptor, without ever waiting: for the two places where NIO's way costs too much or closes the
// channel on an error.

package import Gossip

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum Sockets {
  /// Sends bytes on a connected socket.
  /// - Returns: how many the socket took; none on an error.
  package static func transmit(_ bytes: UnsafeRawBufferPointer, on socket: CInt) -> Int {
    let sent = unsafe send(socket, bytes.baseAddress, bytes.count, withoutWaiting)
    return max(0, sent)
  }

  /// Sends one datagram.
  /// - Parameter isV6: whether the socket is one of IPv6, which knows IPv4 addresses in their mapped form only.
  /// - Returns: why it failed; nil when the system took it.
  package static func transmit(_ bytes: [UInt8], to target: Address, on socket: CInt, isV6: Bool) -> SystemError? {
    unsafe target.withSocketAddress(isV6: isV6 || !target.isIPv4) { address, size in
      unsafe bytes.withUnsafeBytes { buffer in
        let sent = unsafe sendto(socket, buffer.baseAddress, buffer.count, withoutWaiting, address, size)
        return sent < 0 ? SystemError.last : nil
      }
    }
  }

  /// A reader that went away is an error of the call and not a signal. On Darwin that is an option of the socket, which NIO
  /// sets on each of its own.
  private static let withoutWaiting: Int32 = {
    #if canImport(Darwin)
      Int32(MSG_DONTWAIT)
    #else
      Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    #endif
  }()
}
