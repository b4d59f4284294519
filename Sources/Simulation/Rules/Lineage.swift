// What really became of each write: the truth that a node's account of lost writes is compared with.
//
// Stamps do not say on top of what they were written, but the simulation sees it: a node writes on top of what it held.
// So the history of the value is a tree, and a write is lost when it is not on the path from the first stamp to the
// last.

internal import Gossip

/// Which stamps were written, and on top of which.
struct Lineage {
  private var written: Set<Stamp> = [.initial]
  /// Two nodes that write one value in one generation make one stamp, perhaps on top of different ones.
  private var parents: [Stamp: [Stamp]] = [:]
  /// Losses that nodes reported, in all.
  private(set) var told = 0

  /// A node accepted this write while it held that stamp.
  mutating func wrote(_ stamp: Stamp, onTopOf held: Stamp) {
    if parents[stamp]?.contains(held) != true { parents[stamp, default: []].append(held) }
  }

  /// A client asked for this stamp, so nodes may hold it.
  mutating func mayHold(_ stamp: Stamp) { written.insert(stamp) }

  func wasWritten(_ stamp: Stamp) -> Bool { written.contains(stamp) }

  /// Somebody outside brought this stamp; nobody knows on top of what it was written.
  mutating func brought(_ stamp: Stamp) {
    written.insert(stamp)
    if parents[stamp] == nil { parents[stamp] = [] }
  }

  mutating func toldLoss() { told += 1 }

  /// This stamp and all that it was written on top of.
  func history(of stamp: Stamp) -> Set<Stamp> {
    var found: Set<Stamp> = [stamp]
    var open = [stamp]
    while let next = open.popLast() {
      for parent in parents[next] ?? [] where found.insert(parent).inserted { open.append(parent) }
    }
    return found
  }

  /// Whether the one was written on top of the other, directly or by way of others.
  func isWritten(_ stamp: Stamp, onTopOf other: Stamp) -> Bool {
    // Generations only grow on the way, and none is skipped: of one generation nothing is on top of anything.
    guard stamp.generation > other.generation else { return stamp == other }
    return history(of: stamp).contains(other)
  }

  /// How many stamps were lost if this is the last.
  func lost(at last: Stamp) -> Int {
    let kept = history(of: last)
    return parents.keys.count { !kept.contains($0) }
  }
}
