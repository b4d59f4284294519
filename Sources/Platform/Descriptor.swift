// Files, pipes and terminals by their descriptors, for what the program writes to people.
//
// These are plain `write`s of the whole text. `print` to a pipe is buffered until the process ends, and the C library's
// `stderr` is a global variable that Swift's concurrency rules rightly refuse.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file. Its owner keeps it open and closes it.
package struct Descriptor: Sendable {
  package let number: CInt

  package init(_ number: CInt) { self.number = number }

  package static let standardOutput = Descriptor(STDOUT_FILENO)
  package static let standardError = Descriptor(STDERR_FILENO)

  /// Whether it is a terminal.
  package var isTerminal: Bool { isatty(number) == 1 }

  /// Opens a file for writing and keeps its content; creates it if there is none.
  package static func opened(_ path: String) throws(SystemError) -> Descriptor {
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard number >= 0 else { throw .last }
    return Descriptor(number)
  }

  /// Writes all bytes; a pipe takes them in pieces.
  /// - Parameter isPatient: whether to wait, however long, for the reader of a descriptor that somebody else made
  ///   non-blocking.
  package func put(_ text: String, isPatient: Bool = true) throws(SystemError) {
    var text = text
    let error = text.withUTF8 { bytes in unsafe putAll(UnsafeRawBufferPointer(bytes), isPatient) }
    if let error { throw error }
  }

  private func putAll(_ bytes: UnsafeRawBufferPointer, _ isPatient: Bool) -> SystemError? {
    var rest = unsafe bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let written = unsafe write(number, start, rest.count)
      // A write of nothing would be repeated for ever.
      guard written != 0 else { return .wouldBlock }
      if written > 0 {
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        continue
      }
      switch SystemError.last {
      case .interrupted: break
      case .wouldBlock where isPatient:
        var room = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&room, 1, -1)
      case let error: return error
      }
    }
    return nil
  }

  /// Removes the content of the file. This fails for a pipe or a terminal, which have no length to cut.
  package func truncate() { _ = ftruncate(number, 0) }

  package func shut() { _ = close(number) }
}
