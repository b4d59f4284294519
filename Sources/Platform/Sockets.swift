// Sends on a socket's descriptor without ever waiting, in the two places where NIO's way costs too much or closes the
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
  /// - Returns: how many bytes the socket took; none on an error.
  package static func transmit(_ bytes: UnsafeRawBufferPointer, on socket: CInt) -> Int {
    let sent = unsafe send(socket, bytes.baseAddress, bytes.count, withoutWaiting)
    return max(0, sent)
  }

  /// Sends one datagram.
  /// - Parameter isV6: whether this is an IPv6 socket, which takes IPv4 addresses only in their mapped form.
  /// - Returns: why it failed; nil if the system took it.
  package static func transmit(_ bytes: [UInt8], to target: Address, on socket: CInt, isV6: Bool) -> SystemError? {
    unsafe target.withSocketAddress(isV6: isV6 || !target.isIPv4) { address, size in
      unsafe bytes.withUnsafeBytes { buffer in
        let sent = unsafe sendto(socket, buffer.baseAddress, buffer.count, withoutWaiting, address, size)
        return sent < 0 ? SystemError.last : nil
      }
    }
  }

  /// If the reader went away, the call fails and there is no signal. On Darwin that is an option of the socket, which
  /// NIO sets on all of its own.
  private static let withoutWaiting: Int32 = {
    #if canImport(Darwin)
      Int32(MSG_DONTWAIT)
    #else
      Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    #endif
  }()
}
