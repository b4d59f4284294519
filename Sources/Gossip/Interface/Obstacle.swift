// Why a node cannot learn a value that others may hold.

/// A node that may know the value, or knows of one that may, and from which we cannot learn it.
package struct Obstacle: Equatable, Sendable {
  package enum Why: Equatable, Sendable {
    /// It is a seed, and speaks this version of the protocol.
    case version(UInt8)
    /// It is a seed, and belongs to a cluster with another name.
    case cluster
    /// It is a member, and is held back itself because it cannot understand one of its seeds.
    case heldBack
  }

  package var why: Why
  package var node: Address

  package init(_ why: Why, _ node: Address) {
    self.why = why
    self.node = node
  }

  /// The obstacle that the sender of this header is to a node of the cluster with this hash; nil if there is none.
  init?(_ header: Header, from node: Address, to cluster: UInt64) {
    guard header.version != Wire.version || header.cluster != cluster else { return nil }
    self.init(header.version != Wire.version ? .version(header.version) : .cluster, node)
  }
}
