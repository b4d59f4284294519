// Everything that a node wants done, in the imperative. One door out: what `Node.handle` returns, in order.

/// What came of a client's write or of a notify.
package enum Answer: Equatable, Sendable {
  /// The write was accepted as this stamp; or the notified stamp was merged (also when we held a greater one).
  case accepted(Stamp)
  /// The generation is above this ceiling (see `Ceiling`): refused, nothing changed.
  case aboveCeiling(UInt64)
  /// Too many writes wait for the first stamp: try again in a second.
  case overloaded
}

/// Whom to post `/notify/<value>/<generation>` to.
package enum NotifyTarget: Equatable, Sendable {
  /// The member known by this address, at its HTTP port (the address that is given here has that port), with the
  /// member's own UDP address, to name it in `Event.connectionRefused` and `Event.notifyDelivered`.
  case member(Address, http: Address)
  /// The peer with this index in the list of extra peers (`--notify`).
  case peer(Int)
}

/// Something to be done.
package enum Effect: Equatable, Sendable {
  /// Send these bytes by UDP. Never more than `Wire.maximumSize`; losing them is allowed.
  case send([UInt8], to: Address)
  /// Post the stamp over HTTP.
  case notify(NotifyTarget, Stamp)
  /// This is the stamp now, for readers who do not come through the node. Merge it: the greater wins. Comes before any
  /// `answer` that depends on it.
  case publish(Stamp)
  /// This is the stamp now, though readers were shown a greater one: that was taken while the clock was wrong by years. Several
  /// threads may carry effects out at once: what was published before `Node.retractions` rose counts no more.
  case retract(Stamp)
  /// Answer the client. Exactly one for each `setRequested` and `notified`.
  case answer(RequestID, Answer)
  /// Look up the seed with this index in `Settings.seeds`, and bring `Event.resolved`.
  case resolve(seed: Int)
  /// `/readyz` says this from now on. Several threads may carry effects out at once: then what `Node.readinessState` says
  /// counts.
  case readiness(ReadinessState)
  /// Tell the people.
  case report(Report)
  /// Leaving is done: `confirmed` members are known to have heard of it. Stop.
  case left(confirmed: Int)
}

/// Something that people want to know: it becomes a line of the log.
package enum Report: Equatable, Sendable {
  /// A stamp that another made is ours now; `notifier` is the member's name, or what the notify said.
  case valueChanged(from: Stamp, to: Stamp, notifier: String)
  /// Two values were written in one generation and the greater one stayed.
  case concurrentWrites(kept: Stamp, dropped: Stamp)
  /// A stamp that no clock allows was given up for another: our clock was wrong by years and has been set right.
  case stampGivenUp(Stamp, for: Stamp)
  /// What this member says is so far above our clock that one of both is wrong by more than is tolerated; told at first and
  /// then more and more rarely.
  case clocksDiffer(name: String, Address, by: Duration)
  /// A write that this node accepted was lost to a concurrent one.
  case writeLost(Stamp, to: Stamp)
  /// A member's status changed, or a member was first seen (`from` is nil).
  case memberChanged(name: String, Address, from: MemberStatus?, to: MemberStatus, because: Reason)
  /// A dead or left member was forgotten.
  case memberForgotten(name: String, Address)
  /// The node has heard what the cluster holds, or need not wait for it any longer: writes are accepted at once from now on.
  case ready(Readiness)
  /// Every five seconds, and when something changed: the members and the state. Above 32 members only those that
  /// changed since the last time are listed; `live` counts all.
  case summary(members: [MemberSummary], live: Int, stamp: Stamp)
  /// This process did not run for so long: nobody is accused for it.
  case stalled(Duration)
  /// Another process says that our advertised address cannot be reached, or that someone else answers there.
  case advertisedAddressRefused(by: Address, RefusedAddress)
  /// A member reaches us at our advertised address, which was refused before; nil when nobody refuses it any more.
  case advertisedAddressReached(by: Address?)
  /// Seed number `seed` does not resolve; told at the first failure and then more and more rarely.
  case seedUnresolved(seed: Int, failure: String)
  /// No seed has answered so far: told at first after 3 s, then more and more rarely.
  case noSeedAnswered(attempts: Int)
  /// A record of us that we did not make was outbid with this incarnation; it said this status.
  case refuted(MemberStatus, incarnation: UInt64)
}

/// Why a node became ready.
package enum Readiness: Equatable, Sendable {
  /// It has the first stamp of a ready peer.
  case synchronised
  /// It has no seeds, or they are all itself.
  case first
  /// Seeds are configured, but no ready one answered in time.
  case alone
}

/// Whether a node may be given clients: the answer to `/readyz`.
package enum ReadinessState: Equatable, Sendable {
  /// The first stamp is awaited. Can move to: ready, unreachable, leaving.
  case starting
  /// Can move to: unreachable, leaving.
  case ready(Readiness)
  /// A member says that our advertised address does not lead to us. We list others and nobody lists us: what is written
  /// here spreads, and what is written elsewhere comes late. Can move to: starting, ready, leaving.
  case unreachable(RefusedAddress, by: Address)
  /// Asked to stop: leaving is announced, connections are drained. Can move to: nothing.
  case leaving
}

/// Why a member's status changed.
package enum Reason: Equatable, Sendable {
  /// It is this node itself.
  case ourselves
  /// It joined: it answered at its advertised address.
  case joined
  /// A member told us of it.
  case told(by: Address)
  /// It answered again, or outbid an accusation.
  case refuted
  /// It did not answer our probe, direct or indirect.
  case probeFailed
  /// It was suspect until the suspicion's time was over and our own pings stayed unanswered.
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
