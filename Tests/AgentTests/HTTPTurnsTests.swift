// Many clients of one loop, each of which must get its turn. Tests count turns; time passes only when a test says so.

import Gossip
import NIOCore
import NIOEmbedded
import Testing

@testable import Agent

@Suite struct HTTPTurnsTests {
  private let backend = FakeBackend()
  private let table = ConnectionTable()
  private let loop = EmbeddedEventLoop()

  private func connect(takesLittle: Bool = false) throws -> TestConnection {
    try TestConnection(backend, table: table, loop: loop, takesLittle: takesLittle)
  }

  /// The loop has checked its sockets, and a connection that waits may go on.
  private func nextTurn() { loop.advanceTime(by: TurnQueue.pause) }

  @Test func `a client that pipelines gets sixteen answers in each turn, in order, until it has all`() throws {
    let connection = try connect()
    try connection.send((0..<40).map { request("GET /set/\($0)") }.joined() + request("GET /get"))
    var text = ""
    for answers in [16, 16, 9] {
      let turn = try connection.answers()
      #expect(statuses(turn).count == answers)
      text += turn
      nextTurn()
    }
    #expect(
      text.split(separator: "HTTP/1.1 200 OK").map { $0.split(separator: "\r\n\r\n").last ?? "" }
        == (0..<40).map { "\($0)" } + ["39"])
    #expect(try connection.answers() == "")
    #expect(statuses(try connection.exchange(request("GET /get"))) == [200])
  }

  @Test(arguments: ["/members", "/metrics?format=json"])
  func `a page about all members fills a turn, and others are answered before the next one`(page: String) throws {
    let greedy = try connect()
    let modest = try connect()
    try greedy.send(String(repeating: request("GET \(page)"), count: 5))
    for _ in 0..<5 {
      #expect(statuses(try greedy.answers()) == [200])
      #expect(statuses(try modest.exchange(request("GET /get"))) == [200])
      nextTurn()
    }
    #expect(try greedy.answers() == "")
  }

  @Test func `those that wait for their turn have it one after another`() throws {
    let connections = try (0..<3).map { _ in try connect() }
    for connection in connections { try connection.send(String(repeating: request("GET /members"), count: 3)) }
    for connection in connections { #expect(statuses(try connection.answers()) == [200]) }
    for _ in 0..<2 {
      for next in connections {
        nextTurn()
        for connection in connections {
          #expect(statuses(try connection.answers()) == (connection.channel === next.channel ? [200] : []))
        }
      }
    }
  }

  @Test func `a socket that takes all it is given does not make a turn longer`() throws {
    let connection = try connect(takesLittle: true)
    try connection.send(String(repeating: request("GET /get"), count: 5))
    for _ in 0..<5 {
      #expect(statuses(try connection.answers()) == [200])
      nextTurn()
    }
    #expect(try connection.answers() == "")
  }

  @Test func `nothing more is read from a client that waits for its turn`() throws {
    let connection = try connect()
    let reads = connection.pipelineCounts.reads
    try connection.send(String(repeating: request("GET /get"), count: 17))
    #expect(connection.pipelineCounts.reads == reads)
    // What the socket had already read goes behind the rest.
    try connection.send(request("GET /nowhere"))
    #expect(statuses(try connection.answers()).count == 16)
    nextTurn()
    #expect(statuses(try connection.answers()) == [200, 404])
    #expect(connection.pipelineCounts.reads == reads + 1)
  }

  @Test func `a client that has sent everything and closed waits for its turns`() throws {
    let connection = try connect()
    try connection.send(String(repeating: request("GET /get"), count: 20))
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(connection.isOpen)
    nextTurn()
    #expect(statuses(try connection.answers()).count == 20)
    #expect(!connection.isOpen)
  }

  /// A thousand clients need a minute if all ask for pages about all members of a large cluster.
  @Test(arguments: [false, true])
  func `a client that waits for its turn is not taken for a silent one`(hasClosed: Bool) throws {
    let connection = try connect()
    try connection.send(request("GET /metrics") + request("GET /get") + request("GET /nowhere") + "no request")
    if hasClosed { connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    #expect(statuses(try connection.answers()) == [200])
    connection.wait(seconds: HTTPLimits().idleSeconds + 1)
    #expect(connection.isOpen)
    nextTurn()
    #expect(statuses(try connection.answers()) == [200, 404, 400])
    // The last one was not a request, and ended the connection.
    #expect(!connection.isOpen)
  }

  @Test func `a client that goes while it waits for its turn holds nobody up`() throws {
    let gone = try connect()
    let patient = try connect()
    for connection in [gone, patient] { try connection.send(String(repeating: request("GET /get"), count: 17)) }
    gone.channel.close(promise: nil)
    nextTurn()
    nextTurn()
    #expect(statuses(try patient.answers()).count == 17)
  }

  @Test func `connections leave files for what else a node opens, and are never very few`() {
    #expect(HTTPLimits().connections == 1024)
    #expect(HTTPLimits(openFiles: 1_048_576).connections == 1024)
    #expect(HTTPLimits(openFiles: 1152).connections == 1024)
    #expect(HTTPLimits(openFiles: 1024).connections == 896)
    #expect(HTTPLimits(openFiles: 1024, nodes: 5).connections == 86)
    #expect(HTTPLimits(openFiles: 256).connections == 128)
    #expect(HTTPLimits(openFiles: 64).connections == 16)
    // With what a node needs itself, and those that are being refused, it never needs more files than there are.
    for files in 64...2048 {
      let limits = HTTPLimits(openFiles: files)
      #expect(limits.connections > 0 && limits.refusals > 0)
      #expect(limits.connections + limits.refusals + 32 <= files, "\(files)")
    }
    let none = HTTPLimits(openFiles: 0, nodes: 100)
    #expect(none.connections == 1 && none.refusals == 1)
  }
}
