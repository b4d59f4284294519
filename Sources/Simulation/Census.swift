// What nodes said of each other in a run, counted: who was called suspect and dead, rightly or not, and when.

package import Gossip

/// The account of changes of members.
package struct Census: Sendable {
  /// One change of one member in one node's list.
  package struct Change: Equatable, Sendable {
    package var time: Instant
    /// Whose list.
    package var observer: Int
    package var address: Address
    package var from: MemberStatus?
    package var to: MemberStatus
    package var reason: Reason
    /// The member's process did run, at this address, when this was said.
    package var wasRunning: Bool
  }

  /// All changes, in order.
  package private(set) var changes: [Change] = []
  /// Running members called suspect, and called dead.
  package private(set) var falseSuspicions = 0
  package private(set) var falseDeaths = 0
  /// Members called dead that were.
  package private(set) var trueDeaths = 0

  /// Takes in one change. It is told whether the member ran, and not shown the cluster, of which the census is a part:
  /// that would copy all changes so far for each new one.
  mutating func note(_ change: Change) {
    changes.append(change)
    switch (change.to, change.wasRunning) {
    case (.suspect, true): falseSuspicions += 1
    case (.dead, true): falseDeaths += 1
    case (.dead, false): trueDeaths += 1
    case (.suspect, false), (.alive, _), (.left, _), (.replaced, _): break
    }
  }
}
