// What the program itself prints for people: help on standard output, errors of one line on standard error.

import Agent
import Platform

/// The two streams of text to people.
enum Terminal {
  /// Writes to standard output. A reader that went away is nobody to complain to.
  static func say(_ text: String) { try? Descriptor.standardOutput.put(text + "\n") }

  /// Writes a result to standard output. A full disk must not look like success, but a reader that went away has seen
  /// enough.
  static func answer(_ text: String) throws(OutputFailure) {
    do throws(SystemError) {
      try Descriptor.standardOutput.put(text + "\n")
    } catch .brokenPipe {
      return
    } catch {
      throw OutputFailure(option: "standard", path: "output", error: error)
    }
  }

  /// Writes exactly one line to standard error, whatever the text contains.
  static func complain(_ text: String) {
    show("unum: " + ForeignText.visible(text, limit: .max) + "\n")
  }

  /// Writes to standard error as it is and without a newline, for lines that are drawn over themselves. It does not wait
  /// for a reader that is stuck: what is said here is often the last word of a process that has to end.
  static func show(_ text: String) { try? Descriptor.standardError.put(text, isPatient: false) }
}
