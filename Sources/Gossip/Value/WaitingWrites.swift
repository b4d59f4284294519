// Writes of a node's first moments: they wait until it is known what the cluster holds, or that nobody says so.
//
// Without that a node that restarts would write at generation 1, behind everybody's back. Rejected: refusing such writes
// (a client that starts with its node would have to try again, which it seldom does well).

/// The writes that wait, in the order in which they came.
struct WaitingWrites: Sendable {
  private var list: [(value: Int64, request: RequestID)] = []

  var isEmpty: Bool { list.isEmpty }

  /// Lets a write wait.
  /// - Returns: whether there was room.
  mutating func add(_ value: Int64, _ request: RequestID, most: Int) -> Bool {
    guard list.count < most else { return false }
    list.append((value, request))
    return true
  }

  /// Takes out all of them.
  mutating func take() -> [(value: Int64, request: RequestID)] {
    defer { list = [] }
    return list
  }
}
