// Converts text and NIO's addresses to the core's two words and a port, and back.

package import Gossip
package import NIOCore
import Platform

extension Address {
  /// The core's form of a socket's address, read from its bytes; nil for Unix sockets.
  package init?(_ socket: SocketAddress) {
    let address = unsafe socket.withSockAddr { unsafe Address(socketAddress: $0, size: $1) }
    guard let address else { return nil }
    self = address
  }

  /// A numeric address without a port, `10.0.0.1`, `fd00::1` or `[fd00::1]`; nil if it is not one.
  package init?(ip text: String, port: UInt16) {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    guard let socket = try? SocketAddress(ipAddress: bare, port: Int(port)) else { return nil }
    self.init(socket)
  }
}

extension Address {
  /// Whether it means all addresses of the machine: `0.0.0.0` or `::`.
  package var isUnspecified: Bool { self == Address(ipv4: 0, port: port) || isDualStack }

  /// Whether a socket bound to it takes both families: `::`.
  package var isDualStack: Bool { high == 0 && low == 0 }

  /// What a socket bound to it can send to.
  package var reach: Settings.Reach { isIPv4 ? .ipv4 : isDualStack ? .both : .ipv6 }
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

  /// Parses `host`, `host:port`, `v4:port`, `v6` or `[v6]:port`; nil if it is none of them, or the port is not a number
  /// from 0 to 65535.
  package init?(_ text: String, defaultPort: UInt16) {
    let colons = text.filter { $0 == ":" }.count
    if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
      host = String(text[text.index(after: text.startIndex)..<close])
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      guard let port = rest.isEmpty ? defaultPort : HostPort.port(rest.dropFirst()) else { return nil }
      self.port = port
    } else if colons == 1, let colon = text.firstIndex(of: ":") {
      host = String(text[..<colon])
      guard let port = HostPort.port(text[text.index(after: colon)...]) else { return nil }
      self.port = port
    } else {
      host = text
      port = defaultPort
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    guard !host.contains(where: { $0 == "[" || $0 == "]" }) else { return nil }
  }

  /// Digits only, because the standard library would also take a sign.
  private static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt16(text) : nil
  }
}
