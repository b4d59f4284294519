// One connection at a time, without sockets or real time.

import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import Agent

@Suite struct HTTPConnectionTests {
  private let backend = FakeBackend()
  private let counts = RequestCounts()

  private func connect(_ limits: HTTPLimits = HTTPLimits()) throws -> TestConnection {
    try TestConnection(backend, limits: limits, counts: counts)
  }

  // MARK: Answers

  @Test func `the value is answered with its stamp as entity tag`() throws {
    let text = try connect().exchange(request("GET /get"))
    #expect(
      text == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"
        + "ETag: \"0.42\"\r\nCache-Control: no-cache\r\n\r\n42")
  }

  @Test func `of two writes in one generation the winner is answered, also where the loser was before`() throws {
    let connection = try connect()
    for stamp in [Stamp(generation: 1, value: 5), Stamp(generation: 1, value: 7), Stamp(generation: 2, value: 7)] {
      backend.state.withLockedValue { $0.stamp = stamp }
      let text = try connection.exchange(request("GET /get"))
      #expect(body(text) == "\(stamp.value)")
      #expect(text.contains("ETag: \"\(stamp.generation).\(stamp.value)\"\r\n"))
    }
  }

  @Test func `the value is answered as JSON`() throws {
    let text = try connect().exchange(request("GET /get?format=json"))
    #expect(text.contains("Content-Type: application/json\r\n"))
    #expect(body(text) == "{\"value\":42,\"generation\":0}\n")
  }

  @Test func `a write is answered with its value and, in JSON, its generation`() throws {
    let connection = try connect()
    #expect(body(try connection.exchange(request("POST /set/-9223372036854775808"))) == "-9223372036854775808")
    let json = try connection.exchange(request("PUT /set/9223372036854775807", "Accept: application/json"))
    #expect(body(json) == "{\"value\":9223372036854775807,\"generation\":2}\n")
  }

  @Test func `an accepted notify is answered with nothing at all`() throws {
    let text = try connect().exchange(request("POST /notify/7/3?notifier=go"))
    #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let notified = backend.state.withLockedValue { $0.notified }
    #expect(notified.map(\.0) == [Stamp(generation: 3, value: 7)])
    #expect(notified.map(\.1) == ["go"])
  }

  @Test func `above the ceiling a notify is the peer's error and a write is ours`() throws {
    backend.state.withLockedValue { $0.answer = .aboveCeiling(1234) }
    let connection = try connect()
    let notify = try connection.exchange(request("POST /notify/7/5000"))
    #expect(statuses(notify) == [400])
    #expect(notify.contains("5000") && notify.contains("1234"))
    let set = try connection.exchange(request("POST /set/1"))
    #expect(statuses(set) == [503])
    #expect(set.contains("1234"))
  }

  @Test func `an overloaded node says when to come back`() throws {
    backend.state.withLockedValue { $0.answer = .overloaded }
    let text = try connect().exchange(request("POST /set/1"))
    #expect(statuses(text) == [503])
    #expect(text.contains("\r\nRetry-After: 1\r\n"))
  }

  @Test func `a node that cannot understand its seed says so to writers and to those who ask whether it is ready`()
    throws
  {
    let seed = Address(ipv4: 0x0A00_0009, port: 7946)
    let connection = try connect()
    for (why, words) in [
      (Obstacle.Why.cluster, "seed 10.0.0.9:7946 belongs to a cluster with another name (CLUSTER_NAME)"),
      (.version(3), "seed 10.0.0.9:7946 speaks version 3 of the protocol, and this node version \(Wire.version)"),
    ] {
      backend.state.withLockedValue { state in
        state.answer = .heldBack(Obstacle(why, seed))
        state.readiness = .heldBack(Obstacle(why, seed))
      }
      for target in ["POST /set/1", "POST /notify/1/1", "GET /readyz"] {
        let text = try connection.exchange(request(target))
        #expect(statuses(text) == [503])
        #expect(text.contains(words), "\(text)")
      }
      #expect(try connection.exchange(request("GET /metrics")).contains("\nunum_held_back 1\n"))
    }
    backend.state.withLockedValue { $0.readiness = .starting }
    #expect(try connection.exchange(request("GET /metrics")).contains("\nunum_held_back 0\n"))
  }

  @Test func `readiness is told with its reason`() throws {
    let connection = try connect()
    #expect(statuses(try connection.exchange(request("GET /readyz"))) == [200])
    let member = Address(ipv4: 0x0A00_0002, port: 7946)
    for (why, words) in [(RefusedAddress.unreachable, "cannot reach this node"), (.taken, "finds another process")] {
      backend.state.withLockedValue { $0.readiness = .unreachable(why, by: member) }
      let text = try connection.exchange(request("GET /readyz"))
      #expect(statuses(text) == [503])
      #expect(body(text).contains("member 10.0.0.2:7946 \(words) at ") && body(text).contains("ADVERTISE_ADDR"))
    }
    backend.state.withLockedValue { $0.readiness = .leaving }
    let text = try connection.exchange(request("GET /readyz"))
    #expect(statuses(text) == [503])
    #expect(body(text).contains("leaving"))
    #expect(statuses(try connection.exchange(request("GET /livez"))) == [200])
  }

  @Test func `refusals are sentences, or problem details for programs`() throws {
    let connection = try connect()
    let text = try connection.exchange(request("GET /set/abc"))
    #expect(statuses(text) == [400])
    #expect(body(text).hasSuffix("\"abc\" is not.\n"))
    let json = try connection.exchange(request("GET /set/abc", "Accept: application/json"))
    #expect(json.contains("Content-Type: application/problem+json\r\n"))
    #expect(body(json).hasPrefix("{\"title\":\"Bad Request\",\"status\":400,\"detail\":\"A value is"))
  }

  @Test func `a wrong method is answered with Allow`() throws {
    let text = try connect().exchange(request("DELETE /set/5"))
    #expect(statuses(text) == [405])
    #expect(text.contains("\r\nAllow: GET, POST, PUT\r\n"))
    #expect(backend.published == .initial)
  }

  @Test func `a client that has the stamp is told so`() throws {
    let connection = try connect()
    for tags in ["\"0.42\"", "W/\"0.42\"", "\"9.9\", \"0.42\"", "*"] {
      let text = try connection.exchange(request("GET /get", "If-None-Match: \(tags)"))
      #expect(text.hasPrefix("HTTP/1.1 304 Not Modified\r\nETag: \"0.42\"\r\n"))
      #expect(body(text) == "")
    }
    #expect(statuses(try connection.exchange(request("GET /get", "If-None-Match: \"0.4\""))) == [200])
  }

  @Test(arguments: ["/get", "/members", "/livez", "/readyz", "/metrics", "/get?format=json", "/nowhere"])
  func `HEAD has the fields of GET and no body`(target: String) throws {
    let connection = try connect()
    let whole = try connection.exchange(request("GET \(target)"))
    let head = try connection.exchange(request("HEAD \(target)"))
    // The metrics count the request in between, but that must not change the length of the page.
    if target != "/metrics" { #expect(head + body(whole) == whole) }
    #expect(head.contains("Content-Length: ") && !head.contains("Content-Length: 0\r\n"))
    #expect(body(head) == "")
    #expect(connection.isOpen)
  }

  @Test func `HEAD never writes`() throws {
    let text = try connect().exchange(request("HEAD /set/5"))
    #expect(statuses(text) == [405])
    #expect(backend.published == .initial)
  }

  // MARK: Order

  @Test func `pipelined requests are answered in order, with one flush`() throws {
    let connection = try connect()
    let text = try connection.exchange(
      request("GET /get") + request("POST /set/1") + request("GET /get") + request("GET /no") + request("GET /set/2")
        + request("GET /get"))
    #expect(statuses(text) == [200, 200, 200, 404, 200, 200])
    let bodies = text.split(separator: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != "H" } }
    #expect(bodies.map { $0.prefix(1) } == ["4", "1", "1", "T", "2", "2"])
    #expect(connection.pipelineCounts.flushes == 1)
  }

  @Test func `what is behind a slow write waits for it and sees it`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let connection = try connect()
    let early = try connection.exchange(request("GET /get") + request("POST /set/5") + request("GET /get"))
    #expect(body(early) == "42")
    try connection.send(request("GET /get?format=json"))
    #expect(try connection.answers() == "")
    backend.release()
    let late = try connection.answers()
    #expect(statuses(late) == [200, 200, 200])
    #expect(late.hasSuffix("{\"value\":5,\"generation\":1}\n"))
  }

  @Test func `a request may come in any pieces`() throws {
    let connection = try connect()
    let text = "\r\n" + request("POST /set/7", "Content-Length: 3", body: "abc") + request("GET /get")
    for byte in text.utf8 { try connection.send([byte]) }
    let answers = try connection.answers()
    #expect(statuses(answers) == [200, 200])
    #expect(answers.hasSuffix("\r\n\r\n7"))
  }

  @Test func `the same request again is answered anew`() throws {
    let connection = try connect()
    for value in 1...3 {
      // The same bytes twice, then different ones, with a body between. What the server remembers of the first request
      // must not answer the others, and must not confuse the decoder.
      #expect(body(try connection.exchange(request("POST /set/\(value)"))) == "\(value)")
      #expect(body(try connection.exchange(request("GET /get"))) == "\(value)")
      #expect(body(try connection.exchange(request("GET /get"))) == "\(value)")
      let both = try connection.exchange(request("GET /get") + request("GET /get", "X: y"))
      #expect(statuses(both) == [200, 200])
      let decoy = request("GET /get", "Ab: y")
      let sent = try connection.exchange(request("POST /set/9", "Content-Length: \(decoy.utf8.count)", body: decoy))
      #expect(statuses(sent) == [200])
    }
    #expect(counts.answers(.get, .ok) == 12)
  }

  // MARK: Keeping and closing

  @Test func `a connection is kept until the client says otherwise`() throws {
    let connection = try connect()
    for _ in 0..<3 { #expect(statuses(try connection.exchange(request("GET /get"))) == [200]) }
    #expect(connection.isOpen)
    let last = try connection.exchange(request("GET /get", "Connection: close"))
    #expect(last.contains("\r\nConnection: close\r\n"))
    #expect(!connection.isOpen)
  }

  @Test func `HTTP 1_0 closes unless asked to keep`() throws {
    let kept = try connect()
    let first = try kept.exchange("GET /get HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(first.contains("\r\nConnection: keep-alive\r\n"))
    #expect(kept.isOpen)
    let last = try kept.exchange("GET /get HTTP/1.0\r\n\r\n")
    #expect(statuses(last) == [200])
    #expect(last.contains("\r\nConnection: close\r\n"))
    #expect(!kept.isOpen)
  }

  @Test(arguments: [
    (request("CONNECT a:443"), 404), (request("GET /get", "Connection: Upgrade", "Upgrade: websocket"), 200),
    (request("GET /get", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA"), 200),
  ])
  func `other protocols are not spoken, and end the connection`(text: String, status: Int) throws {
    let connection = try connect()
    let answer = try connection.exchange(text)
    #expect(statuses(answer) == [status])
    #expect(answer.contains("\r\nConnection: close\r\n"))
    #expect(!connection.isOpen)
  }

  @Test func `a client that asks first is told to send its body`() throws {
    let connection = try connect()
    #expect(
      try connection.exchange(request("POST /set/5", "Expect: 100-continue", "Content-Length: 3"))
        == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(statuses(try connection.exchange("abc")) == [200])
    let tooMuch = try connection.exchange(request("POST /set/5", "Expect: 100-continue", "Content-Length: 70000"))
    #expect(statuses(tooMuch) == [413])
    #expect(statuses(try connect().exchange(request("GET /get", "Expect: wonders"))) == [417])
  }

  @Test func `a body in chunks is skipped, and the last on its connection`() throws {
    let connection = try connect()
    let text = try connection.exchange(
      request("POST /set/5", "Transfer-Encoding: chunked", body: "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"))
    #expect(statuses(text) == [200])
    #expect(text.contains("\r\nConnection: close\r\n"))
    #expect(!connection.isOpen)
  }

  @Test func `draining closes idle connections and ends the others with their answer`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let table = ConnectionTable()
    let idle = try TestConnection(backend, table: table)
    let busy = try TestConnection(backend, table: table)
    let partial = try TestConnection(backend, table: table)
    _ = try idle.exchange(request("GET /get"))
    try busy.send(request("POST /set/5"))
    try partial.send("GET /get HTTP/1.1\r\n")
    _ = table.drainAll()
    #expect(!idle.isOpen && busy.isOpen && partial.isOpen)
    backend.release()
    for last in [try busy.answers(), try partial.exchange("Host: a\r\n\r\n")] {
      #expect(statuses(last) == [200])
      #expect(last.contains("\r\nConnection: close\r\n"))
    }
    #expect(!busy.isOpen && !partial.isOpen)
  }

  @Test func `a client that closes before its answer harms nobody`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let connection = try connect()
    try connection.send(request("POST /set/5"))
    #expect(counts.open == 1)
    connection.channel.close(promise: nil)
    backend.release()
    #expect(counts.open == 0)
    #expect(backend.published.value == 5)
  }

  @Test func `a client that has sent everything gets all its answers`() throws {
    backend.state.withLockedValue { $0.isHolding = true }
    let connection = try connect()
    try connection.send(request("POST /set/5") + request("GET /get") + "GET /ge")
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(connection.isOpen)
    backend.release()
    #expect(statuses(try connection.answers()) == [200, 200])
    #expect(!connection.isOpen)
  }

  // MARK: Counting

  @Test func `requests are counted by route and status`() throws {
    let connection = try connect()
    _ = try connection.exchange(
      request("GET /get") + request("GET /get?format=json") + request("GET /set/1") + request("GET /set/x")
        + request("POST /get") + request("GET /no") + request("GET /livez") + "BAD\r\n\r\n")
    #expect(counts.answers(.get, .ok) == 2)
    #expect(counts.answers(.set, .ok) == 1)
    #expect(counts.answers(.set, .badRequest) == 1)
    #expect(counts.answers(.get, .methodNotAllowed) == 1)
    #expect(counts.answers(.other, .notFound) == 1)
    #expect(counts.answers(.livez, .ok) == 1)
    #expect(counts.answers(.other, .badRequest) == 1)
  }
}
