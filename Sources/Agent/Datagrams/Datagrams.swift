// The UDP socket of a node.
//
// It reads through NIO, many datagrams per wake-up, and writes by `sendto` on the same loop. Rejected: writing through
// NIO, which closes the whole channel on most send errors (a member gossips an impossible address, a route is gone for
// a second) and would so deafen the node. Here a send error only counts, and sending never waits: if the socket buffer
// is full, the datagram is dropped, as the network might do.

package import Gossip
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix
package import Platform

/// A bound UDP socket, which binds itself again if it ever closes. All its work is on one loop.
package final class Datagrams: Sendable {
  /// Called on the loop with each datagram's bytes and source.
  package typealias Receiver = @Sendable ([UInt8], Address) -> Void

  package let loop: any EventLoop
  /// The bound address, with the real port; an unspecified address stays so.
  package let localAddress: Address
  private let state: NIOLoopBoundBox<State>
  private let counts = NIOLockedValueBox(Counts())

  private struct State {
    var channel: (any Channel)? {
      didSet { transport = channel.flatMap { SocketTransport($0) } }
    }
    private(set) var transport: SocketTransport?
    var receiver: Receiver?
    var isClosed = false
    /// The datagram that we sent to ourselves and have not received yet.
    var greeting: [UInt8]?

    init(_ channel: any Channel) {
      self.channel = channel
      transport = SocketTransport(channel)
    }
  }

  /// What has gone wrong so far.
  package struct Counts: Equatable, Sendable {
    /// Datagrams that the system refused to send, by its reason.
    package var sendErrors: [SystemError: UInt64] = [:]
    /// Errors while reading, which the socket survived.
    package var receiveErrors: UInt64 = 0
    /// How often a closed socket was bound again.
    package var rebinds: UInt64 = 0
  }

  /// Slots of one read. Under load, a wake-up then costs one system call for 16 datagrams. With more, one busy node of
  /// `unum local` could hold up the others on its loop.
  private static let vectorSize = 16
  /// Bytes of a slot. It is longer than any datagram of ours, so that a truncated one still shows as too long.
  private static let slotSize = 2048
  /// Room for about 4,000 datagrams of the usual 107 bytes while the process is not running. The kernel grants what
  /// `net.core.rmem_max` allows, and uses no memory until there are datagrams.
  private static let receiveBuffer = 1 << 20
  /// The first and the longest wait before binding again: long enough to cost nothing, and short enough that the first
  /// few tries come before others would declare this node dead (0.85 s).
  private static let rebindDelays: (first: TimeAmount, last: TimeAmount) = (.milliseconds(50), .seconds(5))

  private init(channel: any Channel, localAddress: Address) {
    loop = channel.eventLoop
    self.localAddress = localAddress
    state = .makeBoxSendingValue(State(channel), eventLoop: loop)
  }

  /// Binds the socket. Nothing is read before `open`.
  package static func bind(to address: Address, loop: any EventLoop) async throws -> Datagrams {
    let channel = try await bootstrap(for: address, loop: loop).bind(to: SocketAddress(address)).get()
    guard let local = channel.localAddress.flatMap({ Address($0) }) else {
      try await channel.close()
      throw ChannelError.unknownLocalAddress
    }
    return Datagrams(channel: channel, localAddress: local)
  }

  /// Sends one datagram to this socket itself. If an update of NIO removed our path to the socket, or a firewall lets
  /// nothing out, this would otherwise show only as a counter of a node that thinks it is alone.
  /// - Returns: why it could not be sent; nil if it was. When it arrives, it is not handed on.
  package func sendToItself() async -> SystemError? {
    let greeting = (0..<8).map { _ in UInt8.random(in: 0...255) }
    // A socket for all addresses also has this machine's own; an IPv6 socket takes it in its mapped form.
    let target = localAddress.isUnspecified ? Address(ipv4: 0x7F00_0001, port: localAddress.port) : localAddress
    let sending = loop.submit { [self] () -> SystemError? in
      guard let transport = state.value.transport else { return .notConnected }
      let failure = transport.withSocket {
        Sockets.transmit(greeting, to: target, on: $0, isV6: !localAddress.isIPv4)
      }
      if case .some(.none) = failure { state.value.greeting = greeting }
      return failure ?? .notConnected
    }
    // This fails only if the loop is gone.
    return (try? await sending.get()) ?? nil
  }

  /// Hands on a datagram, except the one that we sent to ourselves. On the loop.
  private func receive(_ bytes: [UInt8], from sender: Address) {
    if let greeting = state.value.greeting, greeting == bytes {
      state.value.greeting = nil
    } else {
      state.value.receiver?(bytes, sender)
    }
  }

  /// Starts reading.
  package func open(_ receiver: @escaping Receiver) {
    onLoop { [self] in
      state.value.receiver = receiver
      if let channel = state.value.channel { adopt(channel) }
    }
  }

  /// Stops for good.
  package func close() async {
    let closing = loop.flatSubmit { [self] in
      state.value.isClosed = true
      state.value.receiver = nil
      return state.value.channel?.close() ?? loop.makeSucceededVoidFuture()
    }
    // Closing fails only if it is closed already.
    _ = try? await closing.get()
  }

  /// Sends datagrams in order, and counts those that it cannot send. From any thread, best from the loop.
  package func send(_ datagrams: [(bytes: [UInt8], to: Address)]) {
    onLoop { [self] in
      guard !state.value.isClosed else { return }
      let isV6 = !localAddress.isIPv4
      let sent: Void? = state.value.transport?.withSocket { socket in
        for (bytes, target) in datagrams {
          if let failure = Sockets.transmit(bytes, to: target, on: socket, isV6: isV6) { count(failure, times: 1) }
        }
      }
      if sent == nil { count(.notConnected, times: datagrams.count) }
    }
  }

  package var currentCounts: Counts { counts.withLockedValue { $0 } }

  /// The channel while there is one, for tests in which the system takes it away.
  package func currentChannel() async throws -> (any Channel)? {
    try await loop.submit { [self] in state.value.channel }.get()
  }

  private func onLoop(_ work: @escaping @Sendable () -> Void) {
    if loop.inEventLoop { work() } else { loop.execute(work) }
  }

  private func count(_ error: SystemError, times: Int) {
    counts.withLockedValue { $0.sendErrors[error, default: 0] += UInt64(times) }
  }
}

// MARK: Binding and binding again

extension Datagrams {
  private static func bootstrap(for address: Address, loop: any EventLoop) -> DatagramBootstrap {
    // Neither SO_REUSEADDR nor SO_REUSEPORT: two processes on one port would each get some of the datagrams.
    let bootstrap = DatagramBootstrap(group: loop)
      .channelOption(.autoRead, value: false)
      .channelOption(.datagramVectorReadMessageCount, value: vectorSize)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: vectorSize * slotSize))
      .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
    guard !address.isIPv4 else { return bootstrap }
    // `::` also takes IPv4, whatever the machine's default.
    return bootstrap.channelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 0)
  }

  /// Starts using a bound channel. On the loop.
  private func adopt(_ channel: any Channel) {
    state.value.channel = channel
    guard state.value.receiver != nil else { return }
    let handler = Inlet(
      receiver: { [weak self] in self?.receive($0, from: $1) },
      noteError: { [weak self] in self?.counts.withLockedValue { $0.receiveErrors += 1 } },
      closed: { [weak self] in self?.closed() })
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
      try channel.syncOptions?.setOption(.autoRead, value: true)
    } catch {
      // It closed just now, before there was a handler to say so.
      closed()
    }
  }

  /// The channel is gone. Only `close` closes it on purpose, so otherwise open it again. On the loop.
  private func closed() {
    state.value.channel = nil
    guard !state.value.isClosed else { return }
    rebind(after: Datagrams.rebindDelays.first)
  }

  private func rebind(after delay: TimeAmount) {
    loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self, !state.value.isClosed else { return }
      guard let socket = try? SocketAddress(localAddress) else { return }
      Datagrams.bootstrap(for: localAddress, loop: loop).bind(to: socket).assumeIsolated().whenComplete { result in
        switch result {
        case .success(let channel) where self.state.value.isClosed:
          channel.close(promise: nil)
        case .success(let channel):
          self.counts.withLockedValue { $0.rebinds += 1 }
          self.adopt(channel)
        case .failure:
          self.rebind(after: min(delay * 2, Datagrams.rebindDelays.last))
        }
      }
    }
  }
}

/// The end of the channel's pipeline, which hands on datagrams. Whatever they contain, nothing here throws or closes.
private final class Inlet: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let receiver: Datagrams.Receiver
  private let noteError: () -> Void
  private let closed: () -> Void

  init(receiver: @escaping Datagrams.Receiver, noteError: @escaping () -> Void, closed: @escaping () -> Void) {
    self.receiver = receiver
    self.noteError = noteError
    self.closed = closed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    guard let sender = Address(envelope.remoteAddress) else { return }
    receiver(Array(envelope.data.readableBytesView), sender)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { noteError() }

  func channelInactive(context: ChannelHandlerContext) { closed() }
}
