// Members whose HTTP port refused a connection of ours.
//
// Usually its process has just ended, and probing it at once finds that out a few tenths of a second earlier. But the
// port of a running node refuses too: behind a firewall that rejects, at an address that leads elsewhere for TCP, or
// while a listener closes. So a refused connection makes the next probe urgent and proves nothing. A port that keeps
// refusing counts once, and is tried again after a wait that doubles. Rejected: failing the probe that is under way. A
// refusal arrives within a round trip of the notify, as does the answer to a ping sent with it, and it is chance which
// comes first: running nodes with refused ports were suspected at every second notify.

/// The ports that refused, and when they are tried again.
struct RefusedPorts: Sendable {
  private struct Entry: Sendable {
    var address: Address
    /// A restarted process has a listener of its own.
    var incarnation: UInt64
    var rest: Backoff
    var until: Instant
  }

  private var list: [Entry] = []

  /// A port refused our connection.
  /// - Returns: whether this is news: false if the port of the same process has refused before.
  mutating func refused(_ address: Address, incarnation: UInt64, at now: Instant) -> Bool {
    let last = list.firstIndex { $0.address == address }.map { list.remove(at: $0) }
    var rest = RefusedPorts.usualRest
    if let last, last.incarnation == incarnation { rest = last.rest }
    let until = now + rest.wait()
    if list.count == RefusedPorts.capacity { list.removeFirst() }
    list.append(Entry(address: address, incarnation: incarnation, rest: rest, until: until))
    return last?.incarnation != incarnation
  }

  /// A port accepted a notify.
  mutating func tookNotify(_ address: Address) { list.removeAll { $0.address == address } }

  /// Whether to leave this port alone for now.
  func isResting(_ address: Address, incarnation: UInt64, at now: Instant) -> Bool {
    list.contains { $0.address == address && $0.incarnation == incarnation && now < $0.until }
  }

  /// First five notifies: a port that refused only for a moment goes without the safety net for this long, and each node
  /// tries a port that refuses for ever six times in its first ten minutes. Then six tries an hour, which cost nothing;
  /// with fewer, an opened firewall would go unnoticed for longer than people watch.
  private static let usualRest = Backoff(from: .seconds(10), to: .seconds(600))
  /// A node posts to one member a second, so no more than this can rest within the longest wait. The bound also matters
  /// because each draw for a notify searches this list.
  private static let capacity = 600
}
