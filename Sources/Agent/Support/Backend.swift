// What the HTTP interface needs of a node, and no more, so that routes and the server are tested without sockets,
// clocks or a cluster.

package import Gossip

/// A node, as its clients see it. Every method may be called from any thread.
package protocol Backend: AnyObject, Sendable {
  /// The last published stamp. This never waits for the protocol.
  var published: Stamp { get }

  /// Writes a value. `completion` is called exactly once, on any thread: at once or, just after the node's start, later.
  func set(_ value: Int64, completion: @escaping @Sendable (Answer) -> Void)

  /// Merges a stamp from a peer. `notifier` comes from the request, cut to `Wire.maximumName` bytes.
  func notify(_ stamp: Stamp, by notifier: String, completion: @escaping @Sendable (Answer) -> Void)

  /// The node's whole public state. It takes time in proportion to the members, so it is not for the hot path.
  func status() -> StatusSnapshot

  /// Whether `/readyz` says yes, and if not, why.
  var readiness: ReadinessState { get }

  /// Counters that the shell keeps beside those of the core, with names and help texts for `/metrics`. The HTTP server
  /// adds its own, which are not among these.
  func shellMetrics() -> [ShellMetric]
}

/// One series of the shell's own counters.
package struct ShellMetric: Sendable {
  /// The Prometheus name, with `unum_` in front.
  package var name: String
  package var help: String
  /// Pairs of label and value. The renderer escapes the values.
  package var labels: [(String, String)]
  /// Counter or gauge.
  package var isCounter: Bool
  package var value: Double

  package init(name: String, help: String, labels: [(String, String)] = [], isCounter: Bool = true, value: Double) {
    self.name = name
    self.help = help
    self.labels = labels
    self.isCounter = isCounter
    self.value = value
  }
}
