// A thread of their own for tests that compute for seconds.
//
// Swift's own threads are as few as the machine's cores, and tests that never wait would hold all of them, while the
// tests of real processes and sockets, in the same run, look on as their deadlines pass. One thread for all of these is
// as quick, and leaves the others theirs. Rejected: running the suites one after another (nobody types that), longer
// deadlines (they only move the limit).

import Dispatch

/// Where simulations run in tests: one after another, beside everything else.
@globalActor
actor SimulationThread {
  static let shared = SimulationThread()
  private nonisolated let executor = QueueExecutor()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
}

/// Runs the jobs of an actor on a queue.
private final class QueueExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "simulation")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
