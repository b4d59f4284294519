// The real binary as a process, for tests: started with nothing but the given environment, watched through files,
// and ended whatever happens.

import Foundation
import Testing

/// What a program said and how it ended.
struct Outcome {
  var status: Int32
  var standardOutput: String
  var standardError: String
  /// The lines on standard error.
  var complaints: [Substring] { standardError.split(separator: "\n") }
}

/// Waits without a fixed time: the condition ends it, the deadline fails it.
///
/// The deadline is far above what a healthy run needs, because machines that test are busy.
func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Value?
) async throws -> Value {
  let deadline = ContinuousClock.now + limit
  repeat {
    if let value = try await condition() { return value }
    try await Task.sleep(for: .milliseconds(20))
  } while ContinuousClock.now < deadline
  throw Missed(what: what, limit: limit)
}

/// What did not happen in time.
struct Missed: Error, CustomStringConvertible {
  var what: String
  var limit: Duration
  var description: String { "not within \(limit): \(what)" }
}

/// One process. It is killed when nothing refers to it any more.
final class Running {
  private let process = Process()
  private let output: URL
  private let error: URL

  /// The built products lie beside the test bundle, in debug and in release alike; on Linux the bundle is what runs.
  static let products: URL = {
    let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    if FileManager.default.isExecutableFile(atPath: runner.appendingPathComponent("unum").path) { return runner }
    // A runner from elsewhere names the bundle in its arguments.
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
    return URL(fileURLWithPath: bundle).deletingLastPathComponent()
  }()

  /// Starts `unum`, or another program by its path.
  init(_ arguments: [String], environment: [String: String] = [:], program: String? = nil) throws {
    let directory = FileManager.default.temporaryDirectory
    let name = "unum-test-\(UUID().uuidString)"
    output = directory.appendingPathComponent(name + ".out")
    error = directory.appendingPathComponent(name + ".err")
    for file in [output, error] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    process.executableURL = program.map { URL(fileURLWithPath: $0) } ?? Running.products.appendingPathComponent("unum")
    process.arguments = arguments
    process.environment = environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: error)
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    for file in [output, error] { try? FileManager.default.removeItem(at: file) }
  }

  var standardOutput: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var standardError: String { (try? String(contentsOf: error, encoding: .utf8)) ?? "" }
  var isRunning: Bool { process.isRunning }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits for the end. A process that a signal ended has 128 and the signal as its status, as in shells.
  func outcome(within limit: Duration = .seconds(30)) async throws -> Outcome {
    let what = "the end of \(process.arguments ?? [])"
    _ = try await eventually(what, within: limit) { process.isRunning ? nil : true }
    let status = process.terminationStatus
    return Outcome(
      status: process.terminationReason == .uncaughtSignal ? 128 + status : status,
      standardOutput: standardOutput, standardError: standardError)
  }

  /// Runs a program to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], program: String? = nil
  ) async throws -> Outcome {
    try await Running(arguments, environment: environment, program: program).outcome()
  }

  /// What the HTTP client that people use gets from there, without the line's end; nil when it is no 2xx.
  static func curl(_ url: String) async throws -> String? {
    let answer = try await run(["-sf", "-m", "5", url], program: "/usr/bin/curl")
    return answer.status == 0 ? answer.standardOutput.trimmingCharacters(in: .newlines) : nil
  }
}
