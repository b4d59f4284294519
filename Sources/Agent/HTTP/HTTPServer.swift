// The HTTP interface on a socket.
//
// It owns the listening socket, and for each event loop the connections on it. What is asked and answered is elsewhere
// (`Routes`, `Responder`); here is only who may connect and how it all ends. Rejected: NIO's async channels, which
// carry each request through two more queues and a task.

package import Gossip
package import NIOCore
import NIOPosix

/// An HTTP/1.1 server for one node.
package final class HTTPServer: Sendable {
  /// The connections of one loop.
  private typealias Sweep = NIOLoopBound<ConnectionSweep>

  private let listener: any Channel
  private let sweeps: [Sweep]
  private let counts: RequestCounts
  /// Where it listens, with the port that it really got.
  package let localAddress: Address

  private init(listener: any Channel, sweeps: [Sweep], counts: RequestCounts, localAddress: Address) {
    self.listener = listener
    self.sweeps = sweeps
    self.counts = counts
    self.localAddress = localAddress
  }

  /// Listens and serves from now on.
  /// - Parameters:
  ///   - address: where; port 0 takes any free one.
  ///   - group: the loops that connections are spread over. One is enough: two loops on two cores were slower.
  /// - Throws: what the socket says, `EADDRINUSE` above all.
  package static func bind(
    address: Address, backend: any Backend, group: any EventLoopGroup, limits: HTTPLimits = HTTPLimits()
  ) async throws -> HTTPServer {
    let counts = RequestCounts()
    let sweeps = try await sweeps(on: group)
    let bootstrap = ServerBootstrap(group: group)
      // A restarted node must not wait for the last one's connections to be forgotten.
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // Connections that wait to be accepted: a burst of as many as may be open at all.
      .serverChannelOption(.backlog, value: Int32(clamping: limits.connections))
      // Answers leave at once; each is written whole, so there is nothing to gather.
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // Who sends a request and then closes its sending side still gets the answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // The connection asks for each reading itself, which is a shorter way than the channel's through all handlers.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let sweep = sweeps.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
          let connection = HTTPConnection(backend: backend, limits: limits, counts: counts, sweep: sweep.value)
          try connection.install(in: channel.pipeline.syncOperations)
        }
      }
    do {
      let listener = try await bootstrap.bind(to: SocketAddress(address)).get()
      let local = listener.localAddress.flatMap { Address($0) } ?? address
      return HTTPServer(listener: listener, sweeps: sweeps, counts: counts, localAddress: local)
    } catch {
      await stop(sweeps)
      throw error
    }
  }

  /// Requests answered, by route and status, and open connections. `/metrics` shows them by itself.
  package var metrics: [ShellMetric] { counts.metrics }

  /// Open connections.
  package var openConnections: Int { counts.open }

  /// Ends: accepts nobody from now on, answers the requests that are on their way, each connection's last with
  /// `Connection: close`, and closes what is open after this time. Returns when all is closed.
  package func drain(within time: Duration) async {
    // An error means that it is closed already, which is what was wanted.
    try? await listener.close().get()
    // On every loop before any connection ends: once one client was sent away, no other is told that it may stay.
    for sweep in sweeps { try? await sweep.eventLoop.submit { sweep.value.beginDraining() }.get() }
    var closed: [EventLoopFuture<Void>] = []
    for sweep in sweeps {
      closed += (try? await sweep.eventLoop.submit { sweep.value.drainAll() }.get()) ?? []
    }
    let sweeps = self.sweeps
    let deadline = listener.eventLoop.scheduleTask(in: .microseconds(time.microseconds)) {
      for sweep in sweeps { sweep.eventLoop.execute { sweep.value.closeAll() } }
    }
    try? await EventLoopFuture.andAllComplete(closed, on: listener.eventLoop).get()
    deadline.cancel()
    await HTTPServer.stop(sweeps)
  }

  private static func sweeps(on group: any EventLoopGroup) async throws -> [Sweep] {
    var sweeps: [Sweep] = []
    for loop in group.makeIterator() {
      let sweep = loop.submit {
        let sweep = ConnectionSweep()
        sweep.start(on: loop)
        return NIOLoopBound(sweep, eventLoop: loop)
      }
      sweeps.append(try await sweep.get())
    }
    return sweeps
  }

  private static func stop(_ sweeps: [Sweep]) async {
    for sweep in sweeps {
      let stopped = sweep.eventLoop.submit {
        sweep.value.closeAll()
        sweep.value.stop()
      }
      // It fails only when the loop is gone, and its connections with it.
      try? await stopped.get()
    }
  }
}
