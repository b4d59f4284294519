// What the program asks of the process that it runs in.

import Agent
import Platform

/// The environment of the process and its limits, as the program's options need them.
enum System {
  /// The environment variables of our options, where they are set.
  static var environment: [String: String] {
    var environment: [String: String] = [:]
    for setting in Setting.allCases { environment[setting.variable] = CurrentProcess.variable(setting.variable) }
    return environment
  }

  /// Raises the limit of open files as far as it goes, and throws if that is too low for a node to run.
  static func openFilesOfANode() throws -> Int {
    let allowed = CurrentProcess.raiseOpenFiles()
    guard allowed >= StartError.leastOpenFiles else { throw StartError.tooFewFiles(allowed: allowed) }
    return allowed
  }
}
