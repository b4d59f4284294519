// The floods that are going on. One datagram of each is in the queue at a time, so a flood of an hour costs no memory.

/// Every flood that was switched on and not off.
struct Floods {
  /// One flood and its target.
  private struct Entry {
    var id: FaultID
    var host: Int
    var flood: Flood
    var sent = 0
  }

  private var list: [Entry] = []

  var isEmpty: Bool { list.isEmpty }

  mutating func begin(_ id: FaultID, of host: Int, _ flood: Flood) {
    list.append(Entry(id: id, host: host, flood: flood))
  }

  mutating func end(_ id: FaultID) { list.removeAll { $0.id == id } }

  /// Counts the next datagram of a flood, and says whom it is for and how many came before; nil when the flood has
  /// ended.
  mutating func next(_ id: FaultID) -> (host: Int, flood: Flood, sent: Int)? {
    guard let index = list.firstIndex(where: { $0.id == id }) else { return nil }
    defer { list[index].sent += 1 }
    return (list[index].host, list[index].flood, list[index].sent)
  }
}
