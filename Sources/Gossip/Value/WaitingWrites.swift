// Writes that arrive in a node's first moments. They wait until the node knows what the cluster holds, or has waited
// long enough.
//
// Otherwise a restarted node would write at generation 1, behind everybody's back. Rejected: refusing such writes (a
// client that starts with its node would have to try again, which clients seldom do well).

/// The waiting writes, in the order in which they arrived.
struct WaitingWrites: Sendable {
  private var list: [(value: Int64, request: RequestID)] = []

  var isEmpty: Bool { list.isEmpty }

  /// Adds a write to those that wait.
  /// - Returns: whether there was room.
  mutating func add(_ value: Int64, _ request: RequestID, limit: Int) -> Bool {
    guard list.count < limit else { return false }
    list.append((value, request))
    return true
  }

  /// Removes and returns all of them.
  mutating func take() -> [(value: Int64, request: RequestID)] {
    defer { list = [] }
    return list
  }
}
