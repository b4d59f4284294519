// What the program asks of the process that it runs in.

import Agent
import Platform

/// The process's surroundings, as the program's options and limits see them.
enum System {
  /// The variables that stand for options, as far as they are set.
  static var environment: [String: String] {
    var environment: [String: String] = [:]
    for setting in Setting.allCases { environment[setting.variable] = CurrentProcess.variable(setting.variable) }
    return environment
  }

  /// Allows this process as many open files as it may have, and refuses to go on with so few that no node could run.
  static func openFilesOfANode() throws -> Int {
    let allowed = CurrentProcess.raiseOpenFiles()
    guard allowed >= StartError.leastOpenFiles else { throw StartError.tooFewFiles(allowed: allowed) }
    return allowed
  }
}
