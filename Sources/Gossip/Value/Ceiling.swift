// What depends on wall clocks, and how wrong they may be.
//
// Two things do: the highest generation that is believed, or one absurd one would freeze the value for ever; and the highest
// incarnation that is believed of another, or one absurd one would keep a member out for as long. Nothing else but the
// order of half of the probes does. The tolerance is meant for each clock by itself, so that two may differ by twice as much:
//
//   a day    nothing is lost: joining, detection and writes are as with right clocks
//   a year   all nodes come to hold one value and one list, but may have to ask for what they would be told
//   more     they may refuse each other's generations, and say so (`SkewWatch`); once the clocks are set right all goes
//            on, without a restart (`giveUpStampIfAboveCeiling`)
//
// A clock before the day of the release is taken as that day: many machines start in 1970. Rejected: limits relative to
// what a node holds (one message could make nodes disagree for ever about what to accept), an effective clock that never
// goes back (whose clock was wrong once would be refused by all others until its restart), and to agree upon the time
// (a second protocol, and the majority may be wrong).

/// The highest generations and incarnations that may be believed now.
///
/// They follow the clock alone, at a million a second, and so the ceiling for generations rises faster than anyone can
/// write: whatever was accepted, the value stays writable. It also stays far below 2^53, so that generations are exact in
/// every JSON reader.
package struct Ceiling: Sendable {
  /// A clock that a node may trust: never before the day that the program was released on.
  package let effectiveClock: UInt64

  /// - Parameters:
  ///   - wall: microseconds since 1970.
  ///   - released: the same, when this program was released; a machine that starts with its clock in 1970 uses this.
  package init(wall: UInt64, released: UInt64) {
    effectiveClock = min(max(wall, released), Ceiling.latestClock)
  }

  /// The ceiling for stamps from outside the cluster (`/notify`): the clock plus a day. Honest clients never get there.
  package var forStrangers: UInt64 { effectiveClock + Ceiling.day }

  /// The ceiling for stamps from members and for our own writes: what a stranger can bring in where the clock is a year
  /// ahead is believed where it is a year behind, and leaves a day's room, 86 billion writes, for what is written on top of
  /// it. More would cost nothing, as a member's lie is followed by writable generations at once.
  package var forMembers: UInt64 { effectiveClock + 2 * Ceiling.year + 2 * Ceiling.day }

  /// The highest incarnation that is believed from anyone but the member itself. Who is told of a higher one asks the member,
  /// which costs a ping; then it has the member's own word, and what others say of that life is believed as well.
  package var forHearsay: UInt64 { effectiveClock + Ceiling.day }

  /// A member that starts with a higher incarnation has a clock that is ahead by more than a day, or ours is behind by as
  /// much.
  var tolerated: UInt64 { effectiveClock + 2 * Ceiling.day }

  private static let day: UInt64 = 86_400_000_000
  private static let year: UInt64 = 365 * day
  /// A clock beyond the year 2200 is taken as 2200: generations then stay below 2^53 whatever the machine believes.
  private static let latestClock: UInt64 = 7_258_118_400_000_000
}
