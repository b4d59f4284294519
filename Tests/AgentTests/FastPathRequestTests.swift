// The fast path of hot requests, compared with the decoder, which is slower and knows all requests.

import Gossip
import NIOCore
import NIOEmbedded
import Testing

@testable import Agent

@Suite struct FastPathRequestTests {
  private func line(_ text: String) -> FastPathRequest? {
    let bytes = Array(text.utf8)
    guard let (request, length) = FastPathRequest.line(bytes.span) else { return nil }
    #expect(text.utf8.prefix(length).last == UInt8(ascii: "\n"))
    return request
  }

  @Test(arguments: [
    ("GET /get HTTP/1.1\r\n", FastPathRequest.get), ("GET /get HTTP/1.1\r\nHost: a\r\n", .get),
    ("GET /set/5 HTTP/1.1\r\n", .set(5)), ("POST /set/-5 HTTP/1.1\r\n", .set(-5)),
    ("PUT /set/0 HTTP/1.1\r\n", .set(0)), ("GET /set/9223372036854775807 HTTP/1.1\r\n", .set(.max)),
    ("GET /set/-9223372036854775808 HTTP/1.1\r\n", .set(.min)), ("GET /set/007 HTTP/1.1\r\n", .set(7)),
  ])
  func `lines that are known`(text: String, request: FastPathRequest) { #expect(line(text) == request) }

  @Test(arguments: [
    "", "GET", "GET /get HTTP/1.1\r", "GET /get HTTP/1.0\r\n", "GET /get HTTP/1.1\n", "get /get HTTP/1.1\r\n",
    "GET  /get HTTP/1.1\r\n", "GET /get?format=json HTTP/1.1\r\n", "POST /get HTTP/1.1\r\n", "HEAD /get HTTP/1.1\r\n",
    "GET /set/ HTTP/1.1\r\n", "GET /set/- HTTP/1.1\r\n", "GET /set/--5 HTTP/1.1\r\n", "GET /set/5x HTTP/1.1\r\n",
    "GET /set/5", "GET /set/5 HTTP/1.1\r", "GET /set/+5 HTTP/1.1\r\n", "GET /set/5 HTTP/1.0\r\n",
    "GET /set/9223372036854775808 HTTP/1.1\r\n", "GET /set/-9223372036854775809 HTTP/1.1\r\n",
    "GET /set/18446744073709551616 HTTP/1.1\r\n", "GET /set/00000000000000000005 HTTP/1.1\r\n",
    "DELETE /set/5 HTTP/1.1\r\n", "\r\nGET /get HTTP/1.1\r\n",
  ])
  func `lines that are left to the decoder`(text: String) { #expect(line(text) == nil) }

  /// Both must give the same bytes, whatever came before on the connection.
  @Test func `requests of the fast path are answered as the decoder has them answered`() throws {
    var generator = Generator(seed: 11)
    let lines = [
      "GET /get", "GET /get", "GET /set/1", "GET /set/-22", "POST /set/333", "PUT /set/4", "HEAD /get", "POST /get",
      "GET /set/x", "GET /get?format=json", "GET /set/9223372036854775807", "GET /livez",
    ]
    let fields = [
      "Host: a\r\n", "Host: a\r\nAccept: */*\r\n", "Host: a\r\nAccept: application/json\r\n",
      "Host: a\r\nIf-None-Match: *\r\n", "Host: a\r\nContent-Length: 0\r\n", "Host: a\r\nContent-Length: 2\r\n",
      "Host: a\r\nExpect: 100-continue\r\n", "Host: a\r\nConnection: keep-alive\r\n",
    ]
    let rare = ["Host: a\r\nConnection: close\r\n", "", "Host: a\r\nHost: a\r\n", "Host: a\r\nUpgrade: x\r\n"]
    for _ in 0..<500 {
      // Few kinds on each connection, so that a line often comes with the fields of another.
      let ours = (0..<2).map { _ in fields[generator.below(fields.count)] }
      var text = ""
      for _ in 0..<generator.below(14) {
        let field = generator.chance(0.05) ? rare[generator.below(rare.count)] : ours[generator.below(ours.count)]
        text += lines[generator.below(lines.count)] + " HTTP/1.1\r\n" + field + "\r\n"
        if field.contains("Content-Length: 2") { text += "ab" }
      }
      let answers = try [true, false].map { knows in
        try TestConnection(FakeBackend(), usesFastPath: knows).exchange(text)
      }
      #expect(answers[0] == answers[1], "\(text)")
    }
  }

  /// This counts what reaches the decoder: fields that it has judged once are not decoded again, whatever the value.
  @Test func `the decoder sees the first request of the fast path on a connection and no other`() throws {
    for (knows, expected) in [(true, 1), (false, 7)] {
      let connection = try TestConnection(FakeBackend(), usesFastPath: knows)
      let decoded = DecodedHeads()
      let decoder = try connection.channel.pipeline.syncOperations.context(handlerType: ConnectionBytes.self)
      try connection.channel.pipeline.syncOperations.addHandler(decoded, position: .after(decoder.handler))
      for path in ["GET /get", "GET /set/1", "POST /set/2", "PUT /set/3", "GET /get", "GET /set/-4", "GET /get"] {
        #expect(statuses(try connection.exchange(request(path))) == [200])
      }
      #expect(decoded.count == expected)
    }
  }

  /// Sits where the decoder is fed.
  private final class DecodedHeads: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    var count = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      count += 1
      context.fireChannelRead(data)
    }
  }
}
