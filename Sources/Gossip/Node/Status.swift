// What a node tells about itself when asked: the state behind `/members`, `/readyz` and `/metrics`; and what a checker looks
// up after each step, at the price of a search and not of a whole status.
//
// `status` copies every member out and is right for people and for now and then. Rejected: opening the member list
// itself to other modules, which would let them depend on its form.

/// How a member's copy compares with ours, as far as we know: from what it said itself, in the incarnation that we list.
package enum Convergence: String, Equatable, Sendable, CaseIterable {
  /// It had our stamp, or a greater one, when last heard. As stamps only grow, it has it for as long as its process lives.
  case current
  /// It was heard since we have our stamp, and held an older one when it spoke: it may have ours by now.
  case behind
  /// It was not heard since we have our stamp, and what it holds nobody here knows.
  case unheard
}

/// One member, as this node sees it.
package struct MemberView: Equatable, Sendable {
  package var name: String
  package var address: Address
  package var httpPort: UInt16
  package var status: MemberStatus
  package var incarnation: UInt64
  /// The greatest stamp heard from it in this incarnation; nil when none was.
  package var stamp: Stamp?
  /// Time since it was last heard; nil when it never was. Zero for ourselves.
  package var lastHeard: Duration?
  /// Smoothed round-trip time; nil when it was never measured.
  package var roundTrip: Duration?
  /// For a live member other than ourselves; nil otherwise.
  package var convergence: Convergence?
  /// Whether it is this node.
  package var isSelf: Bool
}

/// How many live members, ourselves not counted, are in each class of `Convergence`.
package struct ConvergenceCount: Equatable, Sendable {
  package var current = 0
  package var behind = 0
  package var unheard = 0
  package init() {}
}

/// A node's whole public state, copied out at one moment.
package struct StatusSnapshot: Equatable, Sendable {
  package var stamp: Stamp
  /// Nil until the node is ready.
  package var readiness: Readiness?
  /// Members say so of our advertised address; nil when they do not.
  package var addressRefused: RefusedAddress?
  package var isLeaving: Bool
  /// In address order, ourselves among them.
  package var members: [MemberView]
  package var convergence: ConvergenceCount
  /// Writes accepted by this node.
  package var sets: UInt64
  /// Of those, the ones whose place a write of the same generation took.
  package var lostWrites: UInt64
  /// The last of them, oldest first; at most `Register.keptLosses`.
  package var recentLosses: [LostWrite]
  /// Live members whose incarnation is too far above our clock: one of both clocks is wrong by days.
  package var clocksAhead: Int
  /// Stamps that were given up because no clock allows them.
  package var retractions: UInt64
  /// 0 is well; each point slows our own accusations (Lifeguard, section IV.A).
  package var localHealth: Int
  package var counters: Counters
}

extension Node {
  /// Everything that people may ask about, copied out. Takes time in proportion to the members.
  package func status(at real: Now) -> StatusSnapshot {
    let time = real.monotonic - stalled
    let names = namesOfTheLiving()
    var count = ConvergenceCount()
    let views = (0..<context.members.count).map { index in
      let view = view(of: context.members[index], at: time, names)
      switch view.convergence {
      case .current: count.current += 1
      case .behind: count.behind += 1
      case .unheard: count.unheard += 1
      case nil: break
      }
      return view
    }
    let ceiling = Ceiling(wall: real.wall, released: context.settings.released).tolerated
    let clocksAhead = views.count {
      !$0.isSelf && $0.incarnation > ceiling && ($0.status == .alive || $0.status == .suspect)
    }
    return StatusSnapshot(
      stamp: register.stamp, readiness: readiness.state, addressRefused: reachability.refused?.why,
      isLeaving: leaving.isUnderWay, members: views, convergence: count, sets: register.sets,
      lostWrites: register.lostWrites, recentLosses: register.recentLosses,
      clocksAhead: clocksAhead, retractions: register.retractions, localHealth: probe.localHealth, counters: counters)
  }

  private func view(of member: Member, at time: Instant, _ names: [(String, UInt64)]) -> MemberView {
    let isSelf = member.address == context.ourselves
    let record = member.record
    let isReplaced = record.state == .dead && Node.isHeld(record.name, above: record.incarnation, names)
    return MemberView(
      name: record.name, address: record.address, httpPort: record.httpPort,
      status: isReplaced ? .replaced : record.state.status, incarnation: record.incarnation,
      stamp: isSelf ? register.stamp : member.stamp,
      lastHeard: isSelf ? .zero : member.heard.map { max(time - $0, .zero) },
      roundTrip: member.roundTrip.estimate, convergence: isSelf ? nil : convergence(of: member), isSelf: isSelf)
  }

  /// In which of the three classes a live member is.
  func convergence(of member: Member) -> Convergence? {
    guard member.isLive else { return nil }
    guard let stamp = member.stamp, let heard = member.heard else { return .unheard }
    if stamp >= register.stamp { return .current }
    return heard > register.changed ? .behind : .unheard
  }

  /// The names of live members with their incarnations, sorted by name.
  private func namesOfTheLiving() -> [(String, UInt64)] {
    guard context.members.tombstones > 0 else { return [] }
    return (0..<context.members.count).map { context.members[$0] }.filter(\.isLive)
      .map { ($0.name, $0.incarnation) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }

  /// Whether a live member elsewhere has this name with a higher incarnation: then the dead address was replaced.
  private static func isHeld(_ name: String, above incarnation: UInt64, _ names: [(String, UInt64)]) -> Bool {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if (names[middle].0, names[middle].1) <= (name, incarnation) { low = middle + 1 } else { high = middle }
    }
    return low < names.count && names[low].0 == name
  }
}

/// What a node holds of one address: the part of a record that is merged.
package struct HeldClaim: Equatable, Sendable {
  package var address: Address
  package var incarnation: UInt64
  package var state: Record.State
}

/// What a node shows of one member's copy of the value.
package struct ShownCopy: Equatable, Sendable {
  package var address: Address
  package var incarnation: UInt64
  package var stamp: Stamp?
  package var convergence: Convergence?

  package init(address: Address, incarnation: UInt64, stamp: Stamp?, convergence: Convergence?) {
    self.address = address
    self.incarnation = incarnation
    self.stamp = stamp
    self.convergence = convergence
  }
}

extension Node {
  /// How many members are in the list, dead ones and this node included.
  package var memberCount: Int { context.members.count }

  /// How many of them are alive or suspect, and the digest of those: equal digests are, but for a chance of one in 2^64,
  /// equal lists.
  package var liveMembers: (count: Int, digest: UInt64) { (context.members.liveCount, context.members.digest) }

  /// What is held of the member at this place of the list, which is in address order.
  package func claim(at index: Int) -> HeldClaim {
    let record = context.members[index].record
    return HeldClaim(address: record.address, incarnation: record.incarnation, state: record.state)
  }

  /// What is held of this address; nil when it is no member, dead or alive.
  package func claim(about address: Address) -> HeldClaim? { context.members.index(of: address).map { claim(at: $0) } }

  /// What is shown of the copy of the member at this place of the list.
  package func copy(at index: Int) -> ShownCopy {
    ShownCopy(
      address: context.members[index].address, incarnation: context.members[index].incarnation,
      stamp: context.members[index].stamp,
      convergence: convergence(of: context.members[index]))
  }

  /// What is shown of the copy of the member at this address; nil when it is no member.
  package func copy(of address: Address) -> ShownCopy? { context.members.index(of: address).map { copy(at: $0) } }

  /// When the probe under way fails if nobody answers it, by the clock outside; nil between two probes.
  package var probeEnd: Instant? { probe.attempt.map { $0.time(of: context.settings.probeTimeout) + stalled } }
}

extension Node {
  /// Takes over a list of members, which names this node as it names itself. Only for one that has met nobody yet.
  package mutating func meet(_ acquaintances: Membership) {
    precondition(context.members.count == 1, "it has met somebody")
    guard let index = acquaintances.index(of: context.ourselves), acquaintances[index].record == context.ownRecord
    else {
      preconditionFailure("the list says something else of this node than it does")
    }
    context.members = acquaintances
    // It is changed soon in any case. Were it copied then, without room, the first newcomer would have all nodes copy
    // theirs once more, and what these leave behind is too small for the copies of others.
    context.members.makeRoom()
  }
}
