// The laws of the value: whatever order stamps come in, the end is the same. Exhaustively over a small domain that has
// every corner in it, because a law that holds for random stamps may still fail at an edge.

import Testing

@testable import Gossip

@Suite struct StampTests {
  private static let generations: [UInt64] = [0, 1, 2, 1 << 52, (1 << 53) - 1, 1 << 53]
  private static let values: [Int64] = [.min, -1, 0, 1, 42, .max]
  private static let stamps = generations.flatMap { generation in
    values.map { Stamp(generation: generation, value: $0) }
  }

  /// What a register that holds `first` holds after it merged the others in turn.
  private static func merged(_ first: Stamp, _ others: Stamp...) -> Stamp {
    var register = Register(at: Instant(microseconds: 0))
    for stamp in [first] + others { _ = register.merge(stamp, at: Instant(microseconds: 0), wall: 1) }
    return register.stamp
  }

  @Test func `stamps are totally ordered, by generation and then by value`() {
    for (left, a) in Self.stamps.enumerated() {
      for (right, b) in Self.stamps.enumerated() {
        // They were made in their order, so their positions are the order's dumb twin.
        #expect((a < b) == (left < right))
        #expect((a == b) == (left == right))
      }
    }
  }

  @Test func `merging is commutative, associative and idempotent`() {
    for a in Self.stamps {
      #expect(Self.merged(a, a) == Self.merged(a))
      for b in Self.stamps {
        #expect(Self.merged(a, b) == Self.merged(b, a))
        for c in [Self.stamps[0], Self.stamps[7], Self.stamps[20], Self.stamps[35]] {
          #expect(Self.merged(a, b, c) == max(max(.initial, a), max(b, c)))
          #expect(Self.merged(c, b, a) == Self.merged(a, b, c))
        }
      }
    }
  }

  @Test func `the first stamp is generation 0 with value 42, and nothing that anyone writes is below it`() {
    #expect(Stamp.initial == Stamp(generation: 0, value: 42))
    for stamp in Self.stamps where stamp.generation > 0 { #expect(stamp > .initial) }
  }
}

@Suite struct CeilingTests {
  private static let released: UInt64 = 1_795_219_200_000_000
  private static let walls: [UInt64] = [
    0, 1, released - 1, released, released + 1, released + 1_000_000, 7_258_118_400_000_000, 1 << 62, .max,
  ]

  private func ceiling(_ wall: UInt64) -> Ceiling { Ceiling(wall: wall, released: Self.released) }

  @Test func `the ceiling never falls while the clock rises`() {
    for (earlier, later) in zip(Self.walls, Self.walls.dropFirst()) {
      #expect(ceiling(earlier).forStrangers <= ceiling(later).forStrangers)
      #expect(ceiling(earlier).forMembers <= ceiling(later).forMembers)
      #expect(ceiling(earlier).forHearsay <= ceiling(later).forHearsay)
    }
    // A million a second: faster than anyone writes.
    #expect(ceiling(Self.released + 1_000_000).forStrangers - ceiling(Self.released).forStrangers == 1_000_000)
  }

  @Test func `what a stranger can bring in leaves a year's room to write above it`() {
    for wall in Self.walls {
      let room = ceiling(wall).forMembers - ceiling(wall).forStrangers
      #expect(room == 364 * 86_400_000_000)
    }
  }

  @Test func `the ceiling stays below 2^53, whatever the clock says`() {
    for wall in Self.walls { #expect(ceiling(wall).forMembers < 1 << 53) }
  }

  @Test func `a clock that says 1970 is taken as the day of the release`() {
    #expect(ceiling(0).effectiveClock == Self.released)
    #expect(ceiling(Self.released + 5).effectiveClock == Self.released + 5)
  }
}
