// The connections of one event loop, and what they share there.
//
// Each part is its own type: how connections age (`SweepClock`), whose turn is next (`TurnQueue`), and the answer that
// nearly all of them want (`PreparedAnswer`). This file only knows who is connected, and how all of them end.

import NIOCore

/// The connections of one loop. Used only on that loop.
final class ConnectionTable {
  let clock = SweepClock()
  let turns = TurnQueue()
  let prepared = PreparedAnswer()
  /// Whether connections end with their next answer.
  private(set) var isDraining = false
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]

  /// Sweeps once a second from now on.
  func start(on loop: any EventLoop) {
    let bound = NIOLoopBound(self, eventLoop: loop)
    clock.start(on: loop) { bound.value.sweep() }
  }

  func stop() { clock.stop() }

  /// Another second has passed: ends connections that have lasted too long.
  func sweep() {
    clock.advance()
    // Iterate over a copy, because connections that end leave the table.
    for connection in Array(connections.values) { connection.sweep() }
  }

  func add(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = connection }

  func remove(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

  /// From now on each connection ends after its next answer.
  func beginDraining() { isDraining = true }

  /// The same, and connections without a request end at once.
  /// - Returns: a future that completes once all of them are closed.
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
}
