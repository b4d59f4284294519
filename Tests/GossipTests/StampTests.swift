// The laws of the value: in whatever order stamps come, the result is the same. The tests cover a small domain
// exhaustively, with every corner in it, because a law that holds for random stamps may still fail at an edge.

import Testing

@testable import Gossip

@Suite struct StampTests {
  private static let generations: [UInt64] = [0, 1, 2, 1 << 52, (1 << 53) - 1, 1 << 53]
  private static let values: [Int64] = [.min, -1, 0, 1, 42, .max]
  private static let stamps = generations.flatMap { generation in
    values.map { Stamp(generation: generation, value: $0) }
  }

  /// What a register with `first` holds after it has merged the others in turn.
  private static func merged(_ first: Stamp, _ others: Stamp...) -> Stamp {
    var register = Register(at: Instant(microseconds: 0))
    for stamp in [first] + others { _ = register.merge(stamp, at: Instant(microseconds: 0), wall: 1) }
    return register.stamp
  }

  @Test func `stamps are totally ordered, by generation and then by value`() {
    for (left, a) in Self.stamps.enumerated() {
      for (right, b) in Self.stamps.enumerated() {
        // They are in order, so their positions are the dumb twin of the order.
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
