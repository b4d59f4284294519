// The connections of one event loop, and their clock.
//
// Time for connections is counted in sweeps, one a second: a request remembers the number of the sweep at which it
// began, so that serving it reads no clock and arms no timer, and a test ages connections by sweeping. Rejected: NIO's
// IdleStateHandler, which every byte resets, so that a client that drips bytes is never idle; and a timer for each
// request, which costs as much as the request.
//
// It is also their queue: a connection that has had its turn and has more to do waits here for its next one. One of
// them goes on at a time, and the loop looks at its sockets in between. Rejected: `execute`, because a loop does all
// that was executed, and what that executes, before it looks at a socket again; and a timer for each connection,
// because with many of them one is always due, which comes to the same.

import Gossip
import NIOCore

/// What the connections of one loop share. Used on that loop only.
final class ConnectionSweep {
  /// How many sweeps there were: the time, in seconds in which this loop ran.
  private(set) var tick = 0
  /// Whether connections end with their next answer.
  private(set) var isDraining = false
  private var connections: [ObjectIdentifier: HTTPConnection] = [:]
  private var timer: RepeatedTask?
  /// The answer to `GET /get`, and to which stamp it belongs.
  private var value: (stamp: Stamp, answer: ByteBuffer)?
  /// Those that wait for their next turn, and whether it will come.
  private var resting = CircularBuffer<HTTPConnection>()
  private var isTurnDue = false

  /// Between two turns. It has to be still in the future when the loop looks for due timers, a few microseconds later,
  /// or the loop goes on without looking at its sockets; a longer one only slows down clients that pipeline.
  static let pause: TimeAmount = .microseconds(100)

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

  /// The whole answer to a plain `GET /get` on a connection that is kept. Made for the first who asks for this stamp, and
  /// not by whoever brings it: of a thousand writes a second most are never read here.
  func answer(to stamp: Stamp) -> ByteBuffer {
    if let value, value.stamp == stamp { return value.answer }
    let answer = HTTPAnswer.value(stamp, form: .text).serialized(.keep)
    value = (stamp, answer)
    return answer
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

  /// Gives the connection another turn, after all that are waiting already and what else the loop has to do.
  func rest(_ connection: HTTPConnection, on loop: any EventLoop) {
    resting.append(connection)
    scheduleTurn(on: loop)
  }

  private func scheduleTurn(on loop: any EventLoop) {
    guard !isTurnDue, !resting.isEmpty else { return }
    isTurnDue = true
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: ConnectionSweep.pause) { bound.value.takeTurn(on: loop) }
  }

  private func takeTurn(on loop: any EventLoop) {
    isTurnDue = false
    resting.popFirst()?.resume()
    scheduleTurn(on: loop)
  }

  func add(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = connection }

  func remove(_ connection: HTTPConnection) { connections[ObjectIdentifier(connection)] = nil }
}
