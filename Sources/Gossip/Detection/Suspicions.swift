// The members that are suspect here: they are pinged, accusers are counted, and those are declared dead whose time is over.
//
// Hearers of a suspicion ping the suspect themselves, some at once and the others an interval later, so that the accused
// is told within a round trip and a death rests on pings of one's own. Rejected: leaving the pings to the accuser (then
// hearsay decides).

/// All suspicions of this node.
struct Suspicions: Sendable {
  /// What a round of pings came to.
  struct Verdicts: Equatable, Sendable {
    /// Members that missed as many pings of ours as a death takes: as good as a failed probe of our own.
    var convinced: [Address] = []
    /// Members whose time to refute is over.
    var expired: [Address] = []
  }

  /// What brought a member under suspicion.
  struct Accusation: Sendable {
    var accuser: Address?
    /// Somebody declared it dead: as good as all confirmations.
    var isConfirmed = false
    /// Pings of our failed probe that stayed unanswered; 0 when others accuse.
    var unanswered = 0
    /// It was our own probe that failed.
    var isOurs = false
  }

  private var list: [Suspicion] = []

  var count: Int { list.count }
  var isEmpty: Bool { list.isEmpty }

  /// When the next ping is due.
  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.nextPing) } }

  subscript(address: Address) -> Suspicion? { list.first { $0.address == address } }

  /// A record as we tell it: with the first accuser, if it is suspect.
  func told(_ record: Record) -> Record {
    guard record.state == .suspect else { return record }
    var record = record
    record.accuser = self[record.address]?.accusers.first
    return record
  }

  /// Begins to suspect a member, or to do so at a higher incarnation.
  mutating func begin(
    of member: Member, incarnation: UInt64, _ accusation: Accusation, _ context: Context,
    using generator: inout Generator
  ) {
    // Our own probe has pinged it just now; of those who hear of it a few ping at once.
    let waits =
      accusation.isOurs
      || !generator.chance(Double(context.settings.suspectPingers) / Double(context.members.liveCount))
    remove(member.address)
    list.append(
      Suspicion(
        of: member.address, incarnation: incarnation, accuser: accusation.accuser,
        isConfirmed: accusation.isConfirmed, unanswered: accusation.unanswered,
        timeoutMultiplier: context.timeoutMultiplier(for: member),
        firstPing: waits ? context.settings.suspectPingInterval : .zero, at: context.time))
  }

  /// It is not suspect any more.
  mutating func remove(_ address: Address) { list.removeAll { $0.address == address } }

  mutating func removeAll() { list = [] }

  /// One more member accuses a suspect.
  /// - Returns: what is passed on: the first few, or the order of claims would drop them as known.
  mutating func confirm(_ address: Address, by accuser: Address, _ context: Context) -> Rumours.Claim? {
    guard let index = list.firstIndex(where: { $0.address == address }),
      list[index].confirm(by: accuser, wanted: Suspicions.wanted(context))
    else { return nil }
    return Rumours.Claim(
      address: address, incarnation: list[index].incarnation, state: .suspect, accuser: accuser)
  }

  /// Somebody declared a suspect dead.
  mutating func confirmFully(_ address: Address) {
    if let index = list.firstIndex(where: { $0.address == address }) { list[index].confirmFully() }
  }

  /// Pings suspects whose turn it is.
  mutating func advance(_ context: Context, into outbox: inout Outbox) -> Verdicts {
    let wanted = Suspicions.wanted(context)
    var verdicts = Verdicts()
    for index in list.indices where list[index].nextPing <= context.time {
      let address = list[index].address
      list[index].pingWentUnanswered()
      let unanswered = list[index].unanswered
      if unanswered == context.settings.pingsBeforeDeath { verdicts.convinced.append(address) }
      let isOver = list[index].expiry(wanted: wanted, context.settings) <= context.time
      if isOver, unanswered >= context.settings.pingsBeforeDeath {
        verdicts.expired.append(address)
      } else {
        list[index].pinged(interval: context.settings.suspectPingInterval, at: context.time)
        outbox.ask(.ping(target: address), address, for: .suspicion)
      }
    }
    return verdicts
  }

  /// A suspect answered a request of ours.
  mutating func answered(_ address: Address) {
    if let index = list.firstIndex(where: { $0.address == address }) { list[index].answered() }
  }

  /// A member answered our notify.
  mutating func answeredNotify(_ address: Address) {
    if let index = list.firstIndex(where: { $0.address == address }) { list[index].answeredNotify() }
  }

  /// Confirmations that shrink a suspicion: fewer where there are not enough members to give them.
  private static func wanted(_ context: Context) -> Int {
    min(context.settings.confirmations, max(context.members.liveCount - 2, 0))
  }
}
