// Names to addresses: all that a name has, v4 and v6, asked anew each time, away from the loops.
//
// Rejected: NIO's own resolver, which gives one address of each family (a seed name of a compose file or a headless
// service stands for all of its members), and keeping answers: a seed is asked for seldom and moves.

package import Gossip
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix
import Platform

/// Looks up the configured seeds when the node asks for them.
package final class NameResolver: Sendable {
  /// What to do with an answer: the seed's number, its addresses, and why there are none.
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

  /// The port of a seed that names none.
  package static let defaultPort: UInt16 = 7946
  /// Addresses of one name that are looked at: as many as an answer over TCP, 64 KB, can hold. Which of them are contacted
  /// and when is the node's choice, so that the order of the name server does not matter.
  private static let maximumAddresses = 4096

  /// - Parameters:
  ///   - loop: where `receiver` is called.
  ///   - takesIPv6: whether our socket can send to IPv6 at all; else such addresses are left out.
  package init(seeds: [String], loop: any EventLoop, takesIPv6: Bool, receiver: @escaping Receiver) {
    self.seeds = seeds.map { HostPort($0, defaultPort: NameResolver.defaultPort) }
    self.loop = loop
    self.takesIPv6 = takesIPv6
    self.receiver = receiver
    state = NIOLockedValueBox(State(inFlight: seeds.map { _ in false }))
  }

  /// Look-ups that gave no address.
  package var failures: UInt64 { state.withLockedValue { $0.failures } }

  /// Looks the seed up and calls the receiver, later and once; not at all while the same seed is being looked up, since
  /// that answer will do. (A resolver that hangs for half a minute must not fill the thread pool with one name.)
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

  /// Always from the loop and never from within `resolve`: the caller may be in the middle of something.
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
  /// All addresses of a host, in the system's order of preference; a numeric one is given back at once.
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

  /// Threads of our own: NIO's are as many as cores, and where two names hang there, every other name would wait half a
  /// minute for them. Eight cost nothing until the first name is looked up; names that hang usually hang together.
  private static let threads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: 8)
    threads.start()
    return threads
  }()
}
