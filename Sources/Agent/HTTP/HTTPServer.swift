// The HTTP interface on a socket.
//
// It owns the listening socket, and for each event loop the connections on it. `Routes` and `Responder` handle requests
// and answers; this file only decides who may connect, and how it all ends. Rejected: NIO's async channels, which carry
// each request through two more queues and a task.

package import Gossip
package import NIOCore
import NIOPosix

/// An HTTP/1.1 server for one node.
package final class HTTPServer: Sendable {
  /// The connections of one loop.
  private typealias Table = NIOLoopBound<ConnectionTable>

  private let listener: any Channel
  private let tables: [Table]
  private let counts: RequestCounts
  /// The address at which it listens, with the real port.
  package let localAddress: Address

  private init(listener: any Channel, tables: [Table], counts: RequestCounts, localAddress: Address) {
    self.listener = listener
    self.tables = tables
    self.counts = counts
    self.localAddress = localAddress
  }

  /// Starts to listen and serve.
  /// - Parameters:
  ///   - address: where to listen; port 0 takes any free one.
  ///   - group: the loops for connections. One is enough: two loops on two cores were slower.
  /// - Throws: the socket's error, above all `EADDRINUSE`.
  package static func bind(
    address: Address, backend: any Backend, group: any EventLoopGroup, limits: HTTPLimits = HTTPLimits()
  ) async throws -> HTTPServer {
    let counts = RequestCounts()
    let tables = try await tables(on: group)
    let bootstrap = ServerBootstrap(group: group)
      // A restarted node must not wait until the system forgets its old connections.
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // The queue of connections to accept: a burst of as many as may be open.
      .serverChannelOption(.backlog, value: Int32(clamping: limits.connections))
      // Answers leave at once. Each is written as a whole, so there is nothing to collect.
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A client that sends a request and then closes its sending side still gets the answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // The connection requests each read itself, which is shorter than the channel's way through all handlers.
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let table = tables.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
          let connection = HTTPConnection(backend: backend, limits: limits, counts: counts, table: table.value)
          try connection.install(in: channel.pipeline.syncOperations)
        }
      }
    do {
      let listener = try await bootstrap.bind(to: SocketAddress(address)).get()
      let local = listener.localAddress.flatMap { Address($0) } ?? address
      return HTTPServer(listener: listener, tables: tables, counts: counts, localAddress: local)
    } catch {
      await stop(tables)
      throw error
    }
  }

  /// Answered requests by route and status, and open connections. `/metrics` shows them.
  package var metrics: [ShellMetric] { counts.metrics }

  /// Open connections.
  package var openConnections: Int { counts.open }

  /// Stops. It accepts nobody from now on, answers the requests in progress, the last of each connection with
  /// `Connection: close`, and after this time closes what is still open. It returns when everything is closed.
  package func drain(within time: Duration) async {
    // An error means that it is closed already, which is fine.
    try? await listener.close().get()
    // On every loop before any connection ends: once one client is sent away, no other may be told that it can stay.
    for table in tables { try? await table.eventLoop.submit { table.value.beginDraining() }.get() }
    var closed: [EventLoopFuture<Void>] = []
    for table in tables {
      closed += (try? await table.eventLoop.submit { table.value.drainAll() }.get()) ?? []
    }
    let tables = self.tables
    let deadline = listener.eventLoop.scheduleTask(in: .microseconds(time.microseconds)) {
      for table in tables { table.eventLoop.execute { table.value.closeAll() } }
    }
    try? await EventLoopFuture.andAllComplete(closed, on: listener.eventLoop).get()
    deadline.cancel()
    await HTTPServer.stop(tables)
  }

  private static func tables(on group: any EventLoopGroup) async throws -> [Table] {
    var tables: [Table] = []
    for loop in group.makeIterator() {
      let table = loop.submit {
        let table = ConnectionTable()
        table.start(on: loop)
        return NIOLoopBound(table, eventLoop: loop)
      }
      tables.append(try await table.get())
    }
    return tables
  }

  private static func stop(_ tables: [Table]) async {
    for table in tables {
      let stopped = table.eventLoop.submit {
        table.value.closeAll()
        table.value.stop()
      }
      // This fails only if the loop is gone, and its connections with it.
      try? await stopped.get()
    }
  }
}
