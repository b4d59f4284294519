// Members whose HTTP port refused a connection of ours.
//
// Mostly that is a process that has just ended, and asking it at once finds that out some tenths of a second earlier. But
// the port of a live node refuses too: behind a firewall that rejects, at an address that leads elsewhere for TCP, on a
// listener that is closing. So a refusal makes the next probe urgent and proves nothing; and as it is the same one each
// time, it counts once, and the port is asked again after a while that doubles. Rejected: failing the probe that is under
// way. A refusal comes within a round trip of the notify, as does the answer to a ping that was sent with it, and whichever
// of them is late decides: live nodes with refused ports were suspected in every second notify.

/// The ports that refused, and when they are asked again.
struct RefusedPorts: Sendable {
  private struct Refusal: Sendable {
    var address: Address
    /// A process that starts anew has a listener of its own.
    var incarnation: UInt64
    var rest: Backoff
    var until: Instant
  }

  private var list: [Refusal] = []

  /// A port refused.
  /// - Returns: whether that is news; it is none of a port that refused this process before.
  mutating func refused(_ address: Address, incarnation: UInt64, at now: Instant) -> Bool {
    let last = list.firstIndex { $0.address == address }.map { list.remove(at: $0) }
    var rest = RefusedPorts.usualRest
    if let last, last.incarnation == incarnation { rest = last.rest }
    let until = now + rest.wait()
    if list.count == RefusedPorts.capacity { list.removeFirst() }
    list.append(Refusal(address: address, incarnation: incarnation, rest: rest, until: until))
    return last?.incarnation != incarnation
  }

  /// A port took a notify.
  mutating func tookNotify(_ address: Address) { list.removeAll { $0.address == address } }

  /// Whether to leave this port alone for now.
  func isResting(_ address: Address, incarnation: UInt64, at now: Instant) -> Bool {
    list.contains { $0.address == address && $0.incarnation == incarnation && now < $0.until }
  }

  /// At first five notifies: a port that refused for a moment is without the safety net for so long, and one that refuses
  /// for ever is asked six times in its first ten minutes by each node. Then six times an hour, which is nothing; more
  /// rarely, a firewall that was opened would go unnoticed for longer than people watch.
  private static let usualRest = Backoff(from: .seconds(10), to: .seconds(600))
  /// A node posts to one member a second, so that more do not rest at once within the longest wait; and each is compared
  /// with those that are drawn for a notify.
  private static let capacity = 600
}
