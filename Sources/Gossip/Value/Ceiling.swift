// What depends on wall clocks, and how wrong they may be.
//
// Two limits do: the highest generation that we accept, because an absurd one would freeze the value for ever; and the
// highest incarnation that we accept from other members, because an absurd one would keep a member out for ever.
// Besides them only the order of half of the probes does. The tolerance applies to each clock on its own, so two clocks
// may differ by twice as much:
//
//   a day    nothing is lost: joining, detection and writes work as with correct clocks
//   a year   all nodes converge on one value and one list, but may have to ask for what others would tell them
//   more     they may refuse each other's generations, and report it (`SkewWatch`); once the clocks are set right they
//            continue without a restart (`giveUpStampIfAboveCeiling`)
//
// A clock before the day of the release counts as that day: many machines start in 1970. Rejected: limits relative to
// what a node holds (one message could make nodes disagree for ever about what to accept), an effective clock that
// never goes back (after one wrong reading, all others would refuse a node until it restarts), and agreeing on the time
// (a second protocol, and the majority may be wrong).

/// The highest generations and incarnations that a node accepts now.
///
/// They follow the clock alone, at a million a second, so the ceiling for generations rises faster than anyone can
/// write: the value stays writable whatever was accepted. It also stays far below 2^53, so that generations are exact
/// in every JSON reader.
package struct Ceiling: Sendable {
  /// A clock that a node may trust: never before the day when the program was released.
  package let effectiveClock: UInt64

  /// - Parameters:
  ///   - wall: microseconds since 1970.
  ///   - released: when this program was released, in the same unit; a machine that starts with its clock in 1970 uses
  ///     this.
  package init(wall: UInt64, released: UInt64) {
    effectiveClock = min(max(wall, released), Ceiling.latestClock)
  }

  /// The ceiling for stamps from outside the cluster (`/notify`): the clock plus a day. Honest clients never get there.
  package var forStrangers: UInt64 { effectiveClock + Ceiling.day }

  /// The ceiling for stamps from members and for our own writes: a node whose clock is a year behind accepts what a
  /// stranger brought in where the clock is a year ahead, and a day's room, 86 billion writes, remains for writes on
  /// top of it. More would cost nothing, because writable generations follow a member's lie at once.
  package var forMembers: UInt64 { effectiveClock + 2 * Ceiling.year + 2 * Ceiling.day }

  /// The highest incarnation that we accept from anyone but the member itself. A node that hears of a higher one pings
  /// the member. Then it has the member's own word, and accepts what others say about that incarnation.
  package var forHearsay: UInt64 { effectiveClock + Ceiling.day }

  /// If a member starts with a higher incarnation, its clock is ahead by more than a day, or ours is behind by as much.
  var tolerated: UInt64 { effectiveClock + 2 * Ceiling.day }

  private static let day: UInt64 = 86_400_000_000
  private static let year: UInt64 = 365 * day
  /// A clock beyond the year 2200 counts as 2200, so that generations stay below 2^53 whatever the machine believes.
  private static let latestClock: UInt64 = 7_258_118_400_000_000
}
