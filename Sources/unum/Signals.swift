// From signals to an orderly end, for every subcommand that runs nodes.
//
// The first SIGTERM or SIGINT asks all services to stop: they announce that they leave, drain their connections and
// return. The second ends the process at once, and so does a stop that takes too long: whoever runs a node under
// systemd or Docker waits 10 s at most before SIGKILL, and a clear line beats that. Rejected: the service group's own
// signal handling, which ignores a second signal.

import Logging
import Platform
import ServiceLifecycle
import UnixSignals

/// How long an orderly end may take. A node needs 3 s at worst (2 s to drain HTTP, 1 s to be heard leaving), and five
/// are promised.
private let patience: Duration = .milliseconds(4500)

/// Runs a service until it fails or a signal asks it to stop and it has.
///
/// - Parameter signals: trapped by the caller before it binds or starts anything.
func supervise(_ service: any Service, until signals: UnixSignalsSequence, logger: Logger) async throws {
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(services: [service], gracefulShutdownSignals: [], logger: quiet))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    tasks.addTask { await obey(signals, stopping: group, logger: logger) }
    // Only the services end by themselves. Then nobody is left for signals to stop.
    defer { tasks.cancelAll() }
    try await tasks.next()
  }
}

/// The group tells about its own workings, which are nobody's concern unless they fail; failures are thrown as well.
private let quiet = Logger(label: "services") { _ in SwiftLogNoOpLogHandler() }

/// Waits for the first signal, stops the group, and ends the process at the second or when patience is over.
private func obey(_ signals: UnixSignalsSequence, stopping group: ServiceGroup, logger: Logger) async {
  var iterator = signals.makeAsyncIterator()
  guard let first = await iterator.next() else { return }
  logger.notice("Stopping: \(first.name)")
  await group.triggerGracefulShutdown()
  await withTaskGroup(of: Void.self) { tasks in
    tasks.addTask {
      guard (try? await Task.sleep(for: patience)) != nil else { return }
      Terminal.complain("not stopped \(patience) after \(first.name); ending now")
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
  /// As people call it.
  fileprivate var name: String { self == .sigint ? "SIGINT" : "SIGTERM" }

  /// As shells report it: a process that a signal ended has status 128 and this.
  fileprivate var number: Int32 { self == .sigint ? 2 : 15 }
}
