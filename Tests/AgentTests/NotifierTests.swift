import Gossip
import NIOCore
import NIOPosix
import Testing

@testable import Agent

@Suite struct NotifierTests {
  private static let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
  private let member = Address(ipv4: 0x0A00_0001, port: 7946)

  /// A notifier that does not give up even on a busy machine, unless the test says when.
  private func make(
    peers: [String] = [], name: String = "n1", answer: TimeAmount = .seconds(60),
    loop: any EventLoop = Support.group.next()
  ) -> (Notifier, Collected<Event>) {
    let events = Collected<Event>()
    var times = Notifier.Times()
    times.connect = .seconds(60)
    times.answer = answer
    times.idle = .seconds(60)
    return (Notifier(peers: peers, name: name, loop: loop, times: times) { events.add($0) }, events)
  }

  @Test func aMemberIsToldInExactlyTheOriginalsWords() async throws {
    let server = try await RawHTTPServer(answer: NotifierTests.empty)
    let (notifier, events) = make(name: "a b/ü&")
    notifier.post(Stamp(generation: 3, value: -7), to: .member(member, http: server.address))
    try await Support.eventually("it is delivered") { events.all == [.notifyDelivered(member)] }
    #expect(
      server.requests.all[0].text
        == "POST /notify/-7/3?notifier=a%20b%2F%C3%BC%26 HTTP/1.1\r\n"
        + "Host: \(server.address)\r\nContent-Length: 0\r\n\r\n")
    #expect(notifier.count(of: .delivered) == 1)
    await notifier.close()
    try await server.close()
  }

  @Test func aConnectionIsKeptForTheNextTime() async throws {
    let server = try await RawHTTPServer(answer: NotifierTests.empty)
    let (notifier, _) = make()
    for round in 1...3 {
      notifier.post(Stamp(generation: UInt64(round), value: 1), to: .member(member, http: server.address))
      try await Support.eventually("it is delivered") { notifier.count(of: .delivered) == UInt64(round) }
    }
    #expect(server.requests.all.map(\.connection) == [1, 1, 1])
    await notifier.close()
    try await server.close()
  }

  @Test func aConnectionThatThePeerClosedIsReplacedWithoutAWord() async throws {
    let closing = try await RawHTTPServer(
      answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    let (notifier, events) = make()
    for round in 1...3 {
      notifier.post(Stamp(generation: UInt64(round), value: 1), to: .member(member, http: closing.address))
      try await Support.eventually("it is delivered") { notifier.count(of: .delivered) == UInt64(round) }
    }
    #expect(closing.requests.all.map(\.connection) == [1, 2, 3])
    #expect(notifier.count(of: .failed) == 0, "an answer that ends its connection is still an answer")
    #expect(events.all.allSatisfy { $0 == .notifyDelivered(member) })
    await notifier.close()
    try await closing.close()
  }

  @Test func aKeptConnectionThatClosesUnderTheRequestIsNoFailure() async throws {
    let server = try await RawHTTPServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Once: 1\r\n\r\n")
    let (notifier, _) = make()
    for round in 1...2 {
      notifier.post(Stamp(generation: UInt64(round), value: 1), to: .member(member, http: server.address))
      try await Support.eventually("it is delivered") { notifier.count(of: .delivered) == UInt64(round) }
    }
    #expect(server.requests.all.map(\.connection) == [1, 1, 2])
    #expect(notifier.count(of: .failed) == 0)
    await notifier.close()
    try await server.close()
  }

  @Test func aRefusedPortIsReported() async throws {
    let server = try await RawHTTPServer(answer: NotifierTests.empty, host: Support.ownLoopback(4).host)
    let nobody = server.address
    try await server.close()
    let (notifier, events) = make()
    notifier.post(.initial, to: .member(member, http: nobody))
    try await Support.eventually("it is reported") { events.all == [.connectionRefused(member)] }
    #expect(notifier.count(of: .refused) == 1)
    await notifier.close()
  }

  @Test func onlyTheNewestStampWaitsForAPeerThatIsSlow() async throws {
    let server = try await RawHTTPServer(answer: NotifierTests.empty, isHolding: true)
    let loop = Support.group.next()
    let (notifier, _) = make(loop: loop)
    for generation in [1, 3, 2] as [UInt64] {
      notifier.post(Stamp(generation: generation, value: 0), to: .member(member, http: server.address))
    }
    // After all three: a loop reads before it runs tasks, so an answer could come before it knows of the last notify.
    try await loop.submit {}.get()
    try await Support.eventually("the first is asked") { server.requests.all.count == 1 }
    server.release()
    try await Support.eventually("both are answered") { notifier.count(of: .delivered) == 2 }
    #expect(server.requests.all.map { $0.text.prefix(16) } == ["POST /notify/0/1", "POST /notify/0/3"])
    await notifier.close()
    try await server.close()
  }

  @Test func aPeerThatStaysSilentIsGivenUp() async throws {
    let server = try await RawHTTPServer(answer: nil)
    let (notifier, events) = make(answer: .milliseconds(50))
    notifier.post(.initial, to: .member(member, http: server.address))
    try await Support.eventually("it is given up") { notifier.count(of: .failed) == 1 }
    #expect(events.all.isEmpty, "silence is no evidence of anything")
    try await Support.eventually("its connection is closed, and costs no file") { server.closed.all == [1] }
    await notifier.close()
    try await server.close()
  }

  @Test func anAnswerOtherThan200IsNoDelivery() async throws {
    let server = try await RawHTTPServer(answer: "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
    let (notifier, events) = make()
    notifier.post(.initial, to: .member(member, http: server.address))
    try await Support.eventually("it is counted") { notifier.count(of: .rejected) == 1 }
    #expect(events.all.isEmpty)
    await notifier.close()
    try await server.close()
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + String(repeating: "x", count: 99999),
    "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 99999) + "\r\n\r\n",
  ])
  func anAnswerThatIsNoneOrTooLongIsAFailure(answer: String) async throws {
    let server = try await RawHTTPServer(answer: answer)
    let (notifier, events) = make()
    notifier.post(.initial, to: .member(member, http: server.address))
    try await Support.eventually("it is counted") { notifier.count(of: .failed) == 1 }
    #expect(events.all.isEmpty)
    await notifier.close()
    try await server.close()
  }

  @Test func anExtraPeerIsFoundByNameAndReportsNothing() async throws {
    let server = try await RawHTTPServer(answer: NotifierTests.empty)
    let (notifier, events) = make(peers: ["localhost:\(server.address.port)", "no-such-host.invalid"])
    notifier.post(Stamp(generation: 1, value: 2), to: .peer(0))
    notifier.post(Stamp(generation: 1, value: 2), to: .peer(9))
    try await Support.eventually("both are decided") {
      notifier.count(of: .delivered) == 1 && notifier.count(of: .failed) == 1
    }
    #expect(server.requests.all[0].text.hasPrefix("POST /notify/2/1?notifier=n1 HTTP/1.1\r\n"))
    #expect(events.all.isEmpty)
    await notifier.close()
    try await server.close()
  }

  @Test func aPeerIsAskedAtItsNextAddressIfNobodyListensAtTheFirst() async throws {
    let gone = try await RawHTTPServer(answer: nil, host: Support.ownLoopback(5).host)
    try await gone.close()
    let server = try await RawHTTPServer(answer: NotifierTests.empty)
    let loop = Support.group.next()
    var times = Notifier.Times()
    (times.connect, times.answer) = (.seconds(60), .seconds(60))
    let status = try await NotifyConnection.open([gone.address, server.address], on: loop, times: times)
      .flatMap { connection in connection.post("/notify/2/1").always { _ in connection.close() } }
      .get()
    #expect(status == 200)
    try await server.close()
  }

  @Test func membersAreNotKeptWaitingByPeersNorTakenBeyondTheLimit() async throws {
    let silent = try await RawHTTPServer(answer: nil)
    let (notifier, _) = make(peers: (0..<64).map { _ in "\(silent.address)" })
    for index in 0..<64 { notifier.post(.initial, to: .peer(index)) }
    for index in 0..<65 {
      let other = Address(ipv4: 0x0A00_0100 + UInt32(index), port: 7946)
      notifier.post(.initial, to: .member(other, http: silent.address))
    }
    try await Support.eventually("one member is too many") { notifier.count(of: .dropped) > 0 }
    #expect(notifier.count(of: .dropped) == 1)
    await notifier.close()
    try await silent.close()
  }

  @Test func aMemberThatMovesToAnotherPortIsToldThere() async throws {
    let old = try await RawHTTPServer(answer: NotifierTests.empty)
    let new = try await RawHTTPServer(answer: NotifierTests.empty)
    let (notifier, _) = make()
    notifier.post(.initial, to: .member(member, http: old.address))
    try await Support.eventually("it is told") { notifier.count(of: .delivered) == 1 }
    notifier.post(.initial, to: .member(member, http: new.address))
    try await Support.eventually("it is told") { notifier.count(of: .delivered) == 2 }
    #expect(new.requests.all.count == 1)
    await notifier.close()
    try await old.close()
    try await new.close()
  }

  @Test func `a member that moves while its old port is asked is told at the new one`() async throws {
    let old = try await RawHTTPServer(answer: NotifierTests.empty, isHolding: true)
    let new = try await RawHTTPServer(answer: NotifierTests.empty)
    let loop = Support.group.next()
    let (notifier, _) = make(loop: loop)
    notifier.post(Stamp(generation: 1, value: 0), to: .member(member, http: old.address))
    notifier.post(Stamp(generation: 2, value: 0), to: .member(member, http: new.address))
    // After both: a loop reads before it runs tasks, so an answer could come before it knows of the second notify.
    try await loop.submit {}.get()
    try await Support.eventually("the old port is asked") { old.requests.all.count == 1 }
    old.release()
    try await Support.eventually("both are answered") { notifier.count(of: .delivered) == 2 }
    #expect(new.requests.all.map { $0.text.prefix(16) } == ["POST /notify/0/2"])
    #expect(old.requests.all.count == 1)
    await notifier.close()
    try await old.close()
    try await new.close()
  }
}
