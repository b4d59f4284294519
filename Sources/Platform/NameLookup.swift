// Turns names into addresses with the system's resolver.

package import Gossip

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum NameLookup {
  /// Why a name gave no address, in the system's words.
  package struct Failure: Error {
    package let reason: String
  }

  /// All addresses of a host, each with this port, in the system's order of preference. It blocks, possibly for long.
  package static func addresses(of host: String, port: UInt16) throws(Failure) -> [Address] {
    var hints = unsafe addrinfo()
    // Name one kind of socket, or each address is listed three times.
    #if canImport(Glibc)
      unsafe hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    #else
      unsafe hints.ai_socktype = Int32(SOCK_DGRAM)
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else {
      let reason = unsafe gai_strerror(status).map { unsafe String(cString: $0) } ?? "error \(status)"
      throw Failure(reason: reason)
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [Address] = []
    var next = unsafe list
    while let entry = unsafe next {
      let info = unsafe entry.pointee
      if let address = unsafe Address(socketAddress: info.ai_addr, size: Int(info.ai_addrlen)) {
        let whole = address.with(port: port)
        if !found.contains(whole) { found.append(whole) }
      }
      unsafe next = info.ai_next
    }
    return found
  }
}
