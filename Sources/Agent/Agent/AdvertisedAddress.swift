// Finds the address at which peers reach this node, if nobody configured one.
//
// A machine has many addresses, and only the routing table knows which of them others reach. Connecting a UDP socket
// asks it, and sends nothing. The route to the first seed is the best evidence, because that is where the cluster is.
// Rejected: the host name's address (on many systems 127.0.1.1) and the first interface as first choice (often a
// container bridge).

package import Gossip
package import NIOCore
import NIOPosix
import ServiceLifecycle

/// An address, and how it was found.
package struct AdvertisedAddress: Equatable, Sendable {
  package var address: Address
  package var source: Source

  package init(address: Address, source: Source) {
    self.address = address
    self.source = source
  }

  /// Where the address comes from; the best source first.
  package enum Source: Equatable, Sendable {
    case configured
    /// The socket is bound to this one address, and sends from no other.
    case bound
    case route(seed: String)
    case defaultRoute
    case interface(String)
    /// There is only loopback: a cluster on one machine.
    case loopback

    /// For the log.
    package var words: String {
      switch self {
      case .configured: "as configured"
      case .bound: "the bound address"
      case .route(let seed): "the address used towards seed \(ForeignText.host(seed))"
      case .defaultRoute: "the default route's address"
      case .interface(let name): "the address of \(ForeignText.host(name))"
      case .loopback: "loopback, as there is no other"
      }
    }
  }

  /// The port at which other nodes reach an HTTP socket with this address; 0 if they cannot. A socket bound to loopback
  /// serves only its own machine: others that were told its port would be refused, or meet another process on their own
  /// machine. A port mapping may lead to a socket on any other address.
  package func httpPort(of bound: Address) -> UInt16 { bound.isLoopback && !address.isLoopback ? 0 : bound.port }

  /// How to turn a host into addresses.
  package typealias LookUp = @Sendable (HostPort, any EventLoop) -> EventLoopFuture<[Address]>

  /// How long all seeds' names together may take. A node must start without its name server, and its supervisor must
  /// not kill it for being slow. Name servers in the same network answer in milliseconds, or after one retry.
  package static let lookUpTime: TimeAmount = .seconds(2)

  /// Checks the configured address, or finds one at which the bound socket can be reached.
  /// - Parameters:
  ///   - time: for all look-ups together. They end at once if the task is cancelled or a graceful shutdown begins.
  package static func find(
    configured: Address?, bound: Address, seeds: [String], loop: any EventLoop, within time: TimeAmount = lookUpTime,
    lookUp: LookUp = { NameResolver.lookUp($0, on: $1) }
  ) async throws -> AdvertisedAddress {
    if let configured {
      let address = configured.port == 0 ? configured.with(port: bound.port) : configured
      guard address.isReachable else { throw StartError.notReachable(address) }
      guard bound.isDualStack || address.isIPv4 == bound.isIPv4 else {
        throw StartError.otherFamily(advertised: address, bound: bound)
      }
      return AdvertisedAddress(address: address, source: .configured)
    }
    guard bound.isUnspecified else { return AdvertisedAddress(address: bound, source: .bound) }
    let hosts = seeds.compactMap { seed in
      HostPort(seed, defaultPort: DefaultPort.gossip).map { (seed: seed, host: $0) }
    }
    let found = hosts.map { lookUp($0.host, loop) }
    let candidates = zip(hosts, await addresses(found, loop: loop, within: time))
    for (host, addresses) in candidates {
      if let address = await towards(host.host, addresses, bound: bound, loop: loop) {
        return AdvertisedAddress(address: address, source: .route(seed: host.seed))
      }
    }
    for witness in [Address(ipv4: 0xCB00_7101, port: 9), Address(high: 0x2001_0DB8_0000_0000, low: 1, port: 9)]
    where bound.canSend(to: witness) {
      // 203.0.113.1 and 2001:db8::1 are for documentation (RFC 5737, RFC 3849): only the default route leads there.
      guard let local = await localAddress(towards: witness, loop: loop), !local.isLoopback else { continue }
      return AdvertisedAddress(address: local.with(port: bound.port), source: .defaultRoute)
    }
    return firstInterface(bound: bound)
  }

  /// The result of each look-up; empty for those that are not done in time.
  private static func addresses(
    _ lookUps: [EventLoopFuture<[Address]>], loop: any EventLoop, within time: TimeAmount
  ) async -> [[Address]] {
    // A promise may be completed twice; the second time does nothing.
    let promises = lookUps.map { _ in loop.makePromise(of: [Address].self) }
    let giveUp: @Sendable () -> Void = { for promise in promises { promise.succeed([]) } }
    for (lookUp, promise) in zip(lookUps, promises) { promise.completeWith(lookUp) }
    let bound = loop.scheduleTask(in: time, giveUp)
    defer { bound.cancel() }
    return await withTaskCancellationOrGracefulShutdownHandler {
      var found: [[Address]] = []
      for promise in promises { found.append((try? await promise.futureResult.get()) ?? []) }
      return found
    } onCancelOrGracefulShutdown: {
      giveUp()
    }
  }

  /// Our address on the route to a seed with these addresses.
  private static func towards(
    _ host: HostPort, _ addresses: [Address], bound: Address, loop: any EventLoop
  ) async -> Address? {
    let isNumeric = Address(ip: host.host, port: host.port) != nil
    for address in addresses where bound.canSend(to: address) {
      guard let local = await localAddress(towards: address, loop: loop) else { continue }
      // Many systems list their own name as a loopback address. If all nodes share a list of seeds, it names us too, but
      // that is no reason to advertise an address that only we can reach. Loopback must be explicit.
      guard !local.isLoopback || isNumeric || host.host == "localhost" else { continue }
      return local.with(port: bound.port)
    }
    return nil
  }

  /// The address from which a datagram to `target` would be sent. Nothing is sent.
  private static func localAddress(towards target: Address, loop: any EventLoop) async -> Address? {
    guard let socket = try? SocketAddress(target) else { return nil }
    guard let channel = try? await DatagramBootstrap(group: loop).connect(to: socket).get() else { return nil }
    let local = channel.localAddress.flatMap { Address($0) }
    _ = try? await channel.close()
    return local.flatMap { $0.with(port: 1).isReachable ? $0 : nil }
  }

  private static func firstInterface(bound: Address) -> AdvertisedAddress {
    let devices = (try? System.enumerateDevices()) ?? []
    for device in devices {
      guard let address = device.address.flatMap({ Address($0) })?.with(port: bound.port) else { continue }
      guard address.isReachable, !address.isLoopback, !address.isLinkLocal, bound.canSend(to: address) else { continue }
      return AdvertisedAddress(address: address, source: .interface(device.name))
    }
    return AdvertisedAddress(address: Address(ipv4: 0x7F00_0001, port: bound.port), source: .loopback)
  }
}

extension Address {
  /// Whether a socket bound to this address can send to that one.
  fileprivate func canSend(to target: Address) -> Bool { isDualStack || isIPv4 == target.isIPv4 }

  /// 169.254.0.0/16 or fe80::/10, which are useful only together with an interface's name.
  fileprivate var isLinkLocal: Bool { isIPv4 ? (low >> 16) & 0xFFFF == 0xA9FE : high >> 54 == 0xFE80 >> 6 }
}
