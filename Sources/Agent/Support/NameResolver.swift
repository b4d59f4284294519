// Turns a name into all of its addresses, v4 and v6. It asks again each time, away from the event loops.
//
// Rejected: NIO's own resolver, which gives one address of each family (a seed name in a compose file or of a headless
// service stands for all of its members), and caching answers, because nodes seldom ask for a seed, and seeds move.

package import Gossip
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix
import Platform

/// Looks up the configured seeds when the node asks for them.
package final class NameResolver: Sendable {
  /// Called with each answer: the seed's number, and its addresses or why there are none.
  package typealias Receiver = @Sendable (Int, [Address], String?) -> Void

  private let seeds: [HostPort?]
  private let loop: any EventLoop
  private let takesIPv6: Bool
  private let receiver: Receiver
  private let state: NIOLockedValueBox<State>

  private struct State {
    var inFlight: [Bool]
    var failures: UInt64 = 0
  }

  /// The most addresses of one name: as many as an answer over TCP, of 64 KB, can hold. The node chooses which of them to
  /// contact and when, so that the order of the name server does not matter.
  private static let maximumAddresses = 4096

  /// - Parameters:
  ///   - loop: on which `receiver` is called.
  ///   - takesIPv6: whether our socket can send to IPv6 at all; if not, such addresses are left out.
  package init(seeds: [String], loop: any EventLoop, takesIPv6: Bool, receiver: @escaping Receiver) {
    self.seeds = seeds.map { HostPort($0, defaultPort: DefaultPort.gossip) }
    self.loop = loop
    self.takesIPv6 = takesIPv6
    self.receiver = receiver
    state = NIOLockedValueBox(State(inFlight: seeds.map { _ in false }))
  }

  /// Look-ups that gave no address.
  package var failures: UInt64 { state.withLockedValue { $0.failures } }

  /// Looks up the seed, and later calls the receiver once. It does nothing while a look-up of the same seed is in
  /// progress, whose answer will do. (A resolver that hangs for half a minute must not fill the thread pool with one
  /// name.)
  package func resolve(seed: Int) {
    guard seeds.indices.contains(seed) else { return }
    guard let host = seeds[seed] else { return deliver(seed, .failure(LookupFailure("not a host or host:port"))) }
    if let numeric = Address(ip: host.host, port: host.port) { return deliver(seed, .success([numeric])) }
    let isFirst = state.withLockedValue { state in
      defer { state.inFlight[seed] = true }
      return !state.inFlight[seed]
    }
    guard isFirst else { return }
    NameResolver.lookUp(host, on: loop).whenComplete { [self] result in
      state.withLockedValue { $0.inFlight[seed] = false }
      deliver(seed, result.mapError { $0 as? LookupFailure ?? LookupFailure("\($0)") })
    }
  }

  /// Always from the loop, and never from within `resolve`, because the caller may be in the middle of something.
  private func deliver(_ seed: Int, _ result: Result<[Address], LookupFailure>) {
    loop.execute { [self] in
      switch result.flatMap(usable) {
      case .success(let addresses): receiver(seed, addresses, nil)
      case .failure(let failure):
        state.withLockedValue { $0.failures += 1 }
        receiver(seed, [], failure.reason)
      }
    }
  }

  private func usable(_ addresses: [Address]) -> Result<[Address], LookupFailure> {
    let usable = addresses.filter { takesIPv6 || $0.isIPv4 }.filter(\.isReachable)
    if usable.isEmpty, !addresses.isEmpty {
      return .failure(LookupFailure("no address that this socket can send to, only \(addresses[0])"))
    }
    return .success(Array(usable.prefix(NameResolver.maximumAddresses)))
  }
}

/// Why a name gave no address, in words.
package struct LookupFailure: Error, Equatable {
  package let reason: String
  init(_ reason: String) { self.reason = reason }
}

extension NameResolver {
  /// All addresses of a host, in the system's order of preference. A numeric one is returned at once.
  package static func lookUp(_ host: HostPort, on loop: any EventLoop) -> EventLoopFuture<[Address]> {
    if let numeric = Address(ip: host.host, port: host.port) { return loop.makeSucceededFuture([numeric]) }
    return threads.runIfActive(eventLoop: loop) {
      do throws(NameLookup.Failure) {
        return try NameLookup.addresses(of: host.host, port: host.port)
      } catch {
        throw LookupFailure(error.reason)
      }
    }
  }

  /// Our own threads. NIO has only as many as cores, and if two names hung there, every other name would wait half a
  /// minute for them. Eight threads cost nothing until the first look-up; names that hang usually hang together.
  private static let threads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: 8)
    threads.start()
    return threads
  }()
}
