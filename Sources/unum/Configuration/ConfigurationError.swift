// What is wrong with an option, in one line: which option, which value, and what to do about it.

/// An option or variable that cannot be used. It ends the program with status 64 (`EX_USAGE` of sysexits).
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The option as it was given, such as `--bind 10.0.0.300` or `BIND_ADDR=10.0.0.300`.
  package var given: String
  /// What is wrong with it.
  package var problem: String
  /// What would be right.
  package var remedy: String

  package init(given: String, problem: String, remedy: String) {
    self.given = given
    self.problem = problem
    self.remedy = remedy
  }

  package var description: String { "\(given): \(problem); \(remedy)" }
}

/// A value and where it came from, so that an error can name the place to change: the option or the variable.
struct Given {
  let setting: Setting
  let text: String
  let isFlag: Bool

  /// Longer values are cut in messages, so that the line fits a screen.
  private static let shownLength = 80

  var description: String {
    let shown = text.count > Given.shownLength ? text.prefix(Given.shownLength) + "…" : text[...]
    return isFlag ? "\(setting.flag) \(text.isEmpty ? "''" : shown)" : "\(setting.variable)=\(shown)"
  }

  func error(_ problem: String, remedy: String) -> ConfigurationError {
    ConfigurationError(given: description, problem: problem, remedy: remedy)
  }
}
