// A node's answers about itself: the state behind `/members`, `/readyz` and `/metrics`, and the queries that a checker
// makes after each step, which cost a search and not a whole status.
//
// `status` copies every member, which is fine for people and for occasional use. Rejected: opening the member list
// itself to other modules, which would then depend on its layout.

/// How a member's copy compares with ours, as far as we know from its own datagrams in the incarnation that we list.
package enum Convergence: String, Equatable, Sendable, CaseIterable {
  /// It held our stamp or a greater one when we last heard from it. Stamps only grow, so it keeps at least that for as
  /// long as its process lives.
  case current
  /// We heard from it after we got our stamp, and it held an older one: it may have ours by now.
  case behind
  /// We have not heard from it since we got our stamp, so we do not know what it holds.
  case unheard
}

/// One member, as this node sees it.
package struct MemberView: Equatable, Sendable {
  package var name: String
  package var address: Address
  package var httpPort: UInt16
  package var status: MemberStatus
  package var incarnation: UInt64
  /// The greatest stamp that it sent us in this incarnation; nil when it sent none.
  package var stamp: Stamp?
  /// The time since we last heard from it; nil when we never did. Zero for ourselves.
  package var lastHeard: Duration?
  /// Smoothed round-trip time; nil when it was never measured.
  package var roundTrip: Duration?
  /// Nil for ourselves and for members that are not active.
  package var convergence: Convergence?
  /// Whether it is this node.
  package var isSelf: Bool
}

/// How many active members other than ourselves are in each class of `Convergence`.
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
  /// What members say is wrong with our advertised address; nil when they say nothing.
  package var addressProblem: RefusedAddress?
  package var isLeaving: Bool
  /// In address order, ourselves among them.
  package var members: [MemberView]
  package var convergence: ConvergenceCount
  /// Writes accepted by this node.
  package var sets: UInt64
  /// How many of them lost their place to another write of the same generation.
  package var lostWrites: UInt64
  /// The most recent losses, oldest first; at most `Register.keptLosses`.
  package var recentLosses: [LostWrite]
  /// How many active members have an incarnation too far above our clock: one of the two clocks is wrong by days.
  package var clocksAhead: Int
  /// How many stamps we gave up because no clock allows them.
  package var retractions: UInt64
  /// 0 is healthy; each point slows our own accusations (Lifeguard, section IV.A).
  package var localHealth: Int
  package var counters: Counters
}

extension Node {
  /// A copy of everything that people may ask about. It takes time in proportion to the number of members.
  package func status(at real: Now) -> StatusSnapshot {
    let time = real.monotonic - stalled
    let names = activeNames()
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
      stamp: register.stamp, readiness: readiness.state, addressProblem: reachability.complaint?.why,
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

  /// The class of an active member; nil for others.
  func convergence(of member: Member) -> Convergence? {
    guard member.isActive else { return nil }
    guard let stamp = member.stamp, let heard = member.heard else { return .unheard }
    if stamp >= register.stamp { return .current }
    return heard > register.changed ? .behind : .unheard
  }

  /// The names of active members with their incarnations, sorted by name.
  private func activeNames() -> [(String, UInt64)] {
    guard context.members.tombstones > 0 else { return [] }
    return (0..<context.members.count).map { context.members[$0] }.filter(\.isActive)
      .map { ($0.name, $0.incarnation) }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }

  /// Whether an active member at another address has this name with a higher incarnation: then the dead address was
  /// replaced.
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

/// A node's record of one address, reduced to what merging compares.
package struct HeldClaim: Equatable, Sendable {
  package var address: Address
  package var incarnation: UInt64
  package var state: Record.State
}

/// A node's view of one member's copy of the value.
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
  /// How many members are listed, including dead ones and this node.
  package var memberCount: Int { context.members.count }

  /// How many of them are active, and their digest: except for a chance of one in 2^64, equal digests mean equal lists.
  package var activeMembers: (count: Int, digest: UInt64) { (context.members.activeCount, context.members.digest) }

  /// The claim held about the member at this position of the list, which is in address order.
  package func claim(at index: Int) -> HeldClaim {
    let record = context.members[index].record
    return HeldClaim(address: record.address, incarnation: record.incarnation, state: record.state)
  }

  /// The claim held about this address; nil when it is no member, dead or alive.
  package func claim(about address: Address) -> HeldClaim? { context.members.index(of: address).map { claim(at: $0) } }

  /// The view of the copy of the member at this position of the list.
  package func copy(at index: Int) -> ShownCopy {
    ShownCopy(
      address: context.members[index].address, incarnation: context.members[index].incarnation,
      stamp: context.members[index].stamp,
      convergence: convergence(of: context.members[index]))
  }

  /// The view of the copy of the member at this address; nil when it is no member.
  package func copy(of address: Address) -> ShownCopy? { context.members.index(of: address).map { copy(at: $0) } }

  /// When the current probe fails if nobody answers it, by the caller's clock; nil between two probes.
  package var probeEnd: Instant? { probe.attempt.map { $0.time(of: context.settings.probeTimeout) + stalled } }
}

extension Node {
  /// Takes over a member list, which must hold this node's own record. Only for a node that has met nobody yet.
  package mutating func preload(_ list: Membership) {
    precondition(context.members.count == 1, "it has met somebody")
    guard let index = list.index(of: context.ourselves), list[index].record == context.ownRecord
    else {
      preconditionFailure("the list says something else of this node than it does")
    }
    context.members = list
    // The list is shared now and changes soon. If each node copied it without spare room at that point, the first
    // newcomer would make all of them copy it again, and the freed copies would be too small to be reused.
    context.members.makeRoom()
  }
}
