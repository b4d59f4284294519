// Feeds a client's bytes into the pipeline of a real connection, with a real node behind it but without a socket.
//
// The strongest rule needs no understanding of HTTP: however the network cuts the same bytes into pieces, the answers
// are the same. A decoder and a scanner that disagree about where a request ends would break it. And the fast path must
// answer as the decoder would, so each input goes both ways.

import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded

@testable import Agent
@testable import Gossip

/// The first byte decides how the others are cut; the others are what the client sends.
func fuzzHTTP(_ bytes: [UInt8]) throws(BrokenRule) {
  guard let first = bytes.first else { return }
  let stream = bytes.dropFirst()
  let whole = try Client.answers(to: stream, cut: nil)
  try checkAnswers(whole)
  let cut = try Client.answers(to: stream, cut: first)
  try expect(
    Client.finals(whole) == Client.finals(cut),
    "in pieces: \(Client.shown(cut)) and at once: \(Client.shown(whole))")
  let decoded = try Client.answers(to: stream, cut: nil, usesFastPath: false)
  try expect(
    decoded == whole, "all decoded: \(Client.shown(decoded)) and the fast path taken: \(Client.shown(whole))")
}

private enum Client {
  /// All answers to a client that sends these bytes and nothing more.
  static func answers(
    to stream: ArraySlice<UInt8>, cut: UInt8?, usesFastPath: Bool = true
  ) throws(BrokenRule) -> [UInt8] {
    do {
      return try converse(stream, cut: cut, usesFastPath: usesFastPath)
    } catch let error as BrokenRule {
      throw error
    } catch {
      throw BrokenRule("the pipeline threw \(error)")
    }
  }

  private static func converse(
    _ stream: ArraySlice<UInt8>, cut: UInt8?, usesFastPath: Bool
  ) throws -> [UInt8] {
    let channel = EmbeddedChannel()
    let table = ConnectionTable()
    var limits = HTTPLimits()
    // Small enough for the fuzzer to reach them.
    limits.requestLine = 256
    limits.fields = 512
    limits.body = 128
    limits.fieldCount = 8
    let connection = HTTPConnection(
      backend: NodeBackend(), limits: limits, counts: RequestCounts(), table: table, usesFastPath: usesFastPath)
    try connection.install(in: channel.pipeline.syncOperations)
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    var rest = stream
    var size = cut.map { Int($0 & 15) + 1 } ?? max(stream.count, 1)
    while !rest.isEmpty, channel.isActive {
      try channel.writeInbound(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
      // Pieces change in size, or the cuts would always hit the same places of lines of equal length.
      if let cut { size = (size &* 5 &+ Int(cut >> 4)) % 23 + 1 }
      // Some turns come between two pieces, and some after the last.
      if cut != nil { channel.embeddedEventLoop.advanceTime(by: .nanoseconds(TurnQueue.pause.nanoseconds / 2)) }
    }
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    // The loop's clock and the sweep's advance together, as in a process: within a second everybody gets a turn.
    for _ in 0..<limits.idleSeconds + limits.lingerSeconds + 1 where channel.isActive {
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
      table.sweep()
    }
    channel.embeddedEventLoop.run()
    try expect(!channel.isActive, "a client that said all it will is kept for ever")
    var answers: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { answers += buffer.readableBytesView }
    return answers
  }

  /// The answers without interim ones: whether the server asks for a body depends on whether it is there already.
  static func finals(_ answers: [UInt8]) -> [UInt8] {
    let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    var finals: [UInt8] = []
    var rest = answers[...]
    while let byte = rest.first {
      if rest.starts(with: interim) {
        rest = rest.dropFirst(interim.count)
      } else {
        finals.append(byte)
        rest = rest.dropFirst()
      }
    }
    return finals
  }

  static func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).debugDescription }
}

// MARK: The form of answers

/// There is nothing but complete answers: with a status and fields of ours, and a body of the announced length.
private func checkAnswers(_ answers: [UInt8]) throws(BrokenRule) {
  var rest = answers[...]
  while !rest.isEmpty {
    guard let head = AnswerHead(&rest) else { throw BrokenRule("no answer begins with \(Client.shown(Array(rest)))") }
    let isBodyless = rest.isEmpty || rest.starts(with: AnswerHead.start)
    guard head.length > 0, !isBodyless else { continue }
    try expect(rest.count >= head.length, "\(rest.count) bytes of \(head.length)")
    let body = rest.prefix(head.length)
    try expect(body.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "control characters in \(Client.shown(Array(body)))")
    rest = rest.dropFirst(head.length)
  }
}

private struct AnswerHead {
  static let start = Array("HTTP/1.1 ".utf8)
  private static let statuses = Set(HTTPStatus.allCases.map { "\($0.rawValue) \($0.reason)" } + ["100 Continue"])
  private static let fields: Set<Substring> = [
    "Content-Type", "Content-Length", "ETag", "Cache-Control", "Connection", "Allow", "Retry-After",
  ]
  var length = 0

  /// Takes a head off the front; nil if something else is there.
  init?(_ bytes: inout ArraySlice<UInt8>) {
    guard bytes.starts(with: AnswerHead.start), let first = AnswerHead.line(&bytes),
      AnswerHead.statuses.contains(String(first.dropFirst(AnswerHead.start.count)))
    else { return nil }
    while let line = AnswerHead.line(&bytes) {
      if line.isEmpty { return }
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, AnswerHead.fields.contains(parts[0]) else { return nil }
      if parts[0] == "Content-Length" { length = Int(parts[1].dropFirst()) ?? 0 }
    }
    return nil
  }

  private static func line(_ bytes: inout ArraySlice<UInt8>) -> String? {
    guard let end = bytes.firstIndex(of: 0x0D), bytes[end...].starts(with: [0x0D, 0x0A]) else { return nil }
    defer { bytes = bytes[(end + 2)...] }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}

// MARK: The node behind it

/// A node that is ready, and lists members with names that strangers chose.
private final class NodeBackend: Backend {
  private let node: NIOLockedValueBox<Node>
  private static let now = Now(monotonic: Instant(microseconds: 5_000_000), wall: FuzzInput.wall)
  /// All nodes begin as a copy of this one, because making one costs more than most inputs. Its time advances from
  /// deadline to deadline, because the node would take a longer step for a stall of its process, in which no time
  /// passes for it.
  private static let ready: Node = {
    let start = Now(monotonic: Instant(microseconds: 0), wall: FuzzInput.wall)
    var node = Node(
      identity: Identity(address: FuzzInput.node, name: "n", httpPort: 8080), settings: Settings(), seed: 7,
      key: SecretKey(low: 1, high: 2), now: start)
    while node.nextDeadline < now.monotonic {
      _ = node.handle(.timePassed, at: Now(monotonic: node.nextDeadline, wall: FuzzInput.wall))
    }
    return node
  }()

  init() { node = NIOLockedValueBox(NodeBackend.ready) }

  var published: Stamp { node.withLockedValue(\.stamp) }
  var readiness: ReadinessState { .ready(.first) }

  func set(_ value: Int64, completion: @escaping @Sendable (Answer) -> Void) {
    handle(.setRequested(value, RequestID(1)), completion)
  }

  func notify(_ stamp: Stamp, by notifier: String, completion: @escaping @Sendable (Answer) -> Void) {
    handle(.notified(stamp, by: notifier, RequestID(1)), completion)
  }

  private func handle(_ event: Event, _ completion: (Answer) -> Void) {
    let effects = node.withLockedValue { $0.handle(event, at: NodeBackend.now) }
    for case .answer(_, let answer) in effects { completion(answer) }
  }

  func status() -> StatusSnapshot {
    var status = node.withLockedValue { $0.status(at: NodeBackend.now) }
    var foreign = status.members[0]
    foreign.name = "\"\r\n\u{1B}[2J\\ü\u{2028}"
    status.members.append(foreign)
    return status
  }

  func shellMetrics() -> [ShellMetric] { [] }
}
