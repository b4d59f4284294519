// The system's error numbers, for code, for people and for metrics.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An `errno`.
package struct SystemError: Error, Hashable {
  package var number: Int32

  package init(_ number: Int32) { self.number = number }

  package static let addressInUse = SystemError(EADDRINUSE)
  package static let brokenPipe = SystemError(EPIPE)
  package static let connectionRefused = SystemError(ECONNREFUSED)
  package static let interrupted = SystemError(EINTR)
  package static let notConnected = SystemError(ENOTCONN)
  package static let wouldBlock = SystemError(EAGAIN)

  /// Why the last call on this thread failed.
  package static var last: SystemError { SystemError(errno) }

  /// The symbol, as in manuals; the bare number for an error that no socket call is known to give.
  package var symbol: String { SystemError.symbols.first { $0.0 == number }?.1 ?? String(number) }

  /// The system's own words.
  package var words: String {
    // The text belongs to the system, and stays valid until the same thread asks again.
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  }

  private static let symbols: [(Int32, String)] = [
    (EAGAIN, "EAGAIN"), (EPERM, "EPERM"), (EACCES, "EACCES"), (EINVAL, "EINVAL"), (ENOBUFS, "ENOBUFS"),
    (ENOMEM, "ENOMEM"), (EMSGSIZE, "EMSGSIZE"), (EAFNOSUPPORT, "EAFNOSUPPORT"), (ENETDOWN, "ENETDOWN"),
    (ENETUNREACH, "ENETUNREACH"), (EHOSTUNREACH, "EHOSTUNREACH"), (ECONNREFUSED, "ECONNREFUSED"),
    (EADDRNOTAVAIL, "EADDRNOTAVAIL"), (ENOTCONN, "ENOTCONN"), (EBADF, "EBADF"),
  ]
}
