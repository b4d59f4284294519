// The connections of one event loop, and their clock.
//
// Time for connections is counted in sweeps, one a second: a request remembers the number of the sweep at which it
// began, so that serving it reads no clock and arms no timer, and a test ages connections by sweeping. Rejected: NIO's
// IdleStateHandler, which every byte resets, so that a client that drips bytes is never idle; and a timer for each
// request, which costs as much as the request.

import NIOCore

/// What the connections of one loop share. Used on that loop only.
final class ConnectionSweep {
  /// How many sweeps there were: the time, in seconds in which this loop ran.
  private(set) var tick = 0
  /// Whether connections end with their next answer.
  private(set) var isDraining = false
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]
  private var timer: RepeatedTask?

  /// Sweeps once a second from now on.
  func start(on loop: any EventLoop) {
    let bound = NIOLoopBound(self, eventLoop: loop)
    timer = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.sweep() }
  }

  func stop() { timer?.cancel() }

  /// One more second is over: what has lasted too long ends.
  func sweep() {
    tick += 1
    // A copy, because connections that end leave.
    for connection in Array(connections.values) { connection.sweep() }
  }

  /// From now on each connection ends with its next answer.
  func beginDraining() { isDraining = true }

  /// The same, and those to which no answer is due end at once. Gives what completes when each is closed.
  func drainAll() -> [EventLoopFuture<Void>] {
    beginDraining()
    let closed = connections.values.compactMap(\.closed)
    for connection in Array(connections.values) { connection.drain() }
    return closed
  }

  /// Ends all connections, answered or not.
  func closeAll() {
    for connection in Array(connections.values) { connection.abort() }
  }

  func add(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = connection }

  func remove(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }
}
