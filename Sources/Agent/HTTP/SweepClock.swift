// Time as connections see it: counted in sweeps, one a second.
//
// A request remembers the number of the sweep at which it began. So serving it reads no clock and sets no timer, and a
// test ages connections by sweeping. Rejected: NIO's IdleStateHandler, which every byte resets, so that a client that
// drips bytes is never idle; and a timer for each request, which costs as much as the request.

import NIOCore

/// The clock of one loop's connections. Used only on that loop.
final class SweepClock {
  /// Sweeps so far. This is the time in seconds during which the loop ran.
  private(set) var tick = 0
  private var timer: RepeatedTask?

  /// Calls back once a second.
  func start(on loop: any EventLoop, _ sweep: @escaping @Sendable () -> Void) {
    timer = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in sweep() }
  }

  func advance() { tick += 1 }

  func stop() { timer?.cancel() }
}
