// One step of a run: a node handled one event.

internal import Gossip

/// What went into a node and what came out.
struct Step {
  var host: Int
  var event: Event
  var effects: [Effect]
  /// The node's stamp after the event.
  var stamp: Stamp
  /// The node is still due after the event.
  var isOverdue: Bool
  var time: Instant
  /// The host's wall clock.
  var wall: UInt64
  /// What the node held of the sender before, when the datagram comes from a newer incarnation of it; nil when nothing
  /// is in question.
  var heldBefore: HeldClaim?
}
