// One client's connection: bytes in, requests one after another, answers out in the same order.
//
// It stands before and behind NIO's decoder. Bytes wait here until a head is whole (see `HeadScanner`); the decoder
// gets that head alone, and the next one only when this one is answered. So pipelined answers need no reordering, a GET
// sent behind a SET sees what it wrote, and what a client that pipelines without reading can make us hold is one read
// buffer and one socket's worth of answers. Rejected: a queue of answers completed in any order, which answers requests
// before those in front of them have happened; and NIO's pipelining handler, which cannot take prebuilt bytes.

import Gossip
import NIOCore
import NIOHTTP1

/// The state of one connection. Used on its loop only.
final class HTTPConnection {
  /// What the connection is doing.
  private enum Phase {
    /// Awaits a head, or the rest of one. Can move to: body, answering, closing.
    case head
    /// Skips the body of the request that is being planned, of which so many bytes may still come. Can move to:
    /// answering, closing.
    case body(RequestPlan, room: Int)
    /// The node is asked. Can move to: head, closing.
    case answering(RequestPlan)
    /// The last answer is written; what comes in is thrown away until the client closes. Can move to: nothing.
    case closing(isFlushed: Bool)
  }

  private let backend: any Backend
  private let limits: HTTPLimits
  private let counts: RequestCounts
  private let sweeper: ConnectionSweep
  private var context: ChannelHandlerContext?
  private var admission = RequestCounts.Admission.dropped

  private var phase = Phase.head
  private var scanner: HeadScanner
  /// What came and is not used yet, from the start of a request or within its body.
  private var input = ByteBuffer()
  /// The client has said all that it will.
  private var inputEnded = false
  /// A read that was asked for while we did not want one.
  private var isReadHeld = false
  private var needsFlush = false
  /// `advance` is on the stack: what it called back need not call it.
  private var isAdvancing = false

  /// What the decoder said since it was given the last bytes.
  private var decodedHead: HTTPRequestHead?
  private var hasDecodedEnd = false
  private var hasDecodedTooMuch = false

  /// The head last decoded that had no body, and what it meant. A client that keeps its connection mostly sends the same
  /// bytes again, and the same bytes mean the same: comparing them is a twentieth of decoding them.
  private var known: (head: ByteBuffer, plan: RequestPlan)?
  /// Longer heads are not kept: with the limit of connections this bounds what they take to 512 KiB.
  private static let longestKnownHead = 512

  /// The sweep at which the request in hand began to come; nil between requests.
  private var requestBegan: Int?
  /// The last sweep before something moved.
  private var lastMoved = 0

  init(backend: any Backend, limits: HTTPLimits, counts: RequestCounts, sweep: ConnectionSweep) {
    self.backend = backend
    self.limits = limits
    self.counts = counts
    sweeper = sweep
    scanner = HeadScanner(limits: limits)
  }

  /// Puts the connection and the decoder between its two sides into a channel's pipeline.
  func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderListSize = limits.requestLine + limits.fields
    decoderLimits.maxHeaderFieldCount = limits.fieldCount
    try pipeline.addHandlers([
      ConnectionBytes(self),
      ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits)),
      ConnectionParts(self),
    ])
  }

  /// Completes when the channel is closed.
  var closed: EventLoopFuture<Void>? { context?.channel.closeFuture }

  // MARK: What the channel says

  func opened(_ context: ChannelHandlerContext) {
    self.context = context
    sweeper.add(self)
    lastMoved = sweeper.tick
    admission = counts.admit(limits)
    switch admission {
    case .admitted: if sweeper.isDraining { drain() }
    case .refused:
      refuse(.unavailable, "This node has \(limits.connections) connections open, which is its limit.", retryAfter: 1)
    case .dropped: context.close(promise: nil)
    }
  }

  func ended() {
    guard context != nil else { return }
    context = nil
    sweeper.remove(self)
    counts.release(admission)
  }

  func received(_ bytes: consuming ByteBuffer) {
    if case .closing = phase { return }
    lastMoved = sweeper.tick
    if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
    advance()
  }

  func readCompleted() { settle() }

  func inputDidEnd() {
    inputEnded = true
    settle()
  }

  func writabilityChanged() {
    lastMoved = sweeper.tick
    advance()
    settle()
  }

  /// Whether to read from the socket now. Not while earlier bytes wait for the node or for the client to read.
  func mayRead() -> Bool {
    guard let context else { return true }
    if case .closing = phase { return true }
    let isWaiting = input.readableBytes > 0 && !isReceiving || !context.channel.isWritable
    isReadHeld = isWaiting
    return !isWaiting
  }

  // MARK: What the decoder says

  func decoded(_ part: HTTPServerRequestPart) {
    switch part {
    case .head(let head):
      hasDecodedTooMuch = decodedHead != nil || hasDecodedEnd
      decodedHead = head
    case .body: break
    case .end: hasDecodedEnd = true
    }
  }

  func failed(_ error: any Error) {
    guard let error = error as? HTTPParserError else {
      // The socket failed: there is nobody to tell.
      context?.close(promise: nil)
      return
    }
    switch error {
    case .invalidVersion: refuse(.versionNotSupported, "This server speaks HTTP/1.1 and HTTP/1.0.")
    case .headerOverflow: refuse(.fieldsTooLarge, "A request has at most \(limits.fieldCount) fields.")
    case .invalidEOFState: break
    default: refuse(.badRequest, "This is no HTTP request: \(error).")
    }
  }

  // MARK: What time says

  /// One more second is over.
  func sweep() {
    guard let context else { return }
    let quiet = sweeper.tick - lastMoved
    switch phase {
    case .head, .body:
      if let requestBegan, sweeper.tick - requestBegan >= limits.requestSeconds {
        refuse(.requestTimeout, "The request did not come whole within \(limits.requestSeconds) seconds.")
        settle()
      } else if quiet >= limits.idleSeconds {
        context.close(promise: nil)
      }
    case .answering: break
    case .closing(let isFlushed):
      if quiet >= (isFlushed ? limits.lingerSeconds : limits.idleSeconds) { context.close(promise: nil) }
    }
  }

  /// The server stops: a connection without a request ends now, the others with their answer.
  func drain() {
    guard case .head = phase, input.readableBytes == 0 else { return }
    closeAfterWrites()
    settle()
  }

  func abort() { context?.close(promise: nil) }

  // MARK: Requests

  /// Whether what comes in can be used at once.
  private var isReceiving: Bool {
    switch phase {
    case .head, .body: true
    case .answering, .closing: false
    }
  }

  /// Goes through what has come, request by request, until something is awaited.
  private func advance() {
    isAdvancing = true
    defer { isAdvancing = false }
    while let context, input.readableBytes > 0, context.channel.isWritable {
      let before = input.readableBytes
      switch phase {
      case .head: takeHead()
      case .body(let plan, let room): takeBody(plan, room: room)
      case .answering, .closing: return
      }
      // An incomplete head stays where it is.
      if input.readableBytes == before { return }
    }
    // Reading buffers are reused by the channel when nobody else holds them.
    if input.readableBytes == 0 { input = ByteBuffer() }
  }

  /// Flushes what was written, ends what is to end, and reads on: after everything that may have changed these.
  private func settle() {
    guard let context else { return }
    if needsFlush {
      needsFlush = false
      context.flush()
    }
    if inputEnded, context.channel.isWritable {
      switch phase {
      case .head, .body: closeAfterWrites()
      case .answering: break
      case .closing(let isFlushed): if isFlushed { context.close(promise: nil) }
      }
    }
    if isReadHeld, mayRead() { context.read() }
  }

  private func takeHead() {
    if let known, scanner.scanned == 0, input.readableBytes >= known.head.readableBytes,
      input.getSlice(at: input.readerIndex, length: known.head.readableBytes) == known.head
    {
      input.moveReaderIndex(forwardBy: known.head.readableBytes)
      return begin(known.plan)
    }
    switch scanner.scan(input.readableBytesUInt8Span) {
    case .incomplete:
      if requestBegan == nil { requestBegan = sweeper.tick }
    case .complete(let length):
      scanner.reset()
      if requestBegan == nil { requestBegan = sweeper.tick }
      if let head = input.readSlice(length: length) { decode(head) }
    case .lineTooLong: refuse(.targetTooLong, "A request line has at most \(limits.requestLine) bytes.")
    case .fieldsTooLong: refuse(.fieldsTooLarge, "The fields of a request have at most \(limits.fields) bytes.")
    case .malformed: refuse(.badRequest, "This is no HTTP request.")
    }
  }

  private func decode(_ bytes: ByteBuffer) {
    decodedHead = nil
    hasDecodedEnd = false
    hasDecodedTooMuch = false
    context?.fireChannelRead(NIOAny(bytes))
    guard case .head = phase else { return }
    guard let head = decodedHead, !hasDecodedTooMuch else {
      return refuse(.badRequest, "The lines of a request end in CR and LF.")
    }
    let plan = RequestPlan(head)
    // Once such a plan is known the decoder stands between two requests whenever a head is awaited.
    if hasDecodedEnd, plan.persistence != .close, bytes.readableBytes <= HTTPConnection.longestKnownHead {
      known = (ByteBuffer(bytes: bytes.readableBytesView), plan)
    }
    begin(plan)
  }

  /// Starts on a request whose head is known: skips its body first, if it has one.
  private func begin(_ plan: RequestPlan) {
    switch plan.framing {
    case .none: return answer(plan)
    case .length(let length):
      guard length <= limits.body else { return refuseBody() }
      phase = .body(plan, room: length)
    case .chunked:
      phase = .body(plan, room: limits.body)
    }
    if hasDecodedEnd { return answer(plan) }
    if plan.awaitsContinue, input.readableBytes == 0 { write(HTTPConnection.goOn) }
  }

  /// Lets the decoder see the body, which it alone knows the end of, and nothing behind it when its length is known.
  private func takeBody(_ plan: RequestPlan, room: Int) {
    let length = min(room, input.readableBytes)
    guard length > 0, let bytes = input.readSlice(length: length) else { return refuseBody() }
    phase = .body(plan, room: room - length)
    context?.fireChannelRead(NIOAny(bytes))
    guard case .body = phase else { return }
    if hasDecodedEnd {
      answer(plan)
    } else if room == length {
      refuseBody()
    }
  }

  private func refuseBody() {
    refuse(.contentTooLarge, "A body has at most \(limits.body) bytes, and none is needed.")
  }

  private func answer(_ plan: RequestPlan) {
    requestBegan = nil
    if plan.isPlainGet, !sweeper.isDraining, !inputEnded {
      counts.count(.get, .ok)
      phase = .head
      return write(backend.published.response)
    }
    phase = .answering(plan)
    switch plan.outcome {
    case .failure(let refusal): finish(HTTPAnswer(refusal), route: refusal.route)
    case .success(let request):
      switch request.command {
      case .set(let value):
        backend.set(value, completion: whenAnswered(.set) { Responder.set(value, $0, form: request.form) })
      case .notify(let stamp, let notifier):
        backend.notify(
          stamp, by: notifier,
          completion: whenAnswered(.notify) { Responder.notify(stamp, $0, form: request.form) })
      case .get, .members, .livez, .readyz, .metrics:
        let answer = Responder.read(request, from: backend, knownTags: plan.knownTags, counts: counts)
        finish(answer, route: request.command.route)
      }
    }
  }

  /// What the backend calls, from any thread, at once or later.
  private func whenAnswered(
    _ route: Route, _ words: @escaping @Sendable (Answer) -> HTTPAnswer
  ) -> @Sendable (Answer) -> Void {
    guard let loop = context?.eventLoop else { return { _ in } }
    let bound = NIOLoopBound(self, eventLoop: loop)
    return { answer in
      if loop.inEventLoop {
        bound.value.finish(words(answer), route: route)
      } else {
        loop.execute { bound.value.finish(words(answer), route: route) }
      }
    }
  }

  // MARK: Answers

  private func finish(_ answer: HTTPAnswer, route: Route) {
    guard context != nil, case .answering(let plan) = phase else { return }
    lastMoved = sweeper.tick
    counts.count(route, answer.status)
    let persistence = sweeper.isDraining || inputEnded && input.readableBytes == 0 ? .close : plan.persistence
    phase = .head
    write(answer.serialized(persistence, isHead: plan.isHead))
    if persistence == .close { closeAfterWrites() }
    // What came behind this request has waited for its answer.
    guard !isAdvancing else { return }
    advance()
    settle()
  }

  /// Refuses what cannot be answered as a request, and closes: where the next request would begin is not known.
  private func refuse(_ status: HTTPStatus, _ sentence: String, retryAfter: Int? = nil) {
    if case .closing = phase { return }
    counts.count(.other, status)
    let refusal = HTTPRefusal(status, sentence, retryAfter: retryAfter)
    write(HTTPAnswer(refusal).serialized(.close))
    closeAfterWrites()
  }

  private func write(_ bytes: ByteBuffer) {
    needsFlush = true
    context?.write(NIOAny(bytes), promise: nil)
  }

  /// Says goodbye behind the last answer: our side is closed when it is written, theirs when the client closes or after
  /// a moment (see `HTTPLimits.lingerSeconds`).
  private func closeAfterWrites() {
    guard let context else { return }
    phase = .closing(isFlushed: false)
    input = ByteBuffer()
    lastMoved = sweeper.tick
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in self.lastAnswerWritten() }
    // Of no bytes: it completes after all writes before it.
    context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
  }

  private func lastAnswerWritten() {
    guard let context else { return }
    lastMoved = sweeper.tick
    phase = .closing(isFlushed: true)
    if inputEnded { context.close(promise: nil) } else { context.close(mode: .output, promise: nil) }
  }

  /// What a client waits for that asks before it sends a body.
  private static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
}
