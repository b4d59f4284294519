// The members that we suspect: we ping them, count their accusers, and declare those dead that do not refute in time.
//
// Members that hear of a suspicion ping the suspect themselves, some at once and the others an interval later, so that
// the accused learns of it within a round trip and a death rests on one's own pings. Rejected: leaving the pings to the
// accuser (then hearsay decides).

/// All suspicions of this node.
struct Suspicions: Sendable {
  /// The result of a round of pings.
  struct Verdicts: Equatable, Sendable {
    /// Members that have just missed as many of our pings as a death takes: we now accuse them ourselves.
    var unresponsive: [Address] = []
    /// Members whose time to refute is over.
    var expired: [Address] = []
  }

  /// The cause of a suspicion.
  struct Accusation: Sendable {
    var accuser: Address?
    /// Another member declared it dead, which counts as all confirmations.
    var isConfirmed = false
    /// How many pings of our failed probe stayed unanswered; 0 when others accuse.
    var unanswered = 0
    /// Our own probe failed.
    var isOurs = false
  }

  private var list: [Suspicion] = []

  var count: Int { list.count }
  var isEmpty: Bool { list.isEmpty }

  /// When the next ping is due.
  var deadline: Instant { list.reduce(.distantFuture) { min($0, $1.nextPing) } }

  subscript(address: Address) -> Suspicion? { list.first { $0.address == address } }

  /// A record as we send it: with its first accuser, if the member is suspect.
  func withAccuser(_ record: Record) -> Record {
    guard record.state == .suspect else { return record }
    var record = record
    record.accuser = self[record.address]?.accusers.first
    return record
  }

  /// Marks a member as suspect, or as suspect at a higher incarnation.
  mutating func begin(
    of member: Member, incarnation: UInt64, _ accusation: Accusation, _ context: Context,
    using generator: inout Generator
  ) {
    // Our own probe has just pinged it; of the members that hear of it, a few ping at once.
    let waits =
      accusation.isOurs
      || !generator.chance(Double(context.settings.suspectPingers) / Double(context.members.activeCount))
    remove(member.address)
    list.append(
      Suspicion(
        of: member.address, incarnation: incarnation, accuser: accusation.accuser,
        isConfirmed: accusation.isConfirmed, unanswered: accusation.unanswered,
        timeoutMultiplier: context.timeoutMultiplier(for: member),
        firstPing: waits ? context.settings.suspectPingInterval : .zero, at: context.time))
  }

  /// The member is no longer suspect.
  mutating func remove(_ address: Address) { list.removeAll { $0.address == address } }

  mutating func removeAll() { list = [] }

  /// One more member accuses a suspect.
  /// - Returns: the claim to relay, for the first few accusers. It is explicit, because the order of claims would drop
  ///   it as known.
  mutating func confirm(_ address: Address, by accuser: Address, _ context: Context) -> Rumours.Claim? {
    guard let index = list.firstIndex(where: { $0.address == address }),
      list[index].confirm(by: accuser, wanted: Suspicions.wanted(context))
    else { return nil }
    return Rumours.Claim(
      address: address, incarnation: list[index].incarnation, state: .suspect, accuser: accuser)
  }

  /// Another member declared a suspect dead.
  mutating func confirmFully(_ address: Address) {
    if let index = list.firstIndex(where: { $0.address == address }) { list[index].confirmFully() }
  }

  /// Pings the suspects whose next ping is due.
  mutating func advance(_ context: Context, into outbox: inout Outbox) -> Verdicts {
    let wanted = Suspicions.wanted(context)
    var verdicts = Verdicts()
    for index in list.indices where list[index].nextPing <= context.time {
      let address = list[index].address
      list[index].pingWentUnanswered()
      let unanswered = list[index].unanswered
      if unanswered == context.settings.pingsBeforeDeath { verdicts.unresponsive.append(address) }
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

  /// How many confirmations shrink a suspicion to its minimum: fewer where there are not enough members to give them.
  private static func wanted(_ context: Context) -> Int {
    min(context.settings.confirmations, max(context.members.activeCount - 2, 0))
  }
}
