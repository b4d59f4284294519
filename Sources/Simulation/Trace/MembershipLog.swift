// What nodes said of each other in a run: which member's status changed in whose list and when, and whether they were
// right.

package import Gossip

/// Every change of a member in any node's list.
package struct MembershipLog: Sendable {
  /// One change of one member in one node's list.
  package struct Change: Equatable, Sendable {
    package var time: Instant
    /// Whose list.
    package var observer: Int
    package var address: Address
    package var from: MemberStatus?
    package var to: MemberStatus
    package var reason: Reason
    /// The member's process ran at this address at that time.
    package var wasRunning: Bool
  }

  /// All changes, in order.
  package private(set) var changes: [Change] = []
  /// Running members marked suspect or dead.
  package private(set) var falseAlarms = FalseAlarms()
  /// Members marked dead whose process had ended.
  package private(set) var trueDeaths = 0

  /// Takes in one change. The change says whether the member ran: handing the cluster in, of which this log is a part,
  /// would copy all changes so far for each new one.
  mutating func note(_ change: Change) {
    changes.append(change)
    switch (change.to, change.wasRunning) {
    case (.suspect, true): falseAlarms.suspicions += 1
    case (.dead, true): falseAlarms.deaths += 1
    case (.dead, false): trueDeaths += 1
    case (.suspect, false), (.alive, _), (.left, _), (.replaced, _): break
    }
  }
}

/// How often nodes marked a running member suspect, and dead.
package struct FalseAlarms: Equatable, Sendable {
  package var suspicions = 0
  package var deaths = 0

  package static func - (later: FalseAlarms, earlier: FalseAlarms) -> FalseAlarms {
    var difference = later
    difference.suspicions -= earlier.suspicions
    difference.deaths -= earlier.deaths
    return difference
  }
}
