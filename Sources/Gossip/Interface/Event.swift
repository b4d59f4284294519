// Everything that can happen to a node, in the past tense. One door in: `Node.handle`.

/// Something that happened.
package enum Event: Equatable, Sendable {
  /// Time passed: `nextDeadline` may have come. Always allowed, at any time.
  case timePassed
  /// These bytes came by UDP from this address. They may be anything.
  case received([UInt8], from: Address)
  /// A client asks to write this value. Answered once by `Effect.answer` with the same identity, at once or, in a
  /// node's first moments, when it knows what the cluster holds.
  case setRequested(Int64, RequestID)
  /// A peer, or whoever can reach us, says by `/notify` what the value is. Answered at once by `Effect.answer`.
  case notified(Stamp, by: String, RequestID)
  /// The addresses that seed number `seed` has now; none when it does not resolve (with the reason, for the log).
  case resolved(seed: Int, [Address], failure: String?)
  /// The member's HTTP port refused a connection: nothing listens there, so the process is most likely gone.
  case connectionRefused(Address)
  /// The member answered our notify over HTTP: its process runs. That forgives a suspect its silence once.
  case notifyDelivered(Address)
  /// This node is asked to leave: announce it, then report `Effect.left`.
  case leaveRequested
}
