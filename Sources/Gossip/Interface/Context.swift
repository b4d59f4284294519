// What every part of a node may read: who the node is, its settings, the time, and the list of members.
//
// A part is handed this for the length of one call, beside the generator and the outbox, and keeps none of it. Only `Node`
// writes it, and the list of members is written only where claims are merged and where datagrams come in. Rejected: giving
// each part just what it reads (a dozen arguments, most of them the same), and letting parts hold references (then nobody
// can say who changed the list).

/// What a part may read during an event.
struct Context: Sendable {
  let identity: Identity
  let settings: Settings
  /// The time of the event in hand. Its monotonic part leaves out the stalls of this process.
  var now: Now
  var members: Membership

  /// The monotonic time of the event in hand.
  var time: Instant { now.monotonic }

  /// The address that this node is known by.
  var ourselves: Address { identity.address }

  /// Live members but ourselves. A node that leaves is not live in its own list, and then this is one too few.
  var others: Int { members.liveCount - 1 }

  var ceiling: Ceiling { Ceiling(wall: now.wall, released: settings.released) }

  /// What we say of ourselves.
  var ownRecord: Record { members[ownIndex].record }

  /// Our own, which we alone raise.
  var ownIncarnation: UInt64 { members[ownIndex].incarnation }

  var ownIndex: Int {
    guard let index = members.index(of: identity.address) else { preconditionFailure("a node is in its own list") }
    return index
  }

  /// Whether a live member has this address.
  func isLive(_ address: Address) -> Bool { members.index(of: address).map { members[$0].isLive } ?? false }

  /// Whether what is sent to this address can come to the one who is meant. A loopback address is whoever has it on this
  /// machine: only among nodes that all advertise one do they mean the same, and otherwise only the member's own word
  /// shows that it is here.
  func canReach(_ address: Address) -> Bool {
    switch settings.reach {
    case .ipv4 where !address.isIPv4, .ipv6 where address.isIPv4: false
    case .ipv4, .ipv6, .both: !address.isLoopback || ourselves.isLoopback
    }
  }

  /// Whether it makes sense to ask at an address that a datagram from this source claims. A loopback address is believed
  /// to be its sender's own only if the datagram came over loopback: from elsewhere it would have us ask whoever listens
  /// on this machine, and let in a node that only we can reach.
  func canAsk(_ claimed: Address, seenAt source: Address) -> Bool {
    canReach(claimed) || (claimed.isLoopback && source.isLoopback && claimed.isIPv4 == source.isIPv4)
  }

  /// How many times longer than in a LAN this member's answers may take: 1 while its round trips stay below the
  /// distance of two pings, so that the second ping is sent only when the first is late.
  ///
  /// A member's first answers are believed to be slow only where others are slow, too: most were given when it joined,
  /// and with a hundred that join at once on one machine, every tenth was later called dead after four seconds for them.
  func timeoutMultiplier(for member: Member) -> Double {
    let own = member.roundTrip.bound
    let all = members.roundTrip.bound
    let bound = member.answers >= Context.answersBelieved ? own : member.hasAnswered ? min(own, all) : all
    let spacing = settings.directPings.count > 1 ? settings.directPings[1] : settings.probeTimeout
    return min(max(1, Double(bound) / Double(spacing.microseconds)), Context.largestMultiplier)
  }

  /// From so many answers on, a member is known by itself. Each halves what a slow first one brought; until then a member
  /// that alone is more than 0.35 s away is suspected now and then.
  private static let answersBelieved = 4
  /// Round trips up to 0.7 s are waited for; beyond that a probe would take minutes at the worst local health.
  private static let largestMultiplier = 10.0
}
