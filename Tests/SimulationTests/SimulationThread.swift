// A separate thread for tests that compute for seconds.
//
// Swift has only as many threads as the machine has cores. Tests that never wait would hold all of them, while tests of
// real processes and sockets in the same run miss their deadlines. One thread for all of these is as quick, and leaves
// the others theirs. Rejected: running the suites one after another (nobody types that) and longer deadlines (they only
// move the limit).

import Dispatch

/// The queue on which simulations run in tests: one after another, beside everything else.
@globalActor
actor SimulationThread {
  static let shared = SimulationThread()
  fileprivate nonisolated let executor = QueueExecutor()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
}

/// Runs each of these on one of two threads, the simulations' own and one more, and returns the results in order.
///
/// There are two because test machines have two cores, and more threads would take time from tests with deadlines.
func inParallel<Item: Sendable, Result: Sendable>(
  _ items: [Item], _ work: @escaping @Sendable (Item) -> Result
) async -> [Result] {
  let executors = [SimulationThread.shared.executor, QueueExecutor.second]
  let results = await withTaskGroup(of: (Int, Result).self) { group in
    for (index, item) in items.enumerated() {
      group.addTask(executorPreference: executors[index % executors.count]) { (index, work(item)) }
    }
    return await group.reduce(into: []) { $0.append($1) }
  }
  return results.sorted { $0.0 < $1.0 }.map(\.1)
}

/// Runs the jobs of an actor, or of tasks, on a queue.
private final class QueueExecutor: SerialExecutor, TaskExecutor {
  static let second = QueueExecutor()
  private let queue = DispatchQueue(label: "simulation")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async {
      let (actor, task) = unsafe (self.asUnownedSerialExecutor(), self.asUnownedTaskExecutor())
      unsafe job.runSynchronously(isolatedTo: actor, taskExecutor: task)
    }
  }
}
