// What the program itself says to people: help on standard output, one line of error on standard error.

import Agent
import Platform

/// The two streams of text to people.
enum Terminal {
  /// Writes to standard output. A reader that went away is nobody to complain to.
  static func say(_ text: String) { try? Descriptor.standardOutput.put(text + "\n") }

  /// Writes what somebody waited for to standard output. A full disk must not look like success; a reader that went away
  /// has seen enough.
  static func answer(_ text: String) throws(OutputFailure) {
    do throws(SystemError) {
      try Descriptor.standardOutput.put(text + "\n")
    } catch .brokenPipe {
      return
    } catch {
      throw OutputFailure(option: "standard", path: "output", error: error)
    }
  }

  /// Writes one line to standard error, whatever the text contains.
  static func complain(_ text: String) {
    show("unum: " + ForeignText.visible(text, limit: .max) + "\n")
  }

  /// Writes to standard error as it is, without an end of the line: for what is drawn over itself.
  static func show(_ text: String) { try? Descriptor.standardError.put(text) }
}
