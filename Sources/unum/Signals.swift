// From a signal to an orderly stop, for every subcommand that runs nodes.
//
// The first SIGTERM or SIGINT asks all services to stop: they drain their connections, announce that they are leaving and
// return. The second ends the process at once, and so does a stop that takes too long. Docker sends SIGKILL after 10 s,
// and a clear line of our own beats that. Rejected: the service group's own signal handling, which ignores a second
// signal.

import Logging
import Platform
import ServiceLifecycle
import UnixSignals

/// How long an orderly stop may take. A node needs 3 s at worst (2 s to drain HTTP, 1 s to announce that it is leaving),
/// and we promise five.
private let timeLimit: Duration = .milliseconds(4500)

/// Runs a service until it fails, or until a signal has asked it to stop and it has stopped.
///
/// - Parameter signals: the caller traps them before it binds or starts anything.
func supervise(_ service: any Service, until signals: UnixSignalsSequence, logger: Logger) async throws {
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(services: [service], gracefulShutdownSignals: [], logger: quiet))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    tasks.addTask { await obey(signals, stopping: group, logger: logger) }
    // Only the services return by themselves. After that there is nothing left for signals to stop.
    defer { tasks.cancelAll() }
    try await tasks.next()
  }
}

/// The group logs its own workings, which matter to nobody unless they fail; and failures are thrown as well.
private let quiet = Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }

/// Waits for the first signal and stops the group. Ends the process at the second signal, or when the time limit is over.
private func obey(_ signals: UnixSignalsSequence, stopping group: ServiceGroup, logger: Logger) async {
  var iterator = signals.makeAsyncIterator()
  guard let first = await iterator.next() else { return }
  logger.notice("Stopping: \(first.name)")
  await group.triggerGracefulShutdown()
  await withTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      guard (try? await Task.sleep(for: timeLimit)) != nil else { return }
      Terminal.complain("not stopped \(timeLimit) after \(first.name); ending now")
      CurrentProcess.endAtOnce(1)
    }
    if let second = await iterator.next() {
      Terminal.complain("\(second.name) again: ending at once")
      CurrentProcess.endAtOnce(128 + second.number)
    }
    tasks.cancelAll()
  }
}

extension UnixSignal {
  /// The name that people use.
  fileprivate var name: String { self == .sigint ? "SIGINT" : "SIGTERM" }

  /// Shells report a process that a signal ended with status 128 plus this number.
  fileprivate var number: Int32 { self == .sigint ? 2 : 15 }
}
