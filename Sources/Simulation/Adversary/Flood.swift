// A flood: the adversary sends a node thousands of datagrams a second, so that it has no time for anybody else.
//
// Each is well-formed and of the right cluster, or it would cost the node no more than a checksum. None says anything
// that a node could believe: a flood takes attention; lies are something else (`Adversary`). Rejected: bursts of many
// datagrams at one instant, which a socket's buffer would cut.

/// What floods a node.
package struct Flood: Equatable, Sendable {
  /// Where the datagrams come from, as far as the node can see.
  package enum Source: Equatable, Sendable {
    /// One address outside the cluster.
    case one
    /// So many addresses outside, in turn.
    case some(Int)
    /// Another address outside each time.
    case many
    /// The IP address of this host, at any port but its own.
    case neighbour(of: Int)
    /// This host, at its very address.
    case impostor(of: Int)
    /// Any of the hosts.
    case anyHost
  }

  package enum Content: Equatable, Sendable {
    /// What costs the sender least: gossip, pings, acks and joins of some 70 bytes.
    case short
    /// What a newcomer sends: joins of full length.
    case introductions
    /// All of it, and pulls.
    case anything
  }

  package var source: Source
  package var content: Content
  package var perSecond: Int

  package init(_ source: Source, _ content: Content = .short, perSecond: Int = 3000) {
    self.source = source
    self.content = content
    self.perSecond = perSecond
  }
}
