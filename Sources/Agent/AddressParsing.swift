// Text to addresses and back to NIO's, where people and sockets meet the core's two words and a port.

package import Gossip
package import NIOCore

extension Address {
  /// The core's form of a socket's address, read from its bytes; nil for Unix sockets.
  package init?(_ socket: SocketAddress) {
    // The fields' offsets are the kernel's: the port at 2, an IPv4 address at 4, an IPv6 address at 8.
    let isV4: Bool
    switch socket {
    case .v4: isV4 = true
    case .v6: isV4 = false
    case .unixDomainSocket: return nil
    }
    self = unsafe socket.withSockAddr { pointer, size in
      let raw = unsafe UnsafeRawBufferPointer(start: pointer, count: size)
      let port = unsafe UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      if isV4 {
        let ipv4 = unsafe UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        return Address(ipv4: ipv4, port: port)
      }
      return unsafe Address(
        high: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)), port: port)
    }
  }

  /// A numeric address, `10.0.0.1`, `fd00::1` or `[fd00::1]`, without a port; nil when it is not one.
  package init?(ip text: String, port: UInt16) {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    guard let socket = try? SocketAddress(ipAddress: bare, port: Int(port)) else { return nil }
    self.init(socket)
  }
}

extension SocketAddress {
  /// NIO's form of an address.
  package init(_ address: Address) throws {
    try self.init(ipAddress: address.host, port: Int(address.port))
  }
}

/// A host and a port as people write them.
package struct HostPort: Equatable, Sendable {
  package var host: String
  package var port: UInt16

  /// Parses `host`, `host:port`, `v4:port`, `v6` or `[v6]:port`; nil when it is none of them or the port is no number
  /// from 0 to 65535.
  package init?(_ text: String, defaultPort: UInt16) {
    let colons = text.filter { $0 == ":" }.count
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      host = String(text[text.index(after: text.startIndex)..<close])
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      guard let port = rest.isEmpty ? defaultPort : UInt16(rest.dropFirst()) else { return nil }
      self.port = port
    } else if colons == 1, let colon = text.firstIndex(of: ":") {
      host = String(text[..<colon])
      guard let port = UInt16(text[text.index(after: colon)...]) else { return nil }
      self.port = port
    } else {
      host = text
      port = defaultPort
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
  }
}
