// A bug, planted at the boundary of a node: a test changes what goes in and what comes out, to see a rule fail.
//
// The rules see what really came, not what the mutation made of it: a node that ignores a datagram has a bug, and the
// datagram still came. Rejected: bugs in the core itself, as `Tests/Deploy` has two. They are the real thing, but each
// needs a build of its own, and forty builds are more than a test run can do.

package import Gossip

/// A planted bug.
package struct Mutation {
  /// The settings that a process starts with. The rules go by the host's own.
  package var settings: (_ host: Int, Settings) -> Settings = { $1 }
  /// The clocks as the node reads them.
  package var clock: (_ host: Int, Now) -> Now = { $1 }
  /// What the node gets in place of an event; nil drops it.
  package var event: (_ host: Int, Event) -> Event? = { $1 }
  /// What becomes of its effects. The event is the one that really came.
  package var effects: (_ host: Int, Event, [Effect]) -> [Effect] = { $2 }
  /// What becomes of its deadline.
  package var deadline: (_ host: Int, Instant) -> Instant = { $1 }
  /// What it shows of itself.
  package var status: (_ host: Int, StatusSnapshot) -> StatusSnapshot = { $1 }

  package init() {}
}
