// Converts the core's two words and a port to the kernel's form, and back.

package import Gossip

#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

extension Address {
  /// Reads the kernel's form by its offsets: the family first, the port at 2, an IPv4 address at 4, an IPv6 address at
  /// 8. Nil for other families, and for fewer bytes than the family needs.
  package init?(socketAddress: UnsafePointer<sockaddr>?, size: Int) {
    guard size >= 2, let family = unsafe socketAddress?.pointee.sa_family else { return nil }
    let raw = unsafe UnsafeRawBufferPointer(start: socketAddress, count: size)
    switch Int32(family) {
    case AF_INET where raw.count >= 16:
      let port = unsafe UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      let ipv4 = unsafe UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      self.init(ipv4: ipv4, port: port)
    case AF_INET6 where raw.count >= 28:
      let port = unsafe UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
      let high = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      let low = unsafe UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
      self.init(high: high, low: low, port: port)
    default:
      return nil
    }
  }

  /// The kernel's form of this address, on the stack: as `sockaddr_in6` (an IPv4 address in its mapped form) for an
  /// IPv6 socket, else as `sockaddr_in`.
  package func withSocketAddress<Result>(
    isV6: Bool, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    let size = socklen_t(isV6 ? 28 : 16)
    storage.ss_family = sa_family_t(isV6 ? AF_INET6 : AF_INET)
    #if canImport(Darwin)
      storage.ss_len = UInt8(size)
    #endif
    return unsafe withUnsafeMutableBytes(of: &storage) { raw in
      unsafe raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
      if isV6 {
        unsafe raw.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe raw.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
      } else {
        let ipv4 = UInt32(truncatingIfNeeded: low)
        unsafe raw.storeBytes(of: ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
      }
      return unsafe raw.withMemoryRebound(to: sockaddr.self) { addresses in
        // The storage is 128 bytes: there is a first element.
        guard let first = addresses.baseAddress else { preconditionFailure("an empty sockaddr_storage") }
        return unsafe body(first, size)
      }
    }
  }
}
