// One client's connection: requests one after another, and answers in the same order.
//
// The next request waits until the one before it is answered. So pipelined answers need no reordering, a GET behind a
// SET sees what that wrote, and a client that pipelines without reading makes us hold only one read buffer and one
// socket's worth of answers. Rejected: a queue of answers that complete in any order, in which a request is answered
// before those in front of it have happened; and NIO's pipelining handler, which cannot take prebuilt bytes.

import Gossip
import NIOCore
import NIOHTTP1

/// The state of one connection. Used only on its loop.
final class HTTPConnection {
  /// What the connection is doing.
  private enum Phase {
    /// Awaits a request, or the rest of one. Can move to: answering, closing.
    case reading
    /// Waits for the node. Can move to: reading, closing.
    case answering(ParsedRequest)
    /// The last answer is written, and input is thrown away until the client closes. Can move to: nothing.
    case closing(isFlushed: Bool)
  }

  let limits: HTTPLimits
  private let backend: any Backend
  private let counts: RequestCounts
  private let table: ConnectionTable
  /// The table's own, a step nearer: both are needed for each request.
  private let (clock, prepared): (SweepClock, PreparedAnswer)
  private let reader: RequestReader
  private let output = ConnectionOutput()
  private var context: ChannelHandlerContext?
  private var admission = RequestCounts.Admission.dropped
  private var phase = Phase.reading

  /// The client has sent everything that it will.
  private var inputEnded = false
  /// The next read has not been requested yet.
  private var isReadDue = false
  /// `advance` is on the stack, so code that it calls need not call it.
  private var isAdvancing = false
  /// The input may hold complete requests that have not been handled yet.
  private var hasMore = false
  /// The turn is over, and the connection waits for the next one.
  private var isResting = false

  /// The sweep at which the current request began to arrive; nil between requests.
  private var requestBegan: Int?
  /// The sweep after which something last happened.
  private var lastMoved = 0

  /// - Parameter usesFastPath: whether to recognise some requests by their bytes. It changes only how fast they are answered,
  ///   which tests check by turning it off.
  init(
    backend: any Backend, limits: HTTPLimits, counts: RequestCounts, table: ConnectionTable,
    usesFastPath: Bool = true
  ) {
    (self.backend, self.limits, self.counts, self.table) = (backend, limits, counts, table)
    (clock, prepared) = (table.clock, table.prepared)
    reader = RequestReader(limits: limits, usesFastPath: usesFastPath)
  }

  /// Completes when the channel is closed.
  var closed: EventLoopFuture<Void>? { context?.channel.closeFuture }

  // MARK: What the channel says

  func opened(_ context: ChannelHandlerContext) {
    self.context = context
    table.add(self)
    output.open(context)
    lastMoved = clock.tick
    admission = counts.admit(limits)
    switch admission {
    case .admitted: if table.isDraining { drain() }
    case .refused: refuse(limits.tooManyConnections)
    case .dropped: context.close(promise: nil)
    }
    readDidComplete()
  }

  func ended() {
    guard context != nil else { return }
    context = nil
    output.close()
    table.remove(self)
    counts.release(admission)
  }

  func received(_ bytes: consuming ByteBuffer) {
    if case .closing = phase { return }
    lastMoved = clock.tick
    reader.takeIn(bytes)
    advance()
  }

  /// Everything from one read has been received.
  func readDidComplete() {
    isReadDue = true
    settle()
  }

  func inputDidEnd() {
    inputEnded = true
    settle()
  }

  func writabilityChanged() {
    lastMoved = clock.tick
    if let context { output.writabilityChanged(context) }
    // We stopped it ourselves, within a turn that would otherwise go on while the kernel takes answers, for megabytes.
    guard !output.isFlushing, !isAdvancing else { return }
    advance()
    settle()
  }

  /// Whether to read from the socket now. Not while earlier bytes wait for the node or for the client to read.
  private var mayRead: Bool {
    switch phase {
    case .reading: !isResting && output.isWritable
    case .answering: !reader.hasBytes && output.isWritable
    case .closing: true
    }
  }

  // MARK: What the decoder says

  func decoded(_ part: HTTPServerRequestPart) { reader.take(part) }

  func failed(_ error: any Error) {
    if let error = error as? HTTPParserError {
      reader.fail(error)
    } else {
      // The socket failed, so there is nobody to tell.
      abort()
    }
  }

  // MARK: What the sweep says

  /// Another second has passed.
  func sweep() {
    let quiet = clock.tick - lastMoved
    switch phase {
    // A client that waits for its turn is not silent; we are late. With a thousand clients that all ask for pages about
    // all members, a turn can be a minute away.
    case .reading where isResting: break
    case .reading:
      if let requestBegan, clock.tick - requestBegan >= limits.requestSeconds {
        refuse(limits.tooSlow)
      } else if quiet >= limits.idleSeconds {
        abort()
      }
    case .answering: break
    case .closing(let isFlushed):
      if quiet >= (isFlushed ? limits.lingerSeconds : limits.idleSeconds) { abort() }
    }
  }

  /// The server stops. A connection without a request ends now, the others after their answer.
  func drain() {
    if case .reading = phase, reader.isBetweenRequests { closeAfterWrites() }
  }

  /// Its next turn has come.
  func resume() {
    isResting = false
    lastMoved = clock.tick
    advance()
    settle()
  }

  func abort() { context?.close(promise: nil) }

  // MARK: Requests

  /// Handles the input, request by request, until it must wait or the turn is over.
  private func advance() {
    guard !isResting else { return }
    isAdvancing = true
    defer { isAdvancing = false }
    var room = limits.requestsPerTurn
    hasMore = true
    while room > 0, case .reading = phase, let context, output.isWritable {
      guard !reader.isBetweenRequests else { return hasMore = false }
      switch reader.next(decode: { context.fireChannelRead(NIOAny($0)) }) {
      case .incomplete:
        if requestBegan == nil, !reader.isBetweenRequests { requestBegan = clock.tick }
        hasMore = false
        return
      case .fastPath(let request):
        room -= 1
        answer(request)
      case .awaitsContinue: output.write(ConnectionOutput.goOn, context)
      case .request(let request):
        // A page about all members takes as long as many plain answers.
        room = request.isPage ? 0 : room - 1
        answer(request)
      case .refused(let httpError): refuse(httpError)
      }
    }
  }

  /// Flushes what was written, ends what must end, and reads on. Called after everything that may have changed these.
  func settle() {
    guard let context else { return }
    output.flush(context)
    if hasMore, !isResting, reader.hasBytes, output.isWritable, case .reading = phase {
      isResting = true
      table.turns.enqueue(self, on: context.eventLoop)
    }
    // Input that is not answered by now will never be complete.
    if inputEnded, !isResting, output.isWritable, case .reading = phase { closeAfterWrites() }
    if inputEnded, case .closing(isFlushed: true) = phase { abort() }
    guard isReadDue, mayRead, self.context != nil else { return }
    isReadDue = false
    context.read()
  }

  /// Answers a `GET` of the value, whose answer is already made, or any other request.
  private func answer(_ request: FastPathRequest) {
    guard request == .get, !table.isDraining else { return carryOut(ParsedRequest(request)) }
    send(prepared.bytes(for: backend.published), .get, .ok, .keep)
  }

  private func answer(_ request: ParsedRequest) {
    if request == .plainGet, !table.isDraining { return answer(FastPathRequest.get) }
    carryOut(request)
  }

  private func carryOut(_ request: ParsedRequest) {
    phase = .answering(request)
    switch request.outcome {
    case .failure(let httpError): finish(HTTPAnswer(httpError), route: httpError.route)
    case .success(let routed): ask(routed, knownTags: request.knownTags)
    }
  }

  /// Asks the node, which may answer at once or later, from any thread.
  private func ask(_ request: RoutedRequest, knownTags: String?) {
    guard let loop = context?.eventLoop else { return }
    let route = request.command.route
    let bound = NIOLoopBound(self, eventLoop: loop)
    Responder.respond(to: request, from: backend, knownTags: knownTags, counts: counts) { answer in
      if loop.inEventLoop {
        bound.value.finish(answer, route: route)
      } else {
        loop.execute { bound.value.finish(answer, route: route) }
      }
    }
  }

  // MARK: Answers

  private func finish(_ answer: HTTPAnswer, route: Route) {
    guard context != nil, case .answering(let request) = phase else { return }
    lastMoved = clock.tick
    let persistence = table.isDraining ? .close : request.persistence
    phase = .reading
    send(answer.serialized(persistence, isHead: request.isHead), route, answer.status, persistence)
    // The input behind this request has waited for its answer.
    guard !isAdvancing else { return }
    advance()
    settle()
  }

  /// Refuses input that is not a request, and closes, because nobody knows where the next request would begin.
  private func refuse(_ httpError: HTTPError) {
    send(HTTPAnswer(httpError).serialized(.close), httpError.route, httpError.status, .close)
  }

  /// The only exit for answers: counts the answer, writes it, and starts or ends what follows.
  private func send(_ bytes: ByteBuffer, _ route: Route, _ status: HTTPStatus, _ persistence: Persistence) {
    counts.count(route, status)
    requestBegan = nil
    if let context { output.write(bytes, context) }
    if persistence == .close { closeAfterWrites() }
  }

  /// Says goodbye after the last answer. We close our side once it is written; the other side closes when the client
  /// does, or after a moment (see `HTTPLimits.lingerSeconds`).
  private func closeAfterWrites() {
    guard let context else { return }
    phase = .closing(isFlushed: false)
    reader.clear()
    lastMoved = clock.tick
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in self.lastAnswerWritten() }
    // An empty write, which completes after all writes before it.
    output.queue(context)
    context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
  }

  private func lastAnswerWritten() {
    lastMoved = clock.tick
    phase = .closing(isFlushed: true)
    if inputEnded { abort() } else { context?.close(mode: .output, promise: nil) }
  }
}
