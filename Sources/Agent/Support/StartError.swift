// Why a node could not start, in one line: what failed, at which address, and what to change.

package import Gossip
import NIOCore
import Platform

/// A failed start, for a reason that only the machine could show.
package enum StartError: Error, Equatable, CustomStringConvertible {
  /// A socket of a node.
  package enum Socket: Equatable, Sendable {
    case datagrams, http

    var option: String {
      switch self {
      case .datagrams: "--bind (BIND_ADDR)"
      case .http: "--http (HTTP_ADDR)"
      }
    }

    var name: String {
      switch self {
      case .datagrams: "UDP"
      case .http: "HTTP"
      }
    }
  }

  /// Another process has the port.
  case portInUse(Socket, Address)
  /// The system refuses the address for another reason, given in words.
  case cannotBind(Socket, Address, reason: String)
  /// The datagram socket is bound, but there is no way to send from it.
  case cannotSend(Address)
  /// Nobody could reach a node that advertises this address.
  case notReachable(Address)
  /// The datagram socket at `bound` cannot send to addresses of the family of `advertised`.
  case otherFamily(advertised: Address, bound: Address)
  /// The process may open so few files that it could not even start its loops.
  case tooFewFiles(allowed: Int)

  package var description: String {
    switch self {
    case .portInUse(let socket, let address):
      "\(socket.name) address \(address) is in use by another process; stop it or choose another with \(socket.option)"
    case .cannotBind(let socket, let address, let reason):
      "\(socket.name) address \(address) cannot be used: \(reason); choose another with \(socket.option)"
    case .cannotSend(let address):
      "nothing can be sent from UDP address \(address), though it is bound; this is a fault of this build of Unum, please "
        + "report it"
    case .notReachable(let address):
      "no peer could reach a node at the advertised address \(address); choose another with \(StartError.advertise)"
    case .otherFamily(let advertised, let bound):
      "advertised address \(advertised) and bound address \(bound) are of different families; choose another with "
        + "\(StartError.advertise) or \(Socket.datagrams.option)"
    case .tooFewFiles(let allowed):
      "this process may open \(allowed) files, and a node needs at least \(StartError.leastOpenFiles); raise the limit "
        + "(ulimit -n, or LimitNOFILE= of a systemd unit)"
    }
  }

  /// The limit of open files below which a node does not start. Its sockets, loops, log and look-ups take some twenty,
  /// and clients take the rest. With a dozen the event loops trap, and with a few more, sockets fail in misleading
  /// ways.
  package static let leastOpenFiles = 64

  private static let advertise = "--advertise (ADVERTISE_ADDR)"

  /// Runs code that binds a socket, and names its failure.
  static func catching<Bound: Sendable>(
    _ socket: Socket, _ address: Address, _ bind: () async throws -> Bound
  ) async throws -> Bound {
    do {
      return try await bind()
    } catch let error as IOError where error.errnoCode == SystemError.addressInUse.number {
      throw StartError.portInUse(socket, address)
    } catch let error as IOError {
      throw StartError.cannotBind(socket, address, reason: SystemError(error.errnoCode).words)
    }
  }
}
