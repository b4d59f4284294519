// Everything that can happen to a node, in the past tense. One door in: `Node.handle`.

/// Something that happened.
package enum Event: Equatable, Sendable {
  /// Time passed: `nextDeadline` may have come. This event is allowed at any time.
  case timePassed
  /// These bytes arrived over UDP from this address. They may be anything.
  case received([UInt8], from: Address)
  /// A client asks to write this value. One `Effect.answer` with the same identity follows: at once or, in a node's
  /// first moments, when the node knows what the cluster holds.
  case setRequested(Int64, RequestID)
  /// A peer, or anybody who can reach us, told us the value through `/notify`. Answered at once by `Effect.answer`.
  case notified(Stamp, by: String, RequestID)
  /// Seed number `seed` now has these addresses; none when it does not resolve (with the reason, for the log).
  case resolved(seed: Int, [Address], failure: String?)
  /// The member's HTTP port refused a connection: nothing listens there, so the process is most likely gone.
  case connectionRefused(Address)
  /// The member answered our notify over HTTP, so its process runs. That excuses a suspect's silence once.
  case notifyDelivered(Address)
  /// This node is asked to leave: announce it, then report `Effect.left`.
  case leaveRequested
}
