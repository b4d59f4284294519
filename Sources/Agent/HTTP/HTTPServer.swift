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
  private typealias Table = NIOLoopBound<ConnectionTable>

  private let listener: any Channel
  private let tables: [Table]
  private let counts: RequestCounts
  /// Where it listens, with the port that it really got.
  package let localAddress: Address

  private init(listener: any Channel, tables: [Table], counts: RequestCounts, localAddress: Address) {
    self.listener = listener
    self.tables = tables
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
    let tables = try await tables(on: group)
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
      // It fails only when the loop is gone, and its connections with it.
      try? await stopped.get()
    }
  }
}
