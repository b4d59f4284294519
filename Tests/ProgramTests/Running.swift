// Runs the real binary as a process for tests. The process gets only the given environment, its output goes to files, and
// it is ended whatever happens.
//
// Rejected: Foundation's Process. It leaks a descriptor or two for each process, and crashes the test runner once a test
// that polls has started a thousand of them.

import Foundation
import Testing

/// What a program printed, and how it ended.
struct Outcome {
  var status: Int32
  var standardOutput: String
  var standardError: String
  /// The lines on standard error.
  var complaints: [Substring] { standardError.split(separator: "\n") }
}

/// Waits for a condition, and fails at a deadline.
///
/// The limit is far above what a healthy run needs, because test machines are busy. Between two checks at most a tenth
/// of a second counts, because tests that compute may keep this one from checking at all.
func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Value?
) async throws -> Value {
  var left = limit
  repeat {
    if let value = try await condition() { return value }
    let looked = ContinuousClock.now
    try await Task.sleep(for: .milliseconds(20))
    left -= min(ContinuousClock.now - looked, .milliseconds(100))
  } while left > .zero
  throw Missed(what: what, limit: limit)
}

/// Something that did not happen in time.
struct Missed: Error, CustomStringConvertible {
  var what: String
  var limit: Duration
  var description: String { "not within \(limit): \(what)" }
}

/// A process that could not be started.
struct NotStarted: Error {
  var program: String
  var error: Int32
}

/// One process. It is killed once nothing refers to it.
final class Running {
  private let arguments: [String]
  private let output: URL
  private let error: URL
  private(set) var pid: pid_t = 0
  /// The status from `waitpid`, once the process has ended.
  private var status: Int32?

  /// The built products are beside the test bundle, in debug and release alike. On Linux the bundle itself runs.
  static let products: URL = {
    let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    if FileManager.default.isExecutableFile(atPath: runner.appendingPathComponent("unum").path) { return runner }
    // A separate runner names the bundle in its arguments.
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
    return URL(fileURLWithPath: bundle).deletingLastPathComponent()
  }()

  /// Starts `unum`, or another program by its path.
  init(_ arguments: [String], environment: [String: String] = [:], program: String? = nil) throws {
    let directory = FileManager.default.temporaryDirectory
    let name = "unum-test-\(UUID().uuidString)"
    output = directory.appendingPathComponent(name + ".out")
    error = directory.appendingPathComponent(name + ".err")
    self.arguments = arguments
    let path = program ?? Running.products.appendingPathComponent("unum").path
    var variables = environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }
    // Tells sanitizers where to report, also in the programs that tests start, and not among their own output.
    for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] { variables[name] = ProcessInfo.processInfo.environment[name] }
    let result = Running.spawn(
      &pid, [path] + arguments, variables.map { "\($0)=\($1)" }, output: output.path, error: error.path)
    guard result == 0 else { throw NotStarted(program: path, error: result) }
  }

  deinit {
    if isRunning {
      send(SIGKILL)
      _ = waitpid(pid, nil, 0)
    }
    for file in [output, error] { try? FileManager.default.removeItem(at: file) }
  }

  /// Starts a process with its streams in files and default signal handling.
  private static func spawn(
    _ pid: inout pid_t, _ words: [String], _ variables: [String], output: String, error: String
  ) -> Int32 {
    var actions = unsafe SpawnArguments.actions
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error, O_WRONLY | O_CREAT, 0o600)
    // Otherwise sockets of parallel tests would live on in the child, and their ports would never be free. Closing a
    // number that is not open does no harm, and a list of the open ones would miss those that are opened meanwhile.
    for descriptor in STDERR_FILENO + 1..<min(getdtablesize(), 1024) {
      unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    // The child must not inherit the signals that the test runner ignores or blocks, or no signal would be tested.
    var attributes = SpawnArguments.attributes
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    let environment = unsafe variables.map { unsafe strdup($0) } + [nil]
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    return unsafe posix_spawn(&pid, words[0], &actions, &attributes, arguments, environment)
  }

  var standardOutput: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var standardError: String { (try? String(contentsOf: error, encoding: .utf8)) ?? "" }

  /// Asks the system whether the process has ended, and records it.
  var isRunning: Bool {
    guard status == nil else { return false }
    var ended: Int32 = 0
    guard unsafe waitpid(pid, &ended, WNOHANG) == pid else { return true }
    status = ended
    return false
  }

  func send(_ signal: Int32) { if isRunning { kill(pid, signal) } }

  /// Waits for the end. If a signal ended the process, its status is 128 plus the signal, as in shells.
  func outcome(within limit: Duration = .seconds(30)) async throws -> Outcome {
    let status: Int32 = try await eventually("the end of \(arguments)", within: limit) { isRunning ? nil : self.status }
    let signal = status & 0x7F
    return Outcome(
      status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, standardOutput: standardOutput,
      standardError: standardError)
  }

  /// Runs a program to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], program: String? = nil
  ) async throws -> Outcome {
    try await Running(arguments, environment: environment, program: program).outcome()
  }

  /// Runs `curl`, the client that people use, to its end. It waits for an answer longer than any busy machine needs; it
  /// does not wait at all where nobody listens.
  static func curl(_ options: [String], _ url: String) async throws -> Outcome {
    try await Running(["-s", "-m", "300"] + options + [url], program: "/usr/bin/curl").outcome(within: .seconds(300))
  }

  /// What `curl` gets from there, without the newline; nil if the status is not 2xx.
  static func curl(_ url: String) async throws -> String? {
    let answer = try await curl(["-f"], url)
    return answer.status == 0 ? answer.standardOutput.trimmingCharacters(in: .newlines) : nil
  }
}
