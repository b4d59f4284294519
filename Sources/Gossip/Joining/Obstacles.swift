// The nodes from which we cannot learn the value, though they may know it.
//
// A header may have been damaged on its way, so only a second one that says the same counts, whichever seed it comes
// from. Each node is an obstacle of its own, and is none any more once we understand it: in an upgrade one node after the
// other is replaced, and the value is gone only with the last of them. Rejected: remembering the latest obstacle alone
// (the first seed to be replaced would clear the way, while another one still holds the value).

/// The obstacles, at most one for each node.
struct Obstacles: Sendable {
  /// The latest is last.
  private var list: [Obstacle] = []
  /// Headers that came once.
  private var suspected: [(header: Header, obstacle: Obstacle)] = []

  /// Nil if there is none.
  var latest: Obstacle? { list.last }

  /// Whether we saw ourselves that a seed cannot be understood. Each datagram says so, and there is hardly ever one.
  var isFirstHand: Bool { !list.isEmpty && list.contains { $0.why != .heldBack } }

  /// A seed sent a header that makes it an obstacle.
  /// - Returns: whether it counts now, because it is not the first that says the same.
  mutating func received(_ header: Header, _ obstacle: Obstacle) -> Bool {
    let former = suspected.filter { $0.header == header }
    guard !former.isEmpty else {
      if suspected.count == Obstacles.capacity { suspected.removeFirst() }
      suspected.append((header, obstacle))
      return false
    }
    for (_, obstacle) in former { add(obstacle) }
    add(obstacle)
    return true
  }

  mutating func add(_ obstacle: Obstacle) {
    list.removeAll { $0.node == obstacle.node }
    if list.count == Obstacles.capacity { list.removeFirst() }
    list.append(obstacle)
  }

  /// We understand this node, so that it is no obstacle, unless it is held back itself as it was before.
  /// - Returns: whether it was the last one.
  mutating func understood(_ node: Address, isHeldBack: Bool) -> Bool {
    guard !list.isEmpty else { return false }
    suspected.removeAll { $0.obstacle.node == node }
    list.removeAll { $0.node == node && !(isHeldBack && $0.why == .heldBack) }
    return list.isEmpty
  }

  mutating func removeAll() { list = [] }

  /// Enough for what a node contacts at once. Beyond it the oldest is forgotten, and comes again with its next answer.
  private static let capacity = 8
}
