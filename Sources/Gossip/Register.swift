// The copy of the value on this node: what it holds, what it wrote itself, and what became of that.
//
// A write that loses to a concurrent one vanishes without a trace from the value itself; that cannot be helped in a
// last-writer-wins register, but it can be told. The node that accepted the write watches it. Only its latest write is
// watched: an earlier one was replaced by the node's own clients, who knew.

/// This node's stamp and the account of its own writes.
package struct Register: Sendable {
  package private(set) var stamp = Stamp.initial
  /// When this stamp became ours: whoever was heard since and holds less is behind.
  private(set) var changed: Instant
  private(set) var sets: UInt64 = 0
  private(set) var lostWrites: UInt64 = 0
  private(set) var recentLosses: [LostWrite] = []
  private var watched: Watched?
  /// The last generation in which two values were told of.
  private var tiedGeneration: UInt64?

  /// Our latest write.
  private struct Watched: Sendable {
    var stamp: Stamp
    /// Some member was heard with exactly this stamp.
    var isHeld = false
  }

  /// What merging a stamp did.
  enum Outcome: Equatable {
    /// It is older than ours or the same: nothing changed.
    case known
    /// It is ours now, after this one.
    case adopted(after: Stamp)
  }

  /// How many losses are kept to be shown.
  static let keptLosses = 16

  init(at now: Instant) { changed = now }

  /// Writes a value on top of what is held; nil when that would pass the ceiling.
  mutating func set(_ value: Int64, ceiling: UInt64, at now: Instant) -> Stamp? {
    guard stamp.generation < ceiling else { return nil }
    stamp = Stamp(generation: stamp.generation + 1, value: value)
    watched = Watched(stamp: stamp)
    changed = now
    sets += 1
    return stamp
  }

  /// Takes the greater of ours and another's stamp.
  mutating func merge(_ other: Stamp, at now: Instant) -> Outcome {
    #if PLANTED_MERGE_BY_VALUE
      guard other.value > stamp.value else { return .known }
    #else
      guard other > stamp else { return .known }
    #endif
    let previous = stamp
    stamp = other
    changed = now
    return .adopted(after: previous)
  }

  /// A member was heard with exactly this stamp: if it is our write, the write is known to have a copy.
  mutating func heard(_ other: Stamp) {
    if watched?.stamp == other { watched?.isHeld = true }
  }

  /// Whether this stamp shows a second value in our generation that was not told of yet.
  mutating func isNewTie(_ other: Stamp) -> Bool {
    guard other.generation == stamp.generation, other.value != stamp.value, other.generation != 0,
      tiedGeneration != other.generation
    else { return false }
    tiedGeneration = other.generation
    return true
  }

  /// Finds out whether this stamp, from anywhere, means that our latest write was lost, and counts it once: it has the
  /// same generation and wins, or it is of a later one and nobody was known to hold ours.
  mutating func loss(by other: Stamp, wall: UInt64) -> LostWrite? {
    guard let own = watched, other > own.stamp else { return nil }
    let takesItsPlace = other.generation == own.stamp.generation
    guard takesItsPlace || !own.isHeld else { return nil }
    watched = nil
    let loss = LostWrite(write: own.stamp, winner: other, noticed: wall)
    lostWrites += 1
    recentLosses.append(loss)
    if recentLosses.count > Register.keptLosses { recentLosses.removeFirst() }
    return loss
  }
}
