// The whole database: one value and the generation that it was written in.
//
// Stamps are totally ordered and merging takes the greater, so that merging is commutative, associative and
// idempotent: any order, any number of deliveries, any path, the same end. Two writes at one generation are ordered by
// value, with nothing but what they carry. Rejected: the writer's name as tie-break (a notify does not carry it) and
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

  /// What every node holds before anyone wrote.
  package static let initial = Stamp(generation: 0, value: 42)

  /// By generation, then by value.
  package static func < (left: Stamp, right: Stamp) -> Bool {
    (left.generation, left.value) < (right.generation, right.value)
  }
}

/// The highest generation that may be believed, so that one absurd generation cannot freeze the value for ever.
///
/// It follows the clock alone, at a million a second, and so rises faster than anyone can write; whatever was accepted,
/// the value stays writable. Were it relative to the local generation, one message could make nodes disagree for ever
/// about what to accept. It also stays far below 2^53, so that generations are exact in every JSON reader.
package struct Ceiling: Sendable {
  /// A clock that a node may trust: never before the day that the program was released on.
  package let effectiveClock: UInt64

  /// - Parameters:
  ///   - wall: microseconds since 1970.
  ///   - released: the same, when this program was released; a machine that starts with its clock in 1970 uses this.
  package init(wall: UInt64, released: UInt64) {
    effectiveClock = min(max(wall, released), Ceiling.latestClock)
  }

  /// The ceiling for stamps from outside the cluster (`/notify`): the clock plus a day, so that machines whose clocks
  /// differ by less than a day agree about every generation that honest clients can reach.
  package var forStrangers: UInt64 { effectiveClock + Ceiling.day }

  /// The ceiling for stamps from members and for our own writes: the clock plus a year. The room between the two is
  /// what keeps the value writable after the highest stamp that a stranger can bring in.
  package var forMembers: UInt64 { effectiveClock + Ceiling.year }

  /// The highest incarnation that is believed from anyone but the member itself: the clock plus a day.
  package var forHearsay: UInt64 { effectiveClock + Ceiling.day }

  private static let day: UInt64 = 86_400_000_000
  private static let year: UInt64 = 365 * day
  /// A clock beyond the year 2200 is taken as 2200: generations then stay below 2^53 whatever the machine believes.
  private static let latestClock: UInt64 = 7_258_118_400_000_000
}
