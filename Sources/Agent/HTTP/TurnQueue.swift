// The queue of connections that had their turn and have more to do.
//
// One of them continues at a time, and the loop checks its sockets in between. Rejected: `execute`, because a loop runs
// all executed tasks, and those that they execute, before it checks a socket again; and a timer for each connection,
// because with many of them one is always due, which amounts to the same.

import NIOCore

/// The connections of one loop that wait for their next turn. Used only on that loop.
final class TurnQueue {
  private var waiting = CircularBuffer<HTTPConnection>()
  private var isTurnDue = false

  /// The pause between two turns. It must still be in the future when the loop checks its timers, a few microseconds
  /// later, or the loop would go on without a look at its sockets. A longer pause only slows down clients that
  /// pipeline.
  static let pause: TimeAmount = .microseconds(100)

  /// Gives the connection another turn, after all that wait already and whatever else the loop must do.
  func enqueue(_ connection: HTTPConnection, on loop: any EventLoop) {
    waiting.append(connection)
    scheduleTurn(on: loop)
  }

  private func scheduleTurn(on loop: any EventLoop) {
    guard !isTurnDue, !waiting.isEmpty else { return }
    isTurnDue = true
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: TurnQueue.pause) { bound.value.takeTurn(on: loop) }
  }

  private func takeTurn(on loop: any EventLoop) {
    isTurnDue = false
    waiting.popFirst()?.resume()
    scheduleTurn(on: loop)
  }
}
