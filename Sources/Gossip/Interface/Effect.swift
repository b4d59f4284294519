// Everything that a node wants done, in the imperative. This is the one door out: `Node.handle` returns effects in
// order.

/// The result of a client's write or of a notify.
package enum Answer: Equatable, Sendable {
  /// The write was accepted as this stamp, or the notified stamp was merged (even if we held a greater one).
  case accepted(Stamp)
  /// The generation is above this ceiling (see `Ceiling`): refused, nothing changed.
  case aboveCeiling(UInt64)
  /// Too many writes wait for the first stamp: try again in a second.
  case overloaded
  /// This node does not know the value, and cannot learn it from a node that may: refused, nothing changed.
  case heldBack(Obstacle)
}

/// The receiver of a `/notify/<value>/<generation>`.
package enum NotifyTarget: Equatable, Sendable {
  /// The member with this UDP address, which names it in `Event.connectionRefused` and `Event.notifyDelivered`. `http`
  /// is where to post: the same IP address with its HTTP port.
  case member(Address, http: Address)
  /// The peer with this index in the list of extra peers (`--notify`).
  case peer(Int)
}

/// Something to be done.
package enum Effect: Equatable, Sendable {
  /// Send these bytes over UDP. They are never more than `Wire.maximumSize`, and may be lost.
  case send([UInt8], to: Address)
  /// Post the stamp over HTTP.
  case notify(NotifyTarget, Stamp)
  /// Show this stamp to readers that bypass the node. Merge it: the greater wins. It comes before any `answer` that
  /// depends on it.
  case publish(Stamp)
  /// Show this stamp although readers saw a greater one, which was accepted while the clock was wrong by years. Several
  /// threads may carry out effects at once: stamps published before `Node.retractions` rose no longer count.
  case retract(Stamp)
  /// Answer the client. Each `setRequested` and each `notified` gets exactly one answer.
  case answer(RequestID, Answer)
  /// Look up the seed with this index in `Settings.seeds`, and hand in the result as `Event.resolved`.
  case resolve(seed: Int)
  /// Answer `/readyz` with this from now on. Several threads may carry out effects at once: then `Node.readinessState`
  /// counts.
  case readiness(ReadinessState)
  /// Report this to people.
  case report(Report)
  /// Leaving is done: `confirmed` members are known to have heard of it. Stop.
  case left(confirmed: Int)
}

/// Something that people want to know. It becomes a line of the log.
package enum Report: Equatable, Sendable {
  /// We took over a stamp that another node wrote; `notifier` is the member's name, or the name in the notify.
  case valueChanged(from: Stamp, to: Stamp, notifier: String)
  /// Two values were written in one generation and the greater one stayed.
  case concurrentWrites(kept: Stamp, dropped: Stamp)
  /// We gave up a stamp that no clock allows for another: our clock was wrong by years and has been set right.
  case stampGivenUp(Stamp, for: Stamp)
  /// This member's claim is so far above our clock that one of the two clocks is wrong by more than we tolerate.
  /// Reported at once, and then more and more rarely.
  case clocksDiffer(name: String, Address, by: Duration)
  /// A write that this node accepted was lost to a concurrent one.
  case writeLost(Stamp, to: Stamp)
  /// A member's status changed, or a member was seen for the first time (`from` is nil).
  case memberChanged(name: String, Address, from: MemberStatus?, to: MemberStatus, because: Reason)
  /// A dead or left member was forgotten.
  case memberForgotten(name: String, Address)
  /// The node knows what the cluster holds, or need no longer wait for it: from now on it accepts writes at once.
  case ready(Readiness)
  /// The members and the state, every five seconds and after a change. Above 32 members, only those that changed since
  /// the last report are listed; `live` counts all active ones.
  case summary(members: [MemberSummary], live: Int, stamp: Stamp)
  /// This process did not run for this long. Nobody is accused because of it.
  case stalled(Duration)
  /// Another process says that our advertised address cannot be reached, or that someone else answers there.
  case advertisedAddressRefused(by: Address, RefusedAddress)
  /// A member reaches us at our advertised address, which others had said was wrong; nil when nobody says so any more.
  case advertisedAddressReached(by: Address?)
  /// Seed number `seed` does not resolve. Reported at the first failure, and then more and more rarely.
  case seedUnresolved(seed: Int, failure: String)
  /// No seed has answered so far. Reported after 3 s, and then more and more rarely.
  case noSeedAnswered(attempts: Int)
  /// This node cannot learn the value from a node that may hold it, and waits. Reported at first, and then more and more
  /// rarely.
  case heldBack(Obstacle)
  /// With this incarnation we refuted a record of us that we did not make; it claimed this status.
  case refuted(MemberStatus, incarnation: UInt64)
}

/// Why a node became ready.
package enum Readiness: Equatable, Sendable {
  /// It received the first stamp from a ready peer.
  case synchronised
  /// It has no seeds, or they are all itself.
  case first
  /// Seeds are configured, but no ready one answered in time.
  case alone
}

/// Whether a node may serve clients: the answer to `/readyz`.
package enum ReadinessState: Equatable, Sendable {
  /// It is waiting for the first stamp. Can move to: ready, unreachable, heldBack, leaving.
  case starting
  /// It may serve clients. Can move to: unreachable, leaving; and heldBack, if it became ready alone and nobody has
  /// written since.
  case ready(Readiness)
  /// A member says that our advertised address does not lead to us. We list others, but nobody lists us: writes made
  /// here spread, and writes made elsewhere arrive late. Can move to: starting, ready, leaving.
  case unreachable(RefusedAddress, by: Address)
  /// The value may be where we cannot read it, and nobody that we understand has vouched for a stamp. Can move to:
  /// starting, ready, unreachable, leaving.
  case heldBack(Obstacle)
  /// It was asked to stop: it announces that it leaves, and connections are drained. Can move to: nothing.
  case leaving
}

/// Why a member's status changed.
package enum Reason: Equatable, Sendable {
  /// It is this node itself.
  case ourselves
  /// It joined: it answered at its advertised address.
  case joined
  /// A member told us about it.
  case told(by: Address)
  /// It answered again, or refuted an accusation.
  case refuted
  /// It did not answer our probe, direct or indirect.
  case probeFailed
  /// It stayed suspect until the suspicion expired, and our own pings stayed unanswered.
  case suspicionExpired(unansweredPings: Int)
  /// It said that it leaves.
  case announced
}

/// One member in a line of the log.
package struct MemberSummary: Equatable, Sendable {
  package var name: String
  package var address: Address
  package var status: MemberStatus
  package init(name: String, address: Address, status: MemberStatus) {
    self.name = name
    self.address = address
    self.status = status
  }
}
