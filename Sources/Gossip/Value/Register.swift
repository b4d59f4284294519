// This node's copy of the value: what it holds, what it wrote itself, and what became of those writes.
//
// A write that loses to a concurrent one vanishes without a trace from the value itself; that cannot be helped in a
// last-writer-wins register, but it can be told. The node that accepted the write reports it when another write of the
// same generation takes its place: neither was made on top of the other, so the value's history keeps at most one of
// the two. Nearly always it keeps the other one; it keeps ours only if somebody had written on top of it before. The
// greatest write of a generation is never reported, so no more losses are reported than happened.
//
// Rejected: counting a write as lost when a later generation replaces it before any member was known to hold it. A
// stamp does not say which stamp it was written on top of. That rule reported losses that were none, and missed the
// loser of every ordinary partition, whose write its own side held.

/// A write of this node, and the stamp that took its place. One of the two is lost (see `Register`).
package struct LostWrite: Equatable, Sendable {
  package var write: Stamp
  package var winner: Stamp
  /// The wall clock when the loss was noticed, in microseconds since 1970.
  package var noticed: UInt64
}

/// This node's stamp and the account of its own writes.
package struct Register: Sendable {
  package private(set) var stamp: Stamp
  /// When this stamp became ours: a member that was heard since then and holds an older one is behind.
  private(set) var changed: Instant
  private(set) var sets: UInt64 = 0
  private(set) var lostWrites: UInt64 = 0
  private(set) var recentLosses: [LostWrite] = []
  /// How often this node gave up a stamp that no clock allows.
  package private(set) var retractions: UInt64 = 0
  /// The stamp is a write of our own.
  private var isOwn = false
  /// The last generation for which two values were reported.
  private var tiedGeneration: UInt64?

  /// What merging a stamp did.
  enum Outcome: Equatable {
    /// It is older than ours or the same: nothing changed.
    case known
    /// It is ours now and replaces this one; `loss` is our own write of the same generation, if it took that one's
    /// place.
    case adopted(after: Stamp, loss: LostWrite?)
  }

  /// How many losses are kept for display.
  static let keptLosses = 16

  /// - Parameter restored: what this node held when it last ran, or what every node holds before anyone has written.
  init(_ restored: Stamp = .initial, at now: Instant) {
    stamp = restored
    changed = now
  }

  /// Writes a value on top of the current one; nil when that would pass the ceiling.
  mutating func set(_ value: Int64, ceiling: UInt64, at now: Instant) -> Stamp? {
    guard stamp.generation < ceiling else { return nil }
    stamp = Stamp(generation: stamp.generation + 1, value: value)
    isOwn = true
    changed = now
    sets += 1
    return stamp
  }

  /// Keeps the greater of our stamp and another's.
  ///
  /// - Parameter wall: microseconds since 1970, to date a loss.
  mutating func merge(_ other: Stamp, at now: Instant, wall: UInt64) -> Outcome {
    guard other > stamp else { return .known }
    let previous = stamp
    let isLost = isOwn && other.generation == previous.generation
    stamp = other
    isOwn = false
    changed = now
    return .adopted(after: previous, loss: isLost ? noteLoss(of: previous, to: other, wall: wall) : nil)
  }

  /// Holds this stamp in place of a greater one.
  mutating func giveUp(for other: Stamp, at now: Instant) {
    stamp = other
    isOwn = false
    changed = now
    retractions += 1
  }

  /// Whether this stamp shows a second value in our generation that was not reported yet.
  mutating func isNewTie(_ other: Stamp) -> Bool {
    guard other.generation == stamp.generation, other.value != stamp.value, other.generation != 0,
      tiedGeneration != other.generation
    else { return false }
    tiedGeneration = other.generation
    return true
  }

  private mutating func noteLoss(of write: Stamp, to winner: Stamp, wall: UInt64) -> LostWrite {
    let loss = LostWrite(write: write, winner: winner, noticed: wall)
    lostWrites += 1
    recentLosses.append(loss)
    if recentLosses.count > Register.keptLosses { recentLosses.removeFirst() }
    return loss
  }
}
