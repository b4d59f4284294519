// What a checker may look up in a node after each step, at the price of a search and not of a whole status.
//
// `status` copies every member out and is right for people and for now and then. Rejected: opening the member list
// itself to other modules, which would let them depend on its form.

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
  package var memberCount: Int { members.count }

  /// How many of them are alive or suspect, and the digest of those: equal digests are, but for a chance of one in 2^64,
  /// equal lists.
  package var liveMembers: (count: Int, digest: UInt64) { (members.liveCount, members.digest) }

  /// What is held of the member at this place of the list, which is in address order.
  package func claim(at index: Int) -> HeldClaim {
    let record = members[index].record
    return HeldClaim(address: record.address, incarnation: record.incarnation, state: record.state)
  }

  /// What is held of this address; nil when it is no member, dead or alive.
  package func claim(about address: Address) -> HeldClaim? { members.index(of: address).map { claim(at: $0) } }

  /// What is shown of the copy of the member at this place of the list.
  package func copy(at index: Int) -> ShownCopy {
    ShownCopy(
      address: members[index].address, incarnation: members[index].incarnation, stamp: members[index].stamp,
      convergence: convergence(of: members[index]))
  }

  /// What is shown of the copy of the member at this address; nil when it is no member.
  package func copy(of address: Address) -> ShownCopy? { members.index(of: address).map { copy(at: $0) } }

  /// When the probe under way fails if nobody answers it, by the clock outside; nil between two probes.
  package var probeEnd: Instant? { probe.attempt.map { $0.time(of: settings.probeTimeout) + stalled } }
}
