// A bug, planted at the boundary of a node: what a test does to a node's world, to see a rule fail.
//
// The rules see what really came, not what the tampering made of it: a node that ignores a datagram has a bug, the
// datagram still came. Rejected: bugs in the core behind compiler flags, as `Tests/Deploy` has two. They are the real
// thing, but each needs a build of its own, and forty builds run nowhere.

package import Gossip

/// A planted bug.
package struct Tampering {
  /// The settings that a process starts with; rules are derived from the host's own.
  package var settings: (_ host: Int, Settings) -> Settings = { $1 }
  /// The clocks as the node reads them.
  package var clock: (_ host: Int, Now) -> Now = { $1 }
  /// What the node gets in place of an event; nil takes it away.
  package var event: (_ host: Int, Event) -> Event? = { $1 }
  /// What becomes of its effects. The event is the one that really came.
  package var effects: (_ host: Int, Event, [Effect]) -> [Effect] = { $2 }
  /// What becomes of its deadline.
  package var deadline: (_ host: Int, Instant) -> Instant = { $1 }
  /// What it shows of itself.
  package var status: (_ host: Int, StatusSnapshot) -> StatusSnapshot = { $1 }
  /// Rules that are not looked at, to see whether another one finds the bug as well.
  package var ignored: Set<Violation.Rule> = []

  package init() {}
}
