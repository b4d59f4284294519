// Fakes for a node and for a client's socket.

import Gossip
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import Testing

@testable import Agent
@testable import Gossip

/// A node that does what it is asked, at once or when told.
final class FakeBackend: Backend {
  struct State {
    var stamp = Stamp.initial
    var readiness = ReadinessState.ready(.first)
    /// The answer to writes and notifies, if they are not to be accepted.
    var answer: Answer?
    var isHolding = false
    var held: [@Sendable () -> Void] = []
    var notified: [(Stamp, String)] = []
    var members: [MemberView] = []
    var shell: [ShellMetric] = []
    var losses: [LostWrite] = []
    var addressProblem: RefusedAddress?
  }

  let state = NIOLockedValueBox(State())

  var published: Stamp { state.withLockedValue { $0.stamp } }

  var readiness: ReadinessState { state.withLockedValue { $0.readiness } }

  func set(_ value: Int64, completion: @escaping @Sendable (Answer) -> Void) {
    whenReleased {
      let answer = self.state.withLockedValue { state in
        if let answer = state.answer { return answer }
        state.stamp = Stamp(generation: state.stamp.generation + 1, value: value)
        return .accepted(state.stamp)
      }
      completion(answer)
    }
  }

  func notify(_ stamp: Stamp, by notifier: String, completion: @escaping @Sendable (Answer) -> Void) {
    whenReleased {
      let answer = self.state.withLockedValue { state in
        state.notified.append((stamp, notifier))
        if let answer = state.answer { return answer }
        state.stamp = max(state.stamp, stamp)
        return .accepted(state.stamp)
      }
      completion(answer)
    }
  }

  func status() -> StatusSnapshot {
    let now = state.withLockedValue { $0 }
    var convergence = ConvergenceCount()
    for member in now.members {
      switch member.convergence {
      case .current: convergence.current += 1
      case .behind: convergence.behind += 1
      case .unheard: convergence.unheard += 1
      case nil: break
      }
    }
    return StatusSnapshot(
      stamp: now.stamp, readiness: .first, addressProblem: now.addressProblem, isLeaving: false, members: now.members,
      convergence: convergence, sets: 7,
      lostWrites: UInt64(now.losses.count), recentLosses: now.losses, clocksAhead: 0, retractions: 0, localHealth: 2,
      counters: Counters())
  }

  func shellMetrics() -> [ShellMetric] { state.withLockedValue { $0.shell } }

  /// Answers the held writes, in order.
  func release() {
    let held = state.withLockedValue { state in
      defer { state.held = [] }
      return state.held
    }
    for action in held { action() }
  }

  private func whenReleased(_ action: @escaping @Sendable () -> Void) {
    let isHeld = state.withLockedValue { state in
      if state.isHolding { state.held.append(action) }
      return state.isHolding
    }
    if !isHeld { action() }
  }

  static func member(_ name: String, _ last: UInt32, status: MemberStatus = .alive, isSelf: Bool = false) -> MemberView
  {
    MemberView(
      name: name, address: Address(ipv4: 0x0A00_0000 + last, port: 7946), httpPort: 8080, status: status,
      incarnation: 1_795_219_200_000_000, stamp: Stamp(generation: 3, value: -5), lastHeard: .milliseconds(250),
      roundTrip: .microseconds(1204), convergence: isSelf ? nil : .current, isSelf: isSelf)
  }
}

/// The server's side of one connection, without a socket.
struct TestConnection {
  let channel: EmbeddedChannel
  let table: ConnectionTable
  let pipelineCounts: EventCounts

  init(
    _ backend: any Backend, limits: HTTPLimits = HTTPLimits(), counts: RequestCounts = RequestCounts(),
    table: ConnectionTable = ConnectionTable(), loop: EmbeddedEventLoop = EmbeddedEventLoop(),
    takesLittle: Bool = false, usesFastPath: Bool = true
  ) throws {
    channel = EmbeddedChannel(loop: loop)
    self.table = table
    pipelineCounts = EventCounts(takesLittle ? channel : nil)
    let connection = HTTPConnection(
      backend: backend, limits: limits, counts: counts, table: table, usesFastPath: usesFastPath)
    try channel.pipeline.syncOperations.addHandler(pipelineCounts)
    try connection.install(in: channel.pipeline.syncOperations)
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  }

  /// The client sends bytes.
  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

  /// The answers since the last call.
  func answers() throws -> String {
    var text = ""
    while var buffer = try channel.readOutbound(as: ByteBuffer.self) {
      text += buffer.readString(length: buffer.readableBytes) ?? ""
    }
    return text
  }

  func exchange(_ text: String) throws -> String {
    try send(text)
    return try answers()
  }

  /// So many seconds pass.
  func wait(seconds: Int) {
    for _ in 0..<seconds { table.sweep() }
  }

  var isOpen: Bool { channel.isActive }

  /// Flushes and reads that reach the socket. The socket may act full after each write and empty after each flush.
  final class EventCounts: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    var flushes = 0
    var reads = 0
    private let filled: EmbeddedChannel?

    init(_ filled: EmbeddedChannel?) { self.filled = filled }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      context.write(data, promise: promise)
      turn(context, isWritable: false)
    }

    func flush(context: ChannelHandlerContext) {
      flushes += 1
      context.flush()
      turn(context, isWritable: true)
    }

    private func turn(_ context: ChannelHandlerContext, isWritable: Bool) {
      guard let filled, filled.isWritable != isWritable else { return }
      filled.isWritable = isWritable
      context.fireChannelWritabilityChanged()
    }

    func read(context: ChannelHandlerContext) {
      reads += 1
      context.read()
    }
  }
}

/// A request with a Host field, as clients send it.
func request(_ line: String, _ fields: String..., body: String = "") -> String {
  "\(line) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
}

/// The status codes of the answers in this text, in order.
func statuses(_ text: String) -> [Int] {
  text.split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
}

/// The text behind the empty line of the first answer.
func body(_ text: String) -> String {
  guard let end = text.range(of: "\r\n\r\n") else { return "" }
  return String(text[end.upperBound...])
}

extension String {
  /// The first position of a text in this one.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    ranges(of: text).first
  }
}
