// What every part of a node may read: the node's identity, its settings, the time, and the member list.
//
// A part gets this for one call, along with the generator and the outbox, and keeps none of it. Only `Node` writes it,
// and it writes the member list only where it merges claims and receives datagrams. Rejected: passing each part just
// what it reads (a dozen arguments, most of them the same), and letting parts hold references (then nobody can say
// which part changed the list).

/// What a part may read during an event.
struct Context: Sendable {
  let identity: Identity
  let settings: Settings
  /// The time of the current event. Its monotonic part leaves out the stalls of this process.
  var now: Now
  var members: Membership

  /// The monotonic time of the current event.
  var time: Instant { now.monotonic }

  /// The address that identifies this node.
  var ourselves: Address { identity.address }

  /// How many active members there are besides us. A node that leaves is not active in its own list, and then this is
  /// one too few.
  var others: Int { members.activeCount - 1 }

  var ceiling: Ceiling { Ceiling(wall: now.wall, released: settings.released) }

  /// Our record of ourselves.
  var ownRecord: Record { members[ownIndex].record }

  /// Our own incarnation, which only we raise.
  var ownIncarnation: UInt64 { members[ownIndex].incarnation }

  var ownIndex: Int {
    guard let index = members.index(of: identity.address) else { preconditionFailure("a node is in its own list") }
    return index
  }

  /// Whether an active member has this address.
  func isActive(_ address: Address) -> Bool { members.index(of: address).map { members[$0].isActive } ?? false }

  /// Whether a datagram to this address can reach the member that is meant. A loopback address means whatever process
  /// has it on this machine. Only nodes that all advertise one mean the same by it; otherwise only the member's own
  /// word shows that it is here.
  func canReach(_ address: Address) -> Bool {
    switch settings.reach {
    case .ipv4 where !address.isIPv4, .ipv6 where address.isIPv4: false
    case .ipv4, .ipv6, .both: !address.isLoopback || ourselves.isLoopback
    }
  }

  /// Whether to verify the address that a datagram from this source claims. We accept a loopback address only if the
  /// datagram came over loopback: otherwise it would make us ping whatever listens on this machine, and admit a node
  /// that only we can reach.
  func canVerify(_ claimed: Address, seenAt source: Address) -> Bool {
    canReach(claimed) || (claimed.isLoopback && source.isLoopback && claimed.isIPv4 == source.isIPv4)
  }

  /// How many times longer than in a LAN this member's answers may take: 1 while its round trips stay below the time
  /// between two pings, so that the second ping is sent only when the first is late.
  ///
  /// A member's slow first answers count only if other members are slow too: it gave most of them while it joined. When
  /// a hundred members joined at once on one machine, one in ten was later declared dead only after four seconds
  /// because of them.
  func timeoutMultiplier(for member: Member) -> Double {
    let own = member.roundTrip.bound
    let all = members.roundTrip.bound
    let bound = member.answers >= Context.answersNeeded ? own : member.hasAnswered ? min(own, all) : all
    let spacing = settings.directPings.count > 1 ? settings.directPings[1] : settings.probeTimeout
    return min(max(1, Double(bound) / Double(spacing.microseconds)), Context.largestMultiplier)
  }

  /// After this many answers, a member's own measurements count. Each answer halves the effect of a slow first one.
  /// Until then, a member that alone is more than 0.35 s away is suspected now and then.
  private static let answersNeeded = 4
  /// Probes wait for round trips of up to 0.7 s; with more, a probe would take minutes at the worst local health.
  private static let largestMultiplier = 10.0
}
