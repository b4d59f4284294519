// The rules that a cluster must keep, and what is reported of one that was broken.
//
// Each rule says one thing, so that its name in a report is half of the diagnosis, and so that for each a bug can be
// planted that no other rule finds (`PlantedBugTests`). Rejected: one rule "the cluster agrees", which every fault of
// the protocol breaks sooner or later, and which does not say where to look.

package import Gossip

/// A rule that was broken, when and by whom.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
  /// The rules of each step, of the end of all faults, and of the quiet after it.
  package enum Rule: String, CaseIterable, Sendable {
    // After each step, whatever the network does.

    /// Published stamps only grow while a process runs.
    case stampsGrow
    /// What is published is what the node holds.
    case publishedIsHeld
    /// Nobody holds a stamp that nobody wrote.
    case stampsAreWritten
    /// Each request of a client is answered exactly once, a notify at once.
    case answeredOnce
    /// A write is accepted as what was asked for, on top of what was held.
    case answersAreTrue
    /// When another value takes the generation of a write, the node that accepted the write reports it as lost.
    case lossIsTold
    /// No write is reported as lost to one that was made on top of it, and none twice.
    case lossIsTrue
    /// No process vouches for its stamp, or accepts a write, before it heard a process that vouches or its time to wait
    /// for one is over. So nobody writes behind the back of members that can be reached.
    case vouchesForWhatIsKnown
    /// No client's write is accepted behind a stamp that a member held for longer than stamps take to all in reach.
    case writesAreOnTop
    /// No datagram is longer than its kind may be, or goes where none can arrive.
    case datagramSize
    /// A stranger gets no more than it sent.
    case noAmplification
    /// No process sends more datagrams in a second than its limits and the questions that came add up to.
    case trafficIsBounded
    /// Time goes on: a node that was woken is not due any more, except for a few parts that take turns.
    case deadlineMovesOn
    /// No event has too many effects.
    case effectsAreBounded
    /// Only addresses that a process had are members.
    case membersExist
    /// Nobody holds a member at an incarnation that nobody gave it.
    case incarnationsAreOwn
    /// No accusation that is sent names an accuser that did not make it.
    case accusationsAreOwn
    /// A node that hears a live member's own newer word holds it alive: no lie about it survives its answer.
    case ownWordCounts
    /// Nobody marks a member dead that it did not suspect, and ping itself, in vain, often enough.
    case deathIsProven
    /// What a node shows of a member's copy is true: the member's process held that stamp, and a member that is shown
    /// as behind was heard since ours changed.
    case copiesAreShownTruly
    /// Nobody says that it is ready twice, or leaves without being asked.
    case lifeIsOrdered

    // When the faults have ended, within a bound.

    /// Every node is ready.
    case readyInTheEnd
    /// A process that was asked to leave has gone.
    case leaveEnds
    /// Every node knows of every other that runs.
    case neverIsolated
    /// All nodes hold the same stamp.
    case oneValue
    /// No more writes were reported as lost than were lost.
    case lossesAreReal
    /// No live member is held suspect, dead or left.
    case aliveIsAlive
    /// No process that does not run is held alive or suspect.
    case deadIsDead
    /// All nodes hold each live member at the incarnation that it has now.
    case newestLife

    // And then, in quiet.

    /// A member that has gone is forgotten in time, and does not return by the memory of a node that slept.
    case deadAreForgotten

    /// A write on any node is accepted and stays.
    case writable
    /// Every node comes to see that every other holds what it holds.
    case allAreCurrent
    /// All keep agreeing, and nobody is accused.
    case quiescent
    /// Most know that a node has left before anybody finds it dead.
    case goodbyeIsHeard
  }

  package var rule: Rule
  package var host: Int
  package var time: Instant
  package var detail: String

  package var description: String {
    "\(rule.rawValue) broken by n\(host) at \(time.inWords): \(detail)"
  }
}
