// The dumb twin: what the design says about the value (its section 2) and about claims about members (its section 4),
// written once more from its words alone, as slowly and plainly as possible. `TwinTests` compares the real node with
// it.
//
// It imports nothing, so that nothing of the core can leak into it: it uses integers for everything, borrows no order
// from tuples, and shares no operator. Where the node knowingly departs from the words, the twin does as the node does,
// and a sentence says how the words differ.
//
// Rejected: a twin that shares the types of the core. It would agree with every mistake in them.

/// The value of one node: what it holds, and what became of the last write of its own clients.
struct TwinValue {
  var generation = 0
  var value = 42
  var sets = 0
  var losses = 0
  /// The generation last written here, while the node still holds that write; else -1.
  private var ownGeneration = -1

  static let day = 24 * 60 * 60 * 1_000_000
  static let year = 365 * day
  /// What members may show and nodes may write, above the clock. The words say a year; but what a notify may bring to a
  /// node whose clock is a year ahead must be believed where it is a year behind, and be written on top of.
  static let members = 2 * year + 2 * day

  /// "max(wall clock, build date)", in microseconds since 1970.
  static func effectiveClock(wall: Int, built: Int) -> Int { wall > built ? wall : built }

  /// "First by generation, then by value."
  static func isGreater(_ generation: Int, _ value: Int, than otherGeneration: Int, _ otherValue: Int) -> Bool {
    if generation > otherGeneration { return true }
    if generation < otherGeneration { return false }
    return value > otherValue
  }

  /// "set(v) is (generation + 1, v)", "our own sets may reach plus one year".
  /// - Returns: whether it was accepted.
  mutating func set(_ new: Int, clock: Int) -> Bool {
    if generation + 1 > clock + TwinValue.members { return false }
    generation += 1
    value = new
    sets += 1
    ownGeneration = generation
    return true
  }

  /// "Refused above the effective clock plus one day."
  mutating func notified(_ generation: Int, _ value: Int, clock: Int) -> Bool {
    if generation > clock + TwinValue.day { return false }
    merge(generation, value)
    return true
  }

  /// "Members' stamps may reach plus one year." What a member shows it holds.
  mutating func heard(_ generation: Int, _ value: Int, clock: Int) -> Bool {
    if generation > clock + TwinValue.members { return false }
    merge(generation, value)
    return true
  }

  /// "Lost writes are told, exactly or not at all": a write is certainly lost if another one of the same generation
  /// takes its place. If a later one does, nobody can say on top of what that was written.
  private mutating func merge(_ generation: Int, _ value: Int) {
    guard TwinValue.isGreater(generation, value, than: self.generation, self.value) else { return }
    if ownGeneration == generation { losses += 1 }
    ownGeneration = -1
    self.generation = generation
    self.value = value
  }
}

/// A claim about a member.
struct TwinClaim: Equatable {
  /// 0 alive, 1 suspect, 2 dead, 3 left: "the order is (incarnation, state)".
  var incarnation: Int
  var state: Int

  var accuses: Bool { state == 1 || state == 2 }
  var isActive: Bool { state == 0 || state == 1 }

  func outranks(_ other: TwinClaim) -> Bool {
    if incarnation > other.incarnation { return true }
    if incarnation < other.incarnation { return false }
    return state > other.state
  }
}

/// Who makes the claim.
enum TwinSayer: CaseIterable {
  /// The member itself, from its own address.
  case itself
  /// Another live member.
  case member
  /// Somebody who is not a member.
  case stranger
}

/// What one node holds about one other member.
struct TwinMember: Equatable {
  /// Nil while the member is unknown.
  var held: TwinClaim?

  /// What a claim causes besides the new record.
  struct Reply: Equatable {
    /// The sayer must hear what we hold: "an accusation older than what we hold is answered with what we hold". The
    /// words do not say whether a suspicion is older than the death of the same incarnation. It need not be answered:
    /// news of the death is on its way to everybody as it is, and each suspicion of a real death would cost a packet more.
    var tellsWhatIsHeld = false
    /// The member itself must be asked: "not believed but asked", and "a verifying ping".
    var asks = false
  }

  /// - Parameter limit: our effective clock plus a day, above which others are not believed; the member's own word is.
  mutating func hears(_ claim: TwinClaim, from sayer: TwinSayer, limit: Int) -> Reply {
    switch sayer {
    case .stranger:
      // "Nothing else is merged."
      return Reply()
    case .itself:
      // "Believed is what a member says from its own address", and who is dead or left is none: it is a newcomer, who
      // must ack our nonce first.
      guard let held, held.isActive else { return Reply(asks: true) }
      take(claim)
      return Reply()
    case .member:
      // Not in the words: what the member said itself others may repeat, or whose clock is behind believed nobody.
      if claim.incarnation > limit, claim.incarnation > held?.incarnation ?? 0 { return Reply(asks: true) }
      let isOlder = held.map { $0.incarnation > claim.incarnation || $0.state == 3 && $0.outranks(claim) } ?? false
      take(claim)
      return Reply(tellsWhatIsHeld: isOlder && claim.accuses)
    }
  }

  /// It answered our nonce at its address, so the node accepts its word, whatever it was before.
  mutating func acks(_ incarnation: Int) { take(TwinClaim(incarnation: incarnation, state: 0)) }

  private mutating func take(_ claim: TwinClaim) {
    guard let before = held else {
      // "A dead or left record of an unknown address is not stored."
      if claim.isActive { held = claim }
      return
    }
    guard claim.outranks(before) else { return }
    held = claim
    // "A rumour of death about a member that we hold alive makes it suspect here", and a suspect stays one: "only our
    // own timer declares death".
    if claim.state == 2, before.isActive { held?.state = 1 }
  }
}

/// What a node says of itself while it is not leaving (a leaving node says left instead of alive).
struct TwinSelf: Equatable {
  var incarnation: Int

  /// The words say "always", but a claim of 2^61 or more is not outbid: it would spend what later refutations need.
  static let highestOutbid = (1 << 61) - 1

  /// "A member always outbids every record of itself that it did not make", "a leaving member with left": whatever
  /// outranks what it says itself. A goodbye outranks the accusations of its own incarnation as it is.
  mutating func hears(_ claim: TwinClaim, from sayer: TwinSayer, isLeaving: Bool = false) {
    guard sayer == .member, claim.incarnation <= TwinSelf.highestOutbid else { return }
    let own = TwinClaim(incarnation: incarnation, state: isLeaving ? 3 : 0)
    if claim.outranks(own) { incarnation = claim.incarnation + 1 }
  }
}
