// What a node tells about itself when asked: the state behind `/members`, `/readyz` and `/metrics`.

/// How a member's copy compares with ours, as far as we know.
package enum Convergence: String, Equatable, Sendable, CaseIterable {
  /// It had our stamp, or a greater one, when last heard.
  case current
  /// It was heard since we have our stamp, and held an older one.
  case behind
  /// It was not heard since we have our stamp.
  case unheard
}

/// One member, as this node sees it.
package struct MemberView: Equatable, Sendable {
  package var name: String
  package var address: Address
  package var httpPort: UInt16
  package var status: MemberStatus
  package var incarnation: UInt64
  /// The last stamp heard from it; nil when it was never heard.
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

/// A write of this node that was lost, and what took its place.
package struct LostWrite: Equatable, Sendable {
  package var write: Stamp
  package var winner: Stamp
  /// Wall clock when it was found lost, microseconds since 1970.
  package var noticed: UInt64
}

/// A node's whole public state, copied out at one moment.
package struct StatusSnapshot: Equatable, Sendable {
  package var stamp: Stamp
  /// Nil until the node is ready.
  package var readiness: Readiness?
  package var isLeaving: Bool
  /// In address order, ourselves among them.
  package var members: [MemberView]
  package var convergence: ConvergenceCount
  /// Writes accepted by this node.
  package var sets: UInt64
  /// Of those, the ones that were lost to a concurrent write.
  package var lostWrites: UInt64
  /// The last of them, oldest first; at most `Register.keptLosses`.
  package var recentLosses: [LostWrite]
  /// 0 is well; each point slows our own accusations (Lifeguard, section IV.A).
  package var localHealth: Int
  package var counters: Counters
}
