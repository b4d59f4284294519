// Tells peers the value over HTTP: `POST /notify/<value>/<generation>?notifier=<name>`.
//
// This is the slow safety net beside the datagrams, and all that the original program understands. Each peer has at
// most one request in flight. Meanwhile only the newest stamp waits, because an older one adds nothing to it. Rejected:
// a client library, which would bring ten megabytes and minutes of building for one kind of request.

package import Gossip
import NIOConcurrencyHelpers
package import NIOCore

/// Posts stamps. All its work is on one loop.
package final class Notifier: Sendable {
  /// The outcome of one post.
  package enum Outcome: String, CaseIterable, Sendable {
    /// The answer was 200.
    case delivered
    /// The answer was something else.
    case rejected
    /// Nothing listens there.
    case refused
    /// There was no connection, no answer in time, or nonsense.
    case failed
    /// It was not tried, because too many were in flight.
    case dropped
  }

  /// How long each step of a post may take. Tests change these, so that a busy machine does not decide a test.
  package struct Times: Sendable {
    /// A peer in the same network accepts a connection in milliseconds; a lost SYN is sent again after a second.
    package var connect: TimeAmount = .milliseconds(1500)
    /// For the whole answer. A `/notify` needs no work; a peer that is slower than this is stalled.
    package var answer: TimeAmount = .seconds(2)
    /// A kept connection is closed after this time, before the 60 s after which servers close idle ones themselves.
    package var idle: TimeAmount = .seconds(10)

    package init() {}
  }

  private let loop: any EventLoop
  private let peers: [HostPort?]
  private let query: String
  private let times: Times
  private let report: @Sendable (Event) -> Void
  private let state: NIOLoopBoundBox<State>
  private let counts = NIOLockedValueBox([Outcome: UInt64]())

  private struct State {
    var peers: [Key: Peer] = [:]
    var isClosed = false
  }

  /// A peer. A member is known by its UDP address, whatever its HTTP port is now.
  private enum Key: Hashable {
    case member(Address)
    case peer(Int)
  }

  private struct Peer {
    /// Where to reach it now.
    var place: Place
    /// Whether a request is in flight.
    var isBusy = false
    /// The place has changed since that request began.
    var hasMoved = false
    /// The stamp to send next.
    var next: Stamp?
    var connection: NotifyConnection?
    /// Closes the connection once it has been idle for long.
    var idle: Scheduled<Void>?
  }

  private enum Place: Equatable {
    case address(Address)
    case host(HostPort)
  }

  /// Connections to keep for the next time. In a small cluster, the two random members of every two seconds are soon
  /// the same again. In a large one a kept connection is seldom used, and a hundred nodes in one process must stay
  /// within the usual limit of 1,024 open files.
  private static let keptConnections = 4
  /// The most posts to members in flight. Two start every two seconds, and each takes four at most, so far more than that
  /// would be a bug of ours.
  private static let maximumBusy = 64

  /// - Parameters:
  ///   - peers: the extra peers as configured.
  ///   - name: this node's name, for `notifier`.
  ///   - times: how long each step may take.
  ///   - report: called when a member's port refuses, and when a member answers.
  package init(
    peers: [String], name: String, loop: any EventLoop, times: Times = Times(),
    report: @escaping @Sendable (Event) -> Void
  ) {
    self.peers = peers.map { HostPort($0, defaultPort: DefaultPort.http) }
    query = "?notifier=" + Notifier.percentEncoded(name)
    self.loop = loop
    self.times = times
    self.report = report
    state = .makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// Posts the stamp, now or after the peer's current request. From any thread.
  package func post(_ stamp: Stamp, to target: NotifyTarget) {
    loop.execute { [self] in
      switch target {
      case .member(let member, let http): post(stamp, .member(member), .address(http))
      case .peer(let index):
        guard peers.indices.contains(index), let host = peers[index] else { return count(.failed) }
        post(stamp, .peer(index), .host(host))
      }
    }
  }

  /// The number of posts with this outcome.
  package func count(of outcome: Outcome) -> UInt64 { counts.withLockedValue { $0[outcome] ?? 0 } }

  package func metrics() -> [ShellMetric] {
    Outcome.allCases.map { outcome in
      ShellMetric(
        name: "unum_notifies_sent_total", help: "Notifies posted to peers over HTTP, by outcome.",
        labels: [("outcome", outcome.rawValue)], value: Double(count(of: outcome)))
    }
  }

  /// Closes all connections for good. One in the middle of a request closes after its answer, or when that is too late.
  package func close() async {
    let closing = loop.submit { [self] in
      state.value.isClosed = true
      for peer in state.value.peers.values {
        peer.idle?.cancel()
        peer.connection?.close()
      }
      state.value.peers = [:]
    }
    _ = try? await closing.get()
  }

  private func count(_ outcome: Outcome) { counts.withLockedValue { $0[outcome, default: 0] += 1 } }

  /// Encodes the bytes of all but unreserved characters (RFC 3986, section 2.3).
  static func percentEncoded(_ name: String) -> String {
    var encoded = ""
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }
}

// MARK: One post, step by step; all on the loop

extension Notifier {
  private func post(_ stamp: Stamp, _ key: Key, _ place: Place) {
    guard !state.value.isClosed else { return }
    var peer = state.value.peers[key] ?? Peer(place: place)
    if peer.isBusy {
      peer.hasMoved = peer.hasMoved || peer.place != place
      peer.place = place
      peer.next = max(peer.next ?? stamp, stamp)
      state.value.peers[key] = peer
      return
    }
    guard mayBegin(key) else { return count(.dropped) }
    if peer.place != place {
      // The member restarted with another HTTP port.
      peer.connection?.close()
      peer.connection = nil
      peer.place = place
    }
    peer.isBusy = true
    peer.idle?.cancel()
    peer.idle = nil
    let kept = peer.connection.flatMap { $0.isOpen ? $0 : nil }
    peer.connection = nil
    state.value.peers[key] = peer
    if let kept { ask(kept, stamp, key, isFresh: false) } else { connect(stamp, key, place) }
  }

  /// There are as many extra peers as were configured. They do not hold up members, nor members them: a name server
  /// that hangs keeps a peer busy for half a minute.
  private func mayBegin(_ key: Key) -> Bool {
    guard case .member = key else { return true }
    let busy = state.value.peers.count { key, peer in
      if case .member = key { peer.isBusy } else { false }
    }
    return busy < Notifier.maximumBusy
  }

  private func connect(_ stamp: Stamp, _ key: Key, _ place: Place) {
    let addresses =
      switch place {
      case .address(let address): loop.makeSucceededFuture([address])
      case .host(let host): NameResolver.lookUp(host, on: loop)
      }
    let loop = self.loop
    let times = self.times
    addresses
      .flatMap { NotifyConnection.open($0, on: loop, times: times) }
      .assumeIsolated()
      .whenComplete { [self] result in
        switch result {
        case .success(let connection):
          guard !state.value.isClosed else { return connection.close() }
          // Once for each connection, because it keeps every callback until it closes.
          connection.whenClosed { [weak self] in self?.forgetIfGone(key) }
          ask(connection, stamp, key, isFresh: true)
        case .failure(let error): finish(key, NotifyConnection.isRefusal(error) ? .refused : .failed, nil)
        }
      }
  }

  private func ask(_ connection: NotifyConnection, _ stamp: Stamp, _ key: Key, isFresh: Bool) {
    let uri = "/notify/\(stamp.value)/\(stamp.generation)\(query)"
    connection.post(uri).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let status):
        finish(key, status == 200 ? .delivered : .rejected, connection)
      case .failure:
        connection.close()
        // A peer may close a kept connection just when we use it. That says nothing about the peer, and sending a notify
        // twice does no harm, so try a new connection.
        guard !isFresh, !state.value.isClosed, let place = state.value.peers[key]?.place else {
          return finish(key, .failed, nil)
        }
        connect(stamp, key, place)
      }
    }
  }

  private func finish(_ key: Key, _ outcome: Outcome, _ connection: NotifyConnection?) {
    count(outcome)
    guard !state.value.isClosed, var peer = state.value.peers[key] else {
      connection?.close()
      return
    }
    peer.isBusy = false
    let next = peer.next
    peer.next = nil
    // A connection to where the member was leads nowhere, or to somebody else.
    if peer.hasMoved { connection?.close() }
    peer.connection = connection.flatMap { $0.isOpen && !peer.hasMoved ? $0 : nil }
    peer.hasMoved = false
    state.value.peers[key] = peer
    if let next { post(next, key, peer.place) } else { letRest(key) }
    guard case .member(let member) = key else { return }
    if outcome == .delivered { report(.notifyDelivered(member)) }
    if outcome == .refused { report(.connectionRefused(member)) }
  }

  /// Keeps the peer's connection for a while, if there is one and room for it; otherwise forgets the peer.
  private func letRest(_ key: Key) {
    let kept = state.value.peers.values.count { $0.connection != nil && !$0.isBusy }
    guard state.value.peers[key]?.connection != nil, kept <= Notifier.keptConnections else { return forget(key) }
    state.value.peers[key]?.idle = loop.assumeIsolated().scheduleTask(in: times.idle) { [weak self] in
      self?.forget(key)
    }
  }

  /// The peer closed a connection. If it was the kept one, there is nothing left to keep.
  private func forgetIfGone(_ key: Key) {
    guard let peer = state.value.peers[key], !peer.isBusy, peer.connection?.isOpen == false else { return }
    forget(key)
  }

  private func forget(_ key: Key) {
    let peer = state.value.peers.removeValue(forKey: key)
    peer?.idle?.cancel()
    peer?.connection?.close()
  }
}
