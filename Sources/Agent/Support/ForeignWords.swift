// How people read that two nodes cannot understand each other.

package import Gossip

extension Foreign {
  /// What is foreign about a node, as the rest of a sentence that begins with the node.
  package var inWords: String {
    switch self {
    case .version(let version): "speaks version \(version) of the protocol, and this node version \(Wire.version)"
    case .cluster: "belongs to a cluster with another name (CLUSTER_NAME)"
    }
  }
}
