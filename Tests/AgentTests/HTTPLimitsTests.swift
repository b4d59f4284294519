// The limits on what a client may cost, and what it is told beyond them.

import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import Agent

@Suite struct HTTPLimitsTests {
  private let backend = FakeBackend()
  private let counts = RequestCounts()

  private func connect(_ limits: HTTPLimits = HTTPLimits()) throws -> TestConnection {
    try TestConnection(backend, limits: limits, counts: counts)
  }

  private func expectRefusal(_ status: Int, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let counts = RequestCounts()
    let connection = try TestConnection(backend, counts: counts)
    let answer = try connection.exchange(text)
    #expect(statuses(answer) == [status], sourceLocation: sourceLocation)
    #expect(answer.contains("\r\nConnection: close\r\n"), sourceLocation: sourceLocation)
    #expect(body(answer).hasSuffix(".\n"), sourceLocation: sourceLocation)
    #expect(!connection.isOpen, sourceLocation: sourceLocation)
    #expect(counts.open == 0, sourceLocation: sourceLocation)
  }

  // MARK: Sizes

  @Test func `a request line of 4 KiB is taken and one byte more is not`() throws {
    // With its CR and LF: "GET /get?" and " HTTP/1.1\r\n" have 20 bytes.
    let longest = "GET /get?" + String(repeating: "x", count: 4096 - 20)
    #expect(statuses(try connect().exchange(request(longest))) == [200])
    try expectRefusal(414, request(longest + "x"))
  }

  @Test func `an endless request line is refused before it ends`() throws {
    try expectRefusal(414, "GET /" + String(repeating: "x", count: 5000))
  }

  @Test func `empty lines before a request count as part of its line`() throws {
    #expect(statuses(try connect().exchange(String(repeating: "\r\n", count: 100) + request("GET /get"))) == [200])
    try expectRefusal(414, String(repeating: "\r\n", count: 3000))
  }

  @Test func `fields of 16 KiB are taken and one byte more is not`() throws {
    // "Host: a\r\n", "X: " with its CR and LF, and the empty line have 16 bytes.
    let longest = String(repeating: "x", count: 16_384 - 16)
    #expect(statuses(try connect().exchange(request("GET /get", "X: " + longest))) == [200])
    try expectRefusal(431, request("GET /get", "X: " + longest + "x"))
  }

  @Test func `padding between a field's name and value counts`() throws {
    try expectRefusal(431, "GET /get HTTP/1.1\r\nHost: a\r\nX:" + String(repeating: " ", count: 17_000))
  }

  @Test func `a hundred fields are taken and more are not`() throws {
    let fields = (0..<99).map { "X\($0): y\r\n" }.joined()
    #expect(statuses(try connect().exchange("GET /get HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")) == [200])
    try expectRefusal(431, "GET /get HTTP/1.1\r\nHost: a\r\nY: z\r\n\(fields)\r\n")
  }

  @Test func `a body of 64 KiB is skipped and a longer one refused by its length`() throws {
    let connection = try connect()
    let longest = String(repeating: "x", count: 65_536)
    let text = request("POST /set/5", "Content-Length: 65536", body: longest) + request("GET /get")
    #expect(statuses(try connection.exchange(text)) == [200, 200])
    try expectRefusal(413, request("POST /set/6", "Content-Length: 65537"))
    try expectRefusal(413, request("POST /set/6", "Content-Length: 9223372036854775807"))
    #expect(backend.published.value == 5)
  }

  @Test func `the framing of chunks counts as body`() throws {
    // Each chunk has one byte of body, and five of framing.
    let chunks = String(repeating: "1\r\nx\r\n", count: 11_000)
    try expectRefusal(413, request("POST /set/6", "Transfer-Encoding: chunked", body: chunks))
    let padded = "1;" + String(repeating: "x", count: 66_000)
    try expectRefusal(413, request("POST /set/6", "Transfer-Encoding: chunked", body: padded))
    let trailers = "0\r\nX: " + String(repeating: " ", count: 66_000)
    try expectRefusal(413, request("POST /set/6", "Transfer-Encoding: chunked", body: trailers))
    #expect(backend.published == .initial)
  }

  // MARK: Time

  @Test func `a request that takes longer than ten seconds is refused, however it drips`() throws {
    let connection = try connect()
    connection.wait(seconds: 5)
    for byte in "GET /get ".utf8 {
      try connection.send([byte])
      connection.wait(seconds: 1)
    }
    #expect(try connection.answers() == "" && connection.isOpen)
    connection.wait(seconds: 1)
    #expect(statuses(try connection.answers()) == [408])
    #expect(!connection.isOpen)
  }

  @Test func `a body that does not come is refused after ten seconds`() throws {
    let connection = try connect()
    try connection.send(request("POST /set/5", "Content-Length: 3", body: "ab"))
    connection.wait(seconds: 9)
    #expect(connection.isOpen)
    connection.wait(seconds: 1)
    #expect(statuses(try connection.answers()) == [408])
    #expect(backend.published == .initial)
  }

  @Test func `the ten seconds begin anew with each request`() throws {
    let connection = try connect()
    for _ in 0..<5 {
      try connection.send("GET /get HTTP/1.1\r\nHost")
      connection.wait(seconds: 9)
      #expect(statuses(try connection.exchange(": a\r\n\r\n")) == [200])
    }
  }

  @Test func `an idle connection is closed after a minute without a word`() throws {
    let connection = try connect()
    _ = try connection.exchange(request("GET /get"))
    connection.wait(seconds: 59)
    #expect(connection.isOpen)
    connection.wait(seconds: 1)
    #expect(!connection.isOpen)
    #expect(try connection.answers() == "")
    #expect(counts.open == 0)
  }

  @Test func `a connection whose write waits for the node is not idle`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let connection = try connect()
    try connection.send(request("POST /set/5"))
    connection.wait(seconds: 120)
    backend.release()
    #expect(statuses(try connection.answers()) == [200])
    connection.wait(seconds: 59)
    #expect(connection.isOpen)
  }

  @Test func `a client that does not read is closed after a minute`() throws {
    let connection = try connect()
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    try connection.send(request("GET /get"))
    connection.wait(seconds: 60)
    #expect(!connection.isOpen)
  }

  // MARK: Numbers

  @Test func `connections above the limit are told so, and those far above are closed`() throws {
    var limits = HTTPLimits()
    limits.connections = 2
    limits.refusals = 1
    let first = try connect(limits)
    let second = try connect(limits)
    let third = try connect(limits)
    let text = try third.answers()
    #expect(statuses(text) == [503])
    #expect(text.contains("2 connections") && text.contains("\r\nRetry-After: 1\r\n"))
    #expect(!third.isOpen && first.isOpen && second.isOpen)
    first.channel.close(promise: nil)
    #expect(statuses(try connect(limits).exchange(request("GET /get"))) == [200])
    #expect(counts.metrics.first { $0.name == "unum_http_connections_refused_total" }?.value == 1)
  }

  @Test func `admission counts those that are being refused`() {
    var limits = HTTPLimits()
    limits.connections = 1
    limits.refusals = 1
    #expect((0..<4).map { _ in counts.admit(limits) } == [.admitted, .refused, .dropped, .dropped])
    #expect(counts.metrics.first { $0.name == "unum_http_connections_refused_total" }?.value == 3)
    counts.release(.refused)
    #expect(counts.admit(limits) == .refused)
    counts.release(.admitted)
    #expect(counts.admit(limits) == .admitted)
  }

  @Test func `while the client does not read, nothing is answered and nothing is read`() throws {
    let connection = try connect()
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    let reads = connection.pipelineCounts.reads
    try connection.send(String(repeating: request("GET /get"), count: 10))
    #expect(connection.pipelineCounts.reads == reads)
    #expect(try connection.answers() == "")
    connection.channel.isWritable = true
    connection.channel.pipeline.fireChannelWritabilityChanged()
    #expect(statuses(try connection.answers()).count == 10)
    #expect(connection.pipelineCounts.reads == reads + 1)
  }

  @Test func `while a write waits for the node, no more than one piece of what follows is read`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let connection = try connect()
    // The server asks for the first read when the connection opens.
    #expect(connection.pipelineCounts.reads == 1)
    try connection.send(request("POST /set/5"))
    #expect(connection.pipelineCounts.reads == 2)
    try connection.send(request("GET /get"))
    #expect(connection.pipelineCounts.reads == 2)
    backend.release()
    #expect(connection.pipelineCounts.reads == 3)
    #expect(statuses(try connection.answers()) == [200, 200])
  }

  // MARK: Bytes that are not a request

  @Test(arguments: [
    ("\u{16}\u{3}\u{1}\u{2}", 400), ("get /get HTTP/1.1\r\n\r\n", 400), ("GET /get\r\n\r\n", 505),
    ("GET /get HTTP/9.9\r\nHost: a\r\n\r\n", 505), ("GET /get HTTP/1.1\r\n\r\n", 400),
    ("GET /get HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("GET /get HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET /get HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
    ("GET /get HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
    ("GET /get HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    ("GET /get HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("POST /set/5 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("POST /set/5 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ("POST /set/5 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    ("GET /get HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET /get HTTP/1.1\r\n: a\r\n\r\n", 400),
    ("GET /get HTTP/1.1\nHost: a\n\n", 505), ("GET\r\n\r\n", 400), ("WONDER /get HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  ])
  func `what is no request gets one refusal and the end of its connection`(text: String, status: Int) throws {
    let connection = try connect()
    let answer = try connection.exchange(text)
    #expect(statuses(answer) == [status])
    #expect(answer.contains("\r\nConnection: close\r\n"))
    #expect(!connection.isOpen)
    #expect(backend.published == .initial)
  }

  @Test func `random bytes never do more than end their connection`() throws {
    var generator = Generator(seed: 7)
    let words = ["GET ", "/get", "/set/5", " HTTP/1.1", "\r\n", "Host: a", "Content-Length: 5", "\r\n\r\n", ":"]
    for _ in 0..<2000 {
      let connection = try connect()
      for _ in 0..<generator.below(12) {
        if generator.chance(0.7) {
          try connection.send(words[generator.below(words.count)])
        } else {
          try connection.send((0..<generator.below(20)).map { _ in UInt8(generator.below(256)) })
        }
      }
      connection.wait(seconds: 61)
      #expect(!connection.isOpen)
    }
    #expect(counts.open == 0)
  }
}
