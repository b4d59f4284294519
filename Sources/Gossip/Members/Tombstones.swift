// Where in the list of members the tombstones stand.
//
// Most of what a node does, it does with members that live: it pushes to them, asks them for help, walks along them. The
// list holds the dead and the left as well, for an hour, and after a rollout ten of them for each that lives. With the
// places of the tombstones, in order, the live are counted off in as many steps as the logarithm of the tombstones has,
// and a list without any, which is the usual one, pays nothing.
//
// Rejected: drawing from the whole list until one is met that lives (a rollout of 20 left 2.6 of 4 pushes and 2.0 of 3
// helpers); the places of the live (all of them move when one comes in, and they take memory where nobody is gone); a
// list of the live and one of the tombstones (pages of anti-entropy are slices of one list).

/// The positions of tombstones in a list, in order.
struct Tombstones: Sendable {
  private var positions: [Int] = []

  var count: Int { positions.count }

  /// How many stand before this position.
  func before(_ position: Int) -> Int { first { index in positions[index] >= position } }

  /// The position of the live member before which so many others live.
  func position(ofLive number: Int) -> Int {
    // Of those that stand before tombstone `index`, so many are tombstones, and all others live.
    number + first { index in positions[index] - index > number }
  }

  /// The first of which this holds, where it holds of all that follow; the count when it holds of none.
  private func first(where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = positions.count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// A member came into the list.
  mutating func inserted(at position: Int, isTombstone: Bool) {
    let index = before(position)
    for later in index..<positions.count { positions[later] += 1 }
    if isTombstone { positions.insert(position, at: index) }
  }

  /// A member was taken out of the list.
  mutating func removed(at position: Int) {
    set(at: position, isTombstone: false)
    for later in before(position)..<positions.count { positions[later] -= 1 }
  }

  /// A member died, left or returned, or did not.
  mutating func set(at position: Int, isTombstone: Bool) {
    let index = before(position)
    let wasTombstone = index < positions.count && positions[index] == position
    guard isTombstone != wasTombstone else { return }
    if isTombstone { positions.insert(position, at: index) } else { positions.remove(at: index) }
  }
}
