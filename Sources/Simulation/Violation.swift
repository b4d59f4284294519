// The rules that a cluster must keep, and what is told of one that was broken.
//
// Each rule says one thing, so that its name in a report is half of the diagnosis, and so that for each a bug can be
// planted which no other rule sees (`PlantedBugTests`). Rejected: one rule "the cluster agrees", which every fault of
// the protocol breaks sooner or later and which says nothing about where to look.

package import Gossip

/// A rule that was broken, when and by whom.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
  /// The rules: of each step, of the end of all faults, and of the quiet after it.
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
    /// A write whose generation another value takes is told as lost where it was accepted.
    case lossIsTold
    /// No write is told as lost to one that was made on top of it, and none twice.
    case lossIsTrue
    /// No process vouches for its stamp, or accepts a write, before it heard a process that vouches or its time to wait
    /// for one is over: so nobody writes behind the back of who can be reached.
    case vouchesForWhatIsKnown
    /// No client's write is accepted behind a stamp that a member held for longer than stamps take to all in reach.
    case writesAreOnTop
    /// No datagram is longer than may travel, or goes to where none can arrive.
    case datagramSize
    /// A stranger gets no more than it sent.
    case noAmplification
    /// No process sends more datagrams in a second than its limits and the questions that came add up to.
    case trafficIsBounded
    /// Time goes on: a node that was woken is not due any more, but for a few parts that take turns.
    case deadlineMovesOn
    /// No event has too many effects.
    case effectsAreBounded
    /// Only addresses that a process had are members.
    case membersExist
    /// Nobody holds a member at an incarnation that nobody gave it.
    case incarnationsAreOwn
    /// Whoever hears a live member's own newer word holds it alive: no lie about it survives its answer.
    case ownWordCounts
    /// Nobody calls a member dead whom it did not suspect, and ping for itself, in vain, often enough.
    case deathIsProven
    /// What a node shows of a member's copy is so: the member's process held that stamp, and it was heard since ours
    /// changed if it is shown as behind.
    case copiesAreShownTruly
    /// Nobody says that it is ready twice, or leaves without being asked.
    case lifeIsOrdered

    // When the faults have ended, within a bound.

    /// Every node is ready.
    case readyInTheEnd
    /// Who was asked to leave has gone.
    case leaveEnds
    /// Every node knows of every other that runs.
    case neverIsolated
    /// All nodes hold the same stamp.
    case oneValue
    /// Not more writes were told as lost than were lost.
    case lossesAreReal
    /// No live member is held suspect, dead or left.
    case aliveIsAlive
    /// Nobody that does not run is held alive or suspect.
    case deadIsDead
    /// Of each live member all nodes hold the incarnation that it has now.
    case newestLife

    // And then, in quiet.

    /// Who has gone is forgotten in time, and does not return by the memory of one that slept.
    case deadAreForgotten

    /// A write on any node is accepted and stays.
    case writable
    /// Every node comes to see that every other holds what it holds.
    case allAreCurrent
    /// Everything stays agreed upon, and nobody is accused.
    case calm
    /// Who leaves is known by most to have left, before anybody finds it dead.
    case goodbyeIsHeard
  }

  package var rule: Rule
  package var host: Int
  package var time: Instant
  package var detail: String

  package var description: String {
    "\(rule.rawValue) broken by n\(host) at \(Trace.seconds(time)): \(detail)"
  }
}
