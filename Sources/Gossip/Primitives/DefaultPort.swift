// The two ports of a node. They stand in the core because the agent, the program and the simulation all need them.

/// The ports that apply where none is given.
package enum DefaultPort {
  /// UDP. It is the port of Serf and memberlist, which the firewalls of such clusters already know.
  package static let gossip: UInt16 = 7946
  /// HTTP. It is the tutorial's port, and the usual one for those who may not use port 80.
  package static let http: UInt16 = 8080
}
