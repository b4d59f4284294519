// The UDP socket of a node.
//
// It is read through NIO, many datagrams at a wake-up, and written by `sendto` on the same loop. Rejected: writing
// through NIO, which closes the whole channel on most send errors (a member that gossiped an impossible address, a
// route that is gone for a second) and so would deafen the node. Here a send error is a count, and sending never waits:
// a full socket buffer drops the datagram, as the network might have.

import Glibc
package import Gossip
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// A bound UDP socket, which binds itself again should it ever close. All its work is done on one loop.
package final class Datagrams: Sendable {
  /// What to do with a datagram: its bytes and where it came from. Called on the loop.
  package typealias Receiver = @Sendable ([UInt8], Address) -> Void

  package let loop: any EventLoop
  /// The address that it is bound to, with the real port; an unspecified one stays so.
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

    init(_ channel: any Channel) {
      self.channel = channel
      transport = SocketTransport(channel)
    }
  }

  /// What went wrong so far.
  package struct Counts: Equatable, Sendable {
    /// Datagrams that the system would not send, by `errno`.
    package var sendErrors: [Int32: UInt64] = [:]
    /// Errors while reading; the socket lived on.
    package var receiveErrors: UInt64 = 0
    /// How often a closed socket was bound anew.
    package var rebinds: UInt64 = 0
  }

  /// Slots of one read. A wake-up under load then costs one system call for 16 datagrams; more would let one busy node
  /// of `unum local` hold up the others on its loop.
  private static let vectorSize = 16
  /// Bytes of a slot. Longer than any datagram of ours, so that one that was cut is still seen to be too long.
  private static let slotSize = 2048
  /// Room for about 4,000 datagrams of the usual 107 bytes while the process is not running. The kernel grants what
  /// `net.core.rmem_max` allows; nothing is used until it is filled.
  private static let receiveBuffer = 1 << 20
  /// The first wait before binding anew, and the longest: long enough to cost nothing, short enough that no member is
  /// declared dead (0.85 s) for the first few tries.
  private static let rebindDelays: (first: TimeAmount, last: TimeAmount) = (.milliseconds(50), .seconds(5))

  private init(channel: any Channel, localAddress: Address) {
    loop = channel.eventLoop
    self.localAddress = localAddress
    state = .makeBoxSendingValue(State(channel), eventLoop: loop)
  }

  /// Binds. Nothing is read before `open`.
  package static func bind(to address: Address, loop: any EventLoop) async throws -> Datagrams {
    let channel = try await bootstrap(for: address, loop: loop).bind(to: SocketAddress(address)).get()
    guard let local = channel.localAddress.flatMap({ Address($0) }) else {
      try await channel.close()
      throw ChannelError.unknownLocalAddress
    }
    return Datagrams(channel: channel, localAddress: local)
  }

  /// Begins to read.
  package func open(_ receiver: @escaping Receiver) {
    onLoop { [self] in
      state.value.receiver = receiver
      if let channel = state.value.channel { adopt(channel) }
    }
  }

  /// Stops, for good.
  package func close() async {
    let closing = loop.flatSubmit { [self] in
      state.value.isClosed = true
      state.value.receiver = nil
      return state.value.channel?.close() ?? loop.makeSucceededVoidFuture()
    }
    // Closing fails only when it was closed already.
    _ = try? await closing.get()
  }

  /// Sends datagrams, in order; those that cannot be sent are counted. From any thread, best from the loop.
  package func send(_ datagrams: [(bytes: [UInt8], to: Address)]) {
    onLoop { [self] in
      guard !state.value.isClosed else { return }
      let isV6 = !localAddress.isIPv4
      let sent: Void? = state.value.transport?.withSocket { socket in
        for (bytes, target) in datagrams {
          let failure = Datagrams.send(bytes, to: target, on: socket, isV6: isV6)
          if failure != 0 { count(failure, times: 1) }
        }
      }
      if sent == nil { count(ENOTCONN, times: datagrams.count) }
    }
  }

  package var currentCounts: Counts { counts.withLockedValue { $0 } }

  /// The channel while there is one, for tests of what happens when the system takes it away.
  package func currentChannel() async throws -> (any Channel)? {
    try await loop.submit { [self] in state.value.channel }.get()
  }

  private func onLoop(_ work: @escaping @Sendable () -> Void) {
    if loop.inEventLoop { work() } else { loop.execute(work) }
  }

  private func count(_ error: Int32, times: Int) {
    counts.withLockedValue { $0.sendErrors[error, default: 0] += UInt64(times) }
  }
}

// MARK: Binding and binding again

extension Datagrams {
  private static func bootstrap(for address: Address, loop: any EventLoop) -> DatagramBootstrap {
    // No SO_REUSEADDR nor SO_REUSEPORT: two processes on one port would each get some of the datagrams.
    let bootstrap = DatagramBootstrap(group: loop)
      .channelOption(.autoRead, value: false)
      .channelOption(.datagramVectorReadMessageCount, value: vectorSize)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: vectorSize * slotSize))
      .channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer)
    guard !address.isIPv4 else { return bootstrap }
    // `::` takes IPv4 as well, whatever the machine's default is.
    return bootstrap.channelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 0)
  }

  /// Takes a bound channel into use. On the loop.
  private func adopt(_ channel: any Channel) {
    state.value.channel = channel
    guard let receiver = state.value.receiver else { return }
    let handler = Inlet(
      receiver: receiver,
      noteError: { [weak self] in self?.counts.withLockedValue { $0.receiveErrors += 1 } },
      closed: { [weak self] in self?.closed() })
    do {
      try channel.pipeline.syncOperations.addHandler(handler)
      try channel.syncOptions?.setOption(.autoRead, value: true)
    } catch {
      // It closed in this very moment, before there was a handler to say so.
      closed()
    }
  }

  /// The channel is gone. Nobody but `close` closes it on purpose, so it is opened again. On the loop.
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

// MARK: Sending

extension Datagrams {
  /// One `sendto` that never waits.
  /// - Returns: 0, or the error.
  private static func send(_ bytes: [UInt8], to target: Address, on socket: CInt, isV6: Bool) -> Int32 {
    unsafe target.withSocketAddress(isV6: isV6 || !target.isIPv4) { address, size in
      unsafe bytes.withUnsafeBytes { buffer in
        let sent = unsafe sendto(
          socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL),
          address, size)
        return sent < 0 ? errno : 0
      }
    }
  }
}

extension Address {
  /// The kernel's form of this address, on the stack: as `sockaddr_in6` (an IPv4 address in its mapped form) for an
  /// IPv6 socket, else as `sockaddr_in`. Written by the offsets of the kernel's interface.
  func withSocketAddress<Result>(
    isV6: Bool, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    return unsafe withUnsafeMutableBytes(of: &storage) { raw in
      let family = UInt16(isV6 ? AF_INET6 : AF_INET)
      unsafe raw.storeBytes(of: family, toByteOffset: 0, as: UInt16.self)
      unsafe raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
      if isV6 {
        unsafe raw.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe raw.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
      } else {
        let ipv4 = UInt32(truncatingIfNeeded: low)
        unsafe raw.storeBytes(of: ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
      }
      let size = socklen_t(isV6 ? 28 : 16)
      return unsafe raw.withMemoryRebound(to: sockaddr.self) { addresses in
        // The storage is 128 bytes: there is a first element.
        guard let first = addresses.baseAddress else { preconditionFailure("an empty sockaddr_storage") }
        return unsafe body(first, size)
      }
    }
  }
}

/// The end of the channel's pipeline: hands datagrams on. Whatever they hold, nothing here throws or closes.
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
