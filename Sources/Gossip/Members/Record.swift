// A claim about a member, and the order in which one claim replaces another.
//
// The order is SWIM's (section 4.2): a higher incarnation replaces a lower one, and within an incarnation the worse
// state replaces the better one. Rejected: making accusers part of that order (merging would drop confirmations as
// known).

/// A claim about one member: the unit of gossip.
package struct Record: Equatable, Sendable {
  package var address: Address
  package var incarnation: UInt64
  package var state: State
  package var name: String
  package var httpPort: UInt16
  /// The accuser, when the state is suspect or dead; otherwise nil.
  package var accuser: Address?

  package init(
    address: Address, incarnation: UInt64, state: State, name: String, httpPort: UInt16, accuser: Address? = nil
  ) {
    self.address = address
    self.incarnation = incarnation
    self.state = state
    self.name = name
    self.httpPort = httpPort
    self.accuser = accuser
  }

  /// The claimed state of a member, in the order in which one claim outranks another of the same incarnation. Only the
  /// member itself can raise its incarnation and so return from any of them.
  package enum State: UInt8, Comparable, CaseIterable, Sendable {
    /// It runs. Can move to: suspect, dead, left.
    case alive = 0
    /// It did not answer. Can move to: dead, left, and alive by a higher incarnation.
    case suspect
    /// Some member's suspicion timer ran out. Can move to: left, and alive or suspect by a higher incarnation.
    case dead
    /// It said goodbye. Can move to: alive by a higher incarnation.
    case left

    package static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  /// Whether this claim replaces the other: the one order of the protocol, by incarnation and then by state.
  /// Accusers stand outside it (see `Suspicion`).
  package func outranks(_ other: Record) -> Bool {
    (incarnation, state) > (other.incarnation, other.state)
  }
}

/// The status that people see. `replaced` is a dead member whose name is now active at another address.
package enum MemberStatus: String, Equatable, Sendable, CaseIterable {
  case alive, suspect, dead, left, replaced
}

extension Record.State {
  /// The same state, for people.
  var status: MemberStatus {
    switch self {
    case .alive: .alive
    case .suspect: .suspect
    case .dead: .dead
    case .left: .left
    }
  }
}
