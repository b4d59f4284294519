// How people read why a node does not know the value.

package import Gossip

extension Obstacle {
  /// A sentence without its full stop.
  package var inWords: String {
    switch why {
    case .version(let version):
      "seed \(node) speaks version \(version) of the protocol, and this node version \(Wire.version)"
    case .cluster: "seed \(node) belongs to a cluster with another name (CLUSTER_NAME)"
    case .heldBack: "member \(node) does not know the value either, and cannot understand one of its seeds"
    }
  }
}
