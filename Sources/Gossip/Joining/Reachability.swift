// Whether the address that we advertise leads to us.
//
// A node with a wrong one hears answers all the same: they go to where its datagrams come from. So it lists everybody, and
// nobody lists it. It cannot see to which of its addresses a datagram was sent, but three things tell. A member that pings
// us wrote to the advertised address, as no ping goes anywhere else. A member that we contact and that does not list us
// asks at that address who is there, and says so when nobody answers, or another. And one that answers the contact and
// says nothing more lists us. A node that no member pings therefore contacts one now and then; among members that know us
// somebody pings every fraction of a second, and this costs nothing.
//
// One alone may lie, or have lost three packets: a refusal is believed when it comes twice, and from two members where
// there are two. With a single other member nobody can tell whether it lies; it is believed, as most do not.
// Rejected: pinging our own advertised address, which machines and port mappings lead back or not, whatever others reach.

/// What members say of our advertised address.
struct Reachability: Sendable {
  /// Why it was refused, and by whom; nil when it was not, or is not any more.
  private(set) var refused: Refused?
  /// When it is next looked whether a member has reached us.
  private(set) var deadline: Instant
  private var reachedAt: Instant?
  private var refusedAt: Instant?
  private var asked = 0
  /// Who refused it first, without a sign of the contrary since.
  private var doubter: Address?
  /// The last member that we asked, when it answered and has not refused: it lists us, if nothing more comes in time.
  private var listedBy: Address?
  /// So many members in a row listed us.
  private var listings = 0
  private var tellAt: Instant
  private var silence = Reachability.usualSilence

  /// A refusal that is believed.
  struct Refused: Equatable, Sendable {
    var why: RefusedAddress
    var by: Address
  }

  init(at now: Instant) {
    deadline = now + Reachability.quickly
    tellAt = now
  }

  /// A member pinged us, or showed otherwise that it lists us. People are told if our address was refused until now.
  mutating func reached(by member: Address, at now: Instant, into outbox: inout Outbox) {
    reachedAt = now
    listedBy = nil
    listings = 0
    deadline = now + Reachability.patience
    asked = 0
    if withdraw(at: now) { outbox.report(.advertisedAddressReached(by: member)) }
  }

  /// The member that we asked whether it reaches us answered. A refusal may still come.
  mutating func answered(by member: Address) { listedBy = member }

  /// A member could not reach us, or found another at our address. That counts for nothing while other members ping us.
  /// - Parameter others: how many other members are live.
  /// - Returns: whether to tell people: at first, and then more and more rarely.
  mutating func refused(_ why: RefusedAddress, by member: Address, among others: Int, at now: Instant) -> Bool {
    listedBy = nil
    listings = 0
    if let reachedAt, now - reachedAt < Reachability.patience { return false }
    refusedAt = now
    let first = doubter
    doubter = first ?? member
    // Three lost pings look like a refusal (5 % at 20 % loss), and that another answers does not.
    let isSecond = others < 2 ? first != nil || why == .taken : first.map { $0 != member } ?? false
    guard refused != nil || isSecond else { return false }
    refused = Refused(why: why, by: member)
    guard tellAt <= now else { return false }
    tellAt = now + silence.wait()
    return true
  }

  /// The time to look has come: who was asked last lists us, or those who refused us are not heard any more.
  mutating func judge(at now: Instant, into outbox: inout Outbox) {
    guard deadline <= now else { return }
    if let member = listing() { return reached(by: member, at: now, into: &outbox) }
    if expire(at: now) { outbox.report(.advertisedAddressReached(by: nil)) }
  }

  /// Asks a member whether it reaches us, if none has shown so for long.
  mutating func advance(
    _ context: Context, isLeaving: Bool, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard deadline <= context.time else { return }
    let (ourselves, doubter) = (context.ourselves, doubter)
    let others = isLeaving ? 0 : context.others
    let member = context.members.random(min(others, 1), using: &generator) {
      $0.isLive && $0.address != ourselves && (others == 1 || $0.address != doubter)
    }.first
    looked(asking: member != nil, at: context.time)
    if let member { outbox.contact(member, for: .reach) }
  }

  /// The member that was asked last, if it lists us and that is enough: where two have refused, a refusal that was lost
  /// on its way must not count for more.
  mutating func listing() -> Address? {
    guard let listedBy else { return nil }
    listings += 1
    return refused == nil || listings >= Reachability.listingsToWithdraw ? listedBy : nil
  }

  /// Nobody has said it for so long that those who did are gone, or it was mended.
  /// - Returns: whether our address had been refused until now.
  private mutating func expire(at now: Instant) -> Bool {
    guard let refusedAt, now - refusedAt > Reachability.memory else { return false }
    return withdraw(at: now)
  }

  private mutating func withdraw(at now: Instant) -> Bool {
    defer {
      refused = nil
      refusedAt = nil
      doubter = nil
      tellAt = now
      silence.reset()
    }
    return refused != nil
  }

  /// The time to look has come, and a member is asked if there is one.
  mutating func looked(asking: Bool, at now: Instant) {
    listedBy = nil
    if asking { asked += 1 }
    deadline = now + (asked <= Reachability.quickQuestions ? Reachability.quickly : Reachability.patience)
  }

  /// Without a member's ping for so long we ask, and for so long such a ping outweighs who cannot reach us. Members ping
  /// each other 12 times in it, at whatever size of cluster. Shorter, healthy nodes would ask now and then, which costs two
  /// datagrams.
  private static let patience: Duration = .seconds(5)
  /// At first we ask so often: two refusals take 0.6 s each, and people are told within three seconds.
  private static let quickly: Duration = .seconds(1)
  private static let quickQuestions = 3
  /// Six questions long: so many answers are not lost while anybody is there.
  private static let memory: Duration = .seconds(30)
  /// At 20 % loss one in 125 is wrong. Members that do list us ping us long before that.
  private static let listingsToWithdraw = 3
  /// People are told again after so long, then twice as long each time.
  private static let usualSilence = Backoff(from: .seconds(5), to: .seconds(600))
}
