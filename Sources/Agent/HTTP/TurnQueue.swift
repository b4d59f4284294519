// Whose turn is next: connections that had theirs and have more to do.
//
// One of them goes on at a time, and the loop looks at its sockets in between. Rejected: `execute`, because a loop does all
// that was executed, and what that executes, before it looks at a socket again; and a timer for each connection, because
// with many of them one is always due, which amounts to the same.

import NIOCore

/// The connections of one loop that wait for their next turn. Used on that loop only.
final class TurnQueue {
  private var waiting = CircularBuffer<HTTPConnection>()
  private var isTurnDue = false

  /// Between two turns. It has to be still in the future when the loop looks for due timers, a few microseconds later,
  /// or the loop goes on without looking at its sockets; a longer one only slows down clients that pipeline.
  static let pause: TimeAmount = .microseconds(100)

  /// Gives the connection another turn, after all that are waiting already and what else the loop has to do.
  func append(_ connection: HTTPConnection, on loop: any EventLoop) {
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
