// The program from outside: what it prints, where, and the status with which it ends.

import Foundation
import Testing

@testable import unum

@Suite struct CommandTests {
  @Test(arguments: [
    ["--bind", "10.0.0.300"], ["serve", "--http", "x"], ["--nope"], ["nonsense"], ["--name"],
    ["--advertise", "0.0.0.0"], ["--join", "a b"], ["--log-level", "loud"],
    ["--name", "two\nlines", "--bind", "x\ny"], ["local", "--nodes", "0"], ["local", "--nodes", "101"],
    ["local", "--nodes", "many"], ["local", "--http-port", "65536"], ["local", "--log-format", "xml"],
  ])
  func aWrongOptionIsOneLineAndStatus64(arguments: [String]) async throws {
    let outcome = try await Running.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.complaints.count == 1, "\(outcome.standardError)")
    #expect(outcome.standardError.hasPrefix("unum: "))
    #expect(outcome.standardError.hasSuffix("\n"))
    #expect(outcome.standardOutput == "")
  }

  @Test func aWrongVariableIsNamedWithItsValue() async throws {
    let outcome = try await Running.run([], environment: ["CLUSTER_ADDR": "10.0.0.300"])
    #expect(outcome.status == 64)
    #expect(outcome.complaints.count == 1)
    #expect(outcome.standardError.contains("CLUSTER_ADDR=10.0.0.300: "))
  }

  @Test func versionIsOnStandardOutput() async throws {
    let outcome = try await Running.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.standardOutput == Version.current + "\n")
    #expect(outcome.standardError == "")
  }

  @Test(arguments: [["--help"], ["help"], ["-h"]])
  func helpNamesEveryOptionAndVariable(arguments: [String]) async throws {
    let outcome = try await Running.run(arguments, environment: ["COLUMNS": "80"])
    #expect(outcome.status == 0)
    #expect(outcome.standardError == "")
    for setting in Setting.allCases {
      #expect(outcome.standardOutput.contains("  \(setting.usage)  "))
      #expect(outcome.standardOutput.contains(setting.variable))
      // A narrow terminal must not break it into two lines.
      #expect(outcome.standardOutput.contains("      \(setting.summary)\n"))
    }
  }

  @Test func aReaderThatWentAwayIsNoCrash() async throws {
    // The pipe's only reader is gone before anything is written.
    let script = """
      pipe=$(mktemp -u) && mkfifo "$pipe" && exec 3<> "$pipe" 4> "$pipe" 3<&- && rm "$pipe" && exec "$0" --help >&4
      """
    let program = Running.products.appendingPathComponent("unum").path
    let outcome = try await Running.run(["-c", script, program], program: "/bin/bash")
    #expect(outcome.status == 0, "\(outcome.standardError)")
  }

  @Test(arguments: ["--nodes 3 --seconds 1", "--trials 1 --seconds 1", "--trials 1 --seconds 1 --trace"])
  func whatDoesNotFitOnTheDiskIsNoSuccess(options: String) async throws {
    let script = "exec \"$0\" simulate \(options) > /dev/full"
    let program = Running.products.appendingPathComponent("unum").path
    let outcome = try await Running.run(["-c", script, program], program: "/bin/bash")
    #expect(outcome.status == 1)
    #expect(outcome.standardError == "unum: standard output: cannot be written: No space left on device\n")
  }

  /// Otherwise the first socket or timer gets its number, and the output goes into that.
  @Test func aStandardOutputThatIsClosedIsNoOtherFile() async throws {
    let script = "exec \"$0\" simulate --nodes 3 --seconds 1 <&- >&-"
    let program = Running.products.appendingPathComponent("unum").path
    let outcome = try await Running.run(["-c", script, program], program: "/bin/bash")
    #expect(outcome.status == 1)
    #expect(outcome.standardError == "unum: standard output: cannot be written: Bad file descriptor\n")
  }

  @Test func serveHelpNamesEveryOptionItself() async throws {
    let outcome = try await Running.run(["serve", "--help"])
    #expect(outcome.status == 0)
    for setting in Setting.allCases {
      #expect(outcome.standardOutput.contains(setting.flag))
      #expect(outcome.standardOutput.contains(setting.variable))
    }
  }

  @Test(arguments: [("serve", "info", "warning"), ("local", "warning", "info")])
  func helpNamesOneDefaultOfTheLogLevelWhichIsTheSubcommandsOwn(
    command: String, level: String, other: String
  ) async throws {
    let outcome = try await Running.run([command, "--help"])
    #expect(outcome.standardOutput.contains("log level is \(level) unless"))
    #expect(!outcome.standardOutput.contains("default: \(other)"))
    #expect(!outcome.standardOutput.contains("log level is \(other)"))
  }

  @Test(arguments: [(["--bind"], ["--http", "127.0.0.1:0"]), (["--http"], ["--bind", "127.0.0.1:0"])])
  func aPortInUseIsOneLineThatNamesAddressAndOption(option: [String], rest: [String]) async throws {
    let first = try await RunningNode("first")
    let taken = option == ["--bind"] ? first.gossip : first.http
    let outcome = try await Running.run(option + [taken] + rest)
    #expect(outcome.status == 1)
    #expect(outcome.complaints.count == 1, "\(outcome.standardError)")
    #expect(outcome.standardError.contains(taken))
    #expect(outcome.standardError.contains(option[0]))
  }

  @Test func localNamesItsPortOptionWhenAPortIsInUse() async throws {
    let first = try await RunningNode("first")
    let port = try #require(first.http.split(separator: ":").last)
    let outcome = try await Running.run(["local", "--nodes", "1", "--http-port", String(port)])
    #expect(outcome.status == 1)
    #expect(outcome.complaints.count == 1, "\(outcome.standardError)")
    #expect(outcome.standardError.contains("--http-port"))
  }
}
