// Whether the address that we advertise leads to us.
//
// A node that advertises a wrong address still gets answers, because they go to where its datagrams come from. So it
// lists everybody, and nobody lists it. A node cannot see which of its addresses a datagram was sent to, but there are
// three signs. A member that pings us used the advertised address, because no ping goes anywhere else. A member that we
// contact and that does not list us verifies that address, and sends a notice if nobody answers there, or another
// process does. And a member that answers the contact and sends no notice lists us. So a node that no member pings
// contacts one now and then. Among members that list us, one pings us every fraction of a second, and this costs
// nothing.
//
// A single member may lie, or may have lost three packets: we accept a notice only when a second one comes, from
// another member where there is one. With a single other member nobody can tell whether it lies; we believe it, because
// most do not. Rejected: pinging our own advertised address (whether a machine or a port mapping leads it back to us
// says nothing about what others reach).

/// What members report about our advertised address.
struct Reachability: Sendable {
  /// What is wrong with it, and which member says so; nil while nothing is.
  private(set) var complaint: Complaint?
  /// When we next check whether a member has reached us.
  private(set) var deadline: Instant
  private var reachedAt: Instant?
  private var noticedAt: Instant?
  private var asked = 0
  /// The member that sent the first notice, if there was no sign to the contrary since.
  private var doubter: Address?
  /// The last member that we contacted, if it answered and has sent no notice: it lists us, unless a notice still comes
  /// in time.
  private var listedBy: Address?
  /// How many members in a row listed us.
  private var listings = 0
  private var tellAt: Instant
  private var silence = Reachability.usualSilence

  /// A notice that we accept.
  struct Complaint: Equatable, Sendable {
    var why: RefusedAddress
    var by: Address
  }

  init(at now: Instant) {
    deadline = now + Reachability.firstRecheckInterval
    tellAt = now
  }

  /// A member pinged us, or showed in another way that it lists us. Reports this if our address was considered wrong
  /// until now.
  mutating func reached(by member: Address, at now: Instant, into outbox: inout Outbox) {
    reachedAt = now
    listedBy = nil
    listings = 0
    deadline = now + Reachability.recheckInterval
    asked = 0
    if withdraw(at: now) { outbox.report(.advertisedAddressReached(by: member)) }
  }

  /// The member that we contacted answered. A notice may still come.
  mutating func answered(by member: Address) { listedBy = member }

  /// A member could not reach us, or found another process at our address. We ignore that while other members ping us.
  /// - Parameter others: how many other members are active.
  /// - Returns: whether to report it: at first, and then more and more rarely.
  mutating func noticed(_ why: RefusedAddress, by member: Address, among others: Int, at now: Instant) -> Bool {
    listedBy = nil
    listings = 0
    if let reachedAt, now - reachedAt < Reachability.recheckInterval { return false }
    noticedAt = now
    let first = doubter
    doubter = first ?? member
    // Three lost pings also lead to a notice (5 % at 20 % loss); but when another process answers, no loss explains it.
    let isSecond = others < 2 ? first != nil || why == .taken : first.map { $0 != member } ?? false
    guard complaint != nil || isSecond else { return false }
    complaint = Complaint(why: why, by: member)
    guard tellAt <= now else { return false }
    tellAt = now + silence.wait()
    return true
  }

  /// It is time to check: withdraws the verdict if the member that we contacted last lists us, or if notices have
  /// stopped.
  mutating func judge(at now: Instant, into outbox: inout Outbox) {
    guard deadline <= now else { return }
    if let member = listing() { return reached(by: member, at: now, into: &outbox) }
    if expire(at: now) { outbox.report(.advertisedAddressReached(by: nil)) }
  }

  /// Contacts a member to learn whether it reaches us, if no member has shown that for a while.
  mutating func advance(
    _ context: Context, isLeaving: Bool, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard deadline <= context.time else { return }
    let (ourselves, doubter) = (context.ourselves, doubter)
    let others = isLeaving ? 0 : context.others
    let member = context.members.random(min(others, 1), using: &generator) {
      $0.isActive && $0.address != ourselves && (others == 1 || $0.address != doubter)
    }.first
    looked(asking: member != nil, at: context.time)
    if let member { outbox.contact(member, for: .reach) }
  }

  /// The member that we contacted last, if it lists us and that is enough: after two notices, a third that was lost on
  /// its way must not outweigh them.
  mutating func listing() -> Address? {
    guard let listedBy else { return nil }
    listings += 1
    return complaint == nil || listings >= Reachability.listingsToWithdraw ? listedBy : nil
  }

  /// No notice has come for so long that its senders are gone, or the address was fixed.
  /// - Returns: whether our address was considered wrong until now.
  private mutating func expire(at now: Instant) -> Bool {
    guard let noticedAt, now - noticedAt > Reachability.memory else { return false }
    return withdraw(at: now)
  }

  private mutating func withdraw(at now: Instant) -> Bool {
    defer {
      complaint = nil
      noticedAt = nil
      doubter = nil
      tellAt = now
      silence.reset()
    }
    return complaint != nil
  }

  /// We checked, and contacted a member if there is one.
  mutating func looked(asking: Bool, at now: Instant) {
    listedBy = nil
    if asking { asked += 1 }
    deadline =
      now + (asked <= Reachability.quickChecks ? Reachability.firstRecheckInterval : Reachability.recheckInterval)
  }

  /// After this time without a member's ping we contact one, and for this time a ping outweighs members that cannot
  /// reach us. A member is pinged 12 times in it, at any size of cluster. If it were shorter, healthy nodes would ask
  /// now and then, which costs two datagrams.
  private static let recheckInterval: Duration = .seconds(5)
  /// How often we ask at first: two notices take 0.6 s each, so people learn of a wrong address within three seconds.
  private static let firstRecheckInterval: Duration = .seconds(1)
  private static let quickChecks = 3
  /// As long as six contacts: so many answers are not lost while anybody is there.
  private static let memory: Duration = .seconds(30)
  /// At 20 % loss, one verdict in 125 is withdrawn wrongly. Members that really list us ping us long before that.
  private static let listingsToWithdraw = 3
  /// The time until the report is repeated; it doubles each time.
  private static let usualSilence = Backoff(from: .seconds(5), to: .seconds(600))
}
