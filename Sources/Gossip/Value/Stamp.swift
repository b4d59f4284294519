// The whole database: one value and the generation that it was written in.
//
// Stamps are totally ordered and merging takes the greater, so that merging is commutative, associative and idempotent:
// any order, any number of deliveries, any path, the same end. Two writes of one generation are ordered by value, which
// takes nothing but what they carry. Rejected: the writer's name as tie-break (a notify does not carry it) and
// wall-clock timestamps (last writer would mean fastest clock).

/// A generation and the value written in it.
package struct Stamp: Comparable, Hashable, Sendable {
  /// How many writes came before this one on the path that led to it. Never above the ceiling (see `Ceiling`).
  package var generation: UInt64
  /// What was written.
  package var value: Int64

  package init(generation: UInt64, value: Int64) {
    self.generation = generation
    self.value = value
  }

  /// What every node holds before anyone has written.
  package static let initial = Stamp(generation: 0, value: 42)

  /// By generation, then by value.
  package static func < (left: Stamp, right: Stamp) -> Bool {
    (left.generation, left.value) < (right.generation, right.value)
  }
}
