// How people read why a node does not know the value.

package import Gossip

extension Foreign {
  /// The sentence about the node from which the value cannot be learnt.
  package func inWords(of node: Address) -> String {
    switch self {
    case .version(let version):
      "seed \(node) speaks version \(version) of the protocol, and this node version \(Wire.version)"
    case .cluster: "seed \(node) belongs to a cluster with another name (CLUSTER_NAME)"
    case .waiting: "member \(node) does not know the value either, and cannot understand one of its seeds"
    }
  }
}
