// What `unum simulate` is asked.

package import Gossip

/// What is to be predicted: a cluster, a network, and what happens.
package struct Scenario: Sendable {
  package var nodes = 5
  package var conditions = Conditions.lan
  package var settings = Settings()
  /// Processes killed, one after the other, in the second act. At least one must live on.
  package var kills = 0
  /// The length of the second act.
  package var duration: Duration = .seconds(60)
  /// The number of writes in the third.
  package var writes = 100
  /// Writes a second, if they come in a stream; nil when each waits for the one before.
  package var writeRate: Int?
  package var seed: UInt64 = 1

  package init() {}
}
