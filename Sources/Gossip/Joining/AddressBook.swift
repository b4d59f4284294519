// Keeps a node from being isolated for ever: an address that is not an active member's is still in the address book,
// and the node never stops contacting its entries.
//
// The book holds every seed, and the members that once answered us and are gone now. A node contacts one random entry
// in each interval, so that a partition of any length heals in about a second for a small cluster and at a constant
// cost for a large one. Rejected: giving up after a time (the most common complaint about such systems) and gossiping
// the book (then nobody could ever forget an address).

/// Addresses to contact when everything else is lost.
struct AddressBook: Sendable {
  /// The next entry to contact.
  enum Entry: Sendable {
    case seed(Int)
    case member(LostMembers.Entry)
  }

  /// The known addresses of each seed, in the order of the seeds.
  private var seeds: [SeedAddresses]
  private var lost = LostMembers()
  /// Seed addresses that turned out to be our own.
  private var metOurselvesAt: [Address] = []
  /// When we contact the next entry.
  private var entryAt: Instant
  /// When we try the next addresses of seeds that have many.
  private var quickAt = Instant.distantFuture
  /// Whether no seed has answered yet, since the start or since we began to rejoin.
  private(set) var isJoining: Bool
  /// How many times we have contacted all seeds while joining.
  private var attempts = 0
  private let started: Instant
  /// When we next report that no seed answers.
  private var reportAt: Instant
  private var isStopped = false

  init(seeds count: Int, at now: Instant) {
    seeds = Array(repeating: SeedAddresses(), count: count)
    isJoining = count > 0
    started = now
    entryAt = now
    reportAt = now + .seconds(3)
  }

  var deadline: Instant { min(entryAt, quickAt) }

  /// Members that are gone now.
  var gone: [LostMembers.Entry] { lost.entries }

  var count: Int { seeds.count + gone.count }

  /// Whether we contact this address until somebody answers there.
  func contains(_ address: Address) -> Bool {
    gone.contains { $0.address == address } || isSeed(address)
  }

  /// Whether a seed's name leads to this address, or did lately.
  func isSeed(_ address: Address) -> Bool { seeds.contains { $0.contains(address) } }

  /// Whether all addresses of all seeds are our own; true if there are no seeds.
  var isAllOurselves: Bool { seeds.allSatisfy { $0.allListed { metOurselvesAt.contains($0) } } }

  // MARK: Events

  /// A member is gone: it gets an entry, in the room that the seeds leave.
  mutating func add(_ address: Address, at now: Instant, _ settings: Settings, using generator: inout Generator) {
    lost.add(address, room: settings.addressBookSize - seeds.count, at: now, using: &generator)
  }

  mutating func remove(_ address: Address) { lost.remove(address) }

  /// Our own contact came back to us: that address is ours.
  mutating func metOurselves(at address: Address) {
    metOurselvesAt.removeAll { $0 == address }
    metOurselvesAt.append(address)
  }

  /// Another process answered at this address.
  mutating func metAnother(at address: Address) {
    isJoining = false
    metOurselvesAt.removeAll { $0 == address }
  }

  /// Stops joining: we are not alone, or there is nobody to join.
  mutating func stopJoining() { isJoining = false }

  /// Our list is out of date: we contact everybody, as at the start.
  mutating func restart(at now: Instant) {
    entryAt = now
    isJoining = !seeds.isEmpty
  }

  /// Stops contacting, because we leave.
  mutating func stop() { isStopped = true }

  /// A look-up of a seed ended. If its name does not resolve, we keep contacting the last known addresses.
  mutating func resolved(
    _ seed: Int, _ addresses: [Address], failure: String?, _ context: Context, using generator: inout Generator,
    into outbox: inout Outbox
  ) {
    guard seeds.indices.contains(seed) else { return }
    if let failure = seeds[seed].resolved(
      addresses.filter(\.isReachable), failure: failure, at: context.time, using: &generator)
    {
      outbox.report(.seedUnresolved(seed: seed, failure: failure))
    }
    contactSeed(seed, context, using: &generator, into: &outbox)
  }

  /// Contacts one entry of the book, or all seeds while joining.
  mutating func advance(_ context: Context, using generator: inout Generator, into outbox: inout Outbox) {
    contactQuickly(context, using: &generator, into: &outbox)
    guard entryAt <= context.time else { return }
    guard !isStopped else { return entryAt = .distantFuture }
    if isJoining { return contactAll(context, using: &generator, into: &outbox) }
    let share = Duration.microseconds(context.others * 1_000_000 / (4 * max(count, 1)))
    entryAt = context.time + max(context.settings.contactInterval, share)
    switch draw(at: context.time, context.settings, using: &generator) {
    case .seed(let seed):
      // A seed whose addresses all belong to active members has nothing to tell us, but its name may later resolve to
      // others.
      let isAllActive = seeds[seed].allListed { context.isActive($0) }
      if !isAllActive || generator.chance(0.1) { lookUp(seed, context, using: &generator, into: &outbox) }
    case .member(let gone): if !context.isActive(gone.address) { outbox.contact(gone.address) }
    case nil: break
    }
  }

  // MARK: Contacts

  /// An entry at random; nil when no entry is due.
  mutating func draw(at now: Instant, _ settings: Settings, using generator: inout Generator) -> Entry? {
    guard count > 0 else { return nil }
    let index = generator.below(count)
    guard index >= seeds.count else { return .seed(index) }
    let entry = gone[index - seeds.count]
    if now - entry.since > settings.longGoneAfter, !generator.chance(0.1) { return nil }
    return .member(entry)
  }

  /// Looks up a seed's name again. Meanwhile we contact the known addresses without waiting for the answer: if the name
  /// server is gone, look-ups hang for half a minute.
  private mutating func lookUp(
    _ seed: Int, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    if seeds[seed].isAwaited { contactSeed(seed, context, using: &generator, into: &outbox) }
    seeds[seed].lookedUp()
    outbox.emit(.resolve(seed: seed))
  }

  /// Contacts the next few of a seed's addresses.
  private mutating func contactSeed(
    _ seed: Int, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    let isJoining = isJoining
    let isQuick = isJoining || seeds[seed].isQuick
    let most = isQuick ? SeedAddresses.perQuickContact : SeedAddresses.perContact
    let addresses = seeds[seed].next(most, using: &generator) { address in
      // We contact our own address too, until we meet ourselves there: another process might have had it first. Any
      // other address where we met ourselves stays in turn for ever: a load balancer may lead to us today and to others
      // tomorrow.
      address == context.ourselves ? isJoining : !context.isActive(address)
    }
    for address in addresses { outbox.contact(address) }
    if seeds[seed].isQuick { quickAt = min(quickAt, context.time + SeedAddresses.quickInterval) }
  }

  /// Continues with seeds that have more addresses than we contact at a time.
  private mutating func contactQuickly(
    _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard quickAt <= context.time else { return }
    quickAt = .distantFuture
    guard !isStopped else { return }
    for seed in seeds.indices where seeds[seed].isQuick {
      contactSeed(seed, context, using: &generator, into: &outbox)
    }
  }

  private mutating func contactAll(
    _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    attempts += 1
    for seed in seeds.indices { lookUp(seed, context, using: &generator, into: &outbox) }
    let gone = self.gone
    if !gone.isEmpty { outbox.contact(gone[generator.below(gone.count)].address) }
    let backoff = min(attempts, AddressBook.joinBackoff.count) - 1
    entryAt = context.time + AddressBook.joinBackoff[backoff]
    guard reportAt <= context.time else { return }
    outbox.report(.noSeedAnswered(attempts: attempts))
    // Each report doubles the time to the next, from three seconds for the first up to ten minutes.
    reportAt = context.time + min(context.time - started, .seconds(600))
  }

  /// The waits while joining: short at first, for lost packets and nodes that start together; then a second.
  private static let joinBackoff: [Duration] = [
    .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
  ]
}
