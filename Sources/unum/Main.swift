// Where the process starts and how it ends.
//
// ArgumentParser's own entry point reports a wrong option in three or four lines. Here every error is one line that says
// what is wrong, with which value, and what to do. Whoever starts a node from a unit file or a manifest sees all of it
// in a log that shows one line per event.

import Agent
import ArgumentParser
import Platform

@main
enum Program {
  /// The start failed for a reason other than the options, such as a port in use.
  private static let failure: Int32 = 1
  /// `EX_USAGE` of sysexits: the options are wrong, and starting again will not help.
  private static let usage: Int32 = 64

  static func main() async {
    CurrentProcess.occupyStandardDescriptors()
    CurrentProcess.ignoreBrokenPipes()
    do {
      var command = try Unum.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      flushLog()
    } catch {
      // The log comes out before the error that ended the process, as it happened first.
      flushLog()
      CurrentProcess.end(status(after: error))
    }
  }

  /// Prints what happened, and returns the status to end with.
  private static func status(after error: any Error) -> Int32 {
    switch error {
    case let error as ConfigurationError:
      Terminal.complain(error.description)
      return usage
    case is StartError, is LocalPortInUse, is OutputFailure:
      Terminal.complain(String(describing: error))
      return failure
    case let code as ExitCode:
      // Code that throws a bare status has already said why.
      return code.rawValue
    default:
      return status(afterParsing: error)
    }
  }

  /// Help and version arrive as errors too, but the user asked for them: they go to standard output.
  private static func status(afterParsing error: any Error) -> Int32 {
    let code = Unum.exitCode(for: error)
    let message = Unum.message(for: error)
    if code == .success {
      Terminal.say(message)
    } else {
      let line = message.split(separator: "\n").first.map(String.init) ?? String(describing: error)
      Terminal.complain(code == .validationFailure ? "\(line) (see unum --help)" : line)
    }
    return code.rawValue
  }
}

/// The root of all subcommands.
struct Unum: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "unum",
      abstract: "Many nodes, one value: a database that holds one integer and gossips it.",
      discussion: """
        `unum` alone means `unum serve`. These are its options, their environment
        variables and their defaults. An option wins over its variable; an empty
        variable counts as unset.

        \(Setting.table)

        Try it: unum local --nodes 5
        """,
      version: Version.current,
      subcommands: [Serve.self, Local.self, Simulate.self, Health.self],
      defaultSubcommand: Serve.self)
  }
}
