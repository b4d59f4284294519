// What the program itself says to people: help on standard output, one line of error on standard error.
//
// Both are plain `write`s of whole texts. `print` to a pipe is buffered until the process ends, and the C library's
// `stderr` is a global variable that Swift's concurrency rules rightly refuse.

import Agent
import Glibc

/// The two streams of text to people.
enum Terminal {
  /// Writes to standard output.
  static func say(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Writes what somebody waited for to standard output. A full disk must not look like success; a reader that went away
  /// has seen enough.
  static func answer(_ text: String) throws(OutputFailure) {
    guard !write(text + "\n", to: STDOUT_FILENO), errno != EPIPE else { return }
    throw OutputFailure(option: "standard", path: "output", error: errno)
  }

  /// Writes one line to standard error, whatever the text contains.
  static func complain(_ text: String) {
    write("unum: " + ForeignText.visible(text, limit: .max) + "\n", to: STDERR_FILENO)
  }

  /// Writes to standard error as it is, without an end of the line: for what is drawn over itself.
  static func show(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Writes all bytes, also when a pipe takes them in pieces. A reader that went away is nobody to complain to.
  ///
  /// - Returns: whether all was written; `errno` says why not.
  @discardableResult
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      bytes = bytes.dropFirst(written)
    }
    return true
  }
}
