// Never isolated: who is not in the list of live members is still in a book, and the book is read for ever.
//
// It holds every seed and the members that once answered us and are not alive now. One entry at random is contacted in
// each interval, so that a partition heals, whatever its length, in about a second for a small cluster and at a constant
// cost for a large one. Rejected: giving up after a time (the commonest complaint about such systems) and gossiping the
// book (then nobody could ever forget an address).

/// Addresses to contact when everything else is lost.
struct AddressBook: Sendable {
  /// What to contact next.
  enum Entry: Sendable {
    case seed(Int)
    case member(LostMembers.Entry)
  }

  /// What is known of each seed, in the order of the seeds.
  private var seeds: [SeedAddresses]
  private var lost = LostMembers()
  /// Seeds' addresses at which we met ourselves.
  private var metOurselvesAt: [Address] = []
  /// When the next entry is contacted.
  private var entryAt: Instant
  /// When the next addresses are tried of seeds that have many.
  private var quickAt = Instant.distantFuture
  /// No seed has answered since the start or since we joined anew.
  private(set) var isJoining: Bool
  /// Rounds over all seeds while joining.
  private var attempts = 0
  private let started: Instant
  /// When it is next said that no seed answers.
  private var complainAt: Instant
  private var isStopped = false

  init(seeds count: Int, at now: Instant) {
    seeds = Array(repeating: SeedAddresses(), count: count)
    isJoining = count > 0
    started = now
    entryAt = now
    complainAt = now + .seconds(3)
  }

  var deadline: Instant { min(entryAt, quickAt) }

  /// Members that are not alive now.
  var gone: [LostMembers.Entry] { lost.entries }

  var count: Int { seeds.count + gone.count }

  /// Whether this is an address that is contacted until somebody answers there.
  func contains(_ address: Address) -> Bool {
    gone.contains { $0.address == address } || seeds.contains { $0.contains(address) }
  }

  /// Whether all that the seeds' names stand for is this node; also where there are no seeds.
  var isAllOurselves: Bool { seeds.allSatisfy { $0.allListed { metOurselvesAt.contains($0) } } }

  // MARK: What happens to it

  /// A member is gone; the seeds leave as much room as there is.
  mutating func add(_ address: Address, at now: Instant, _ settings: Settings, using generator: inout Generator) {
    lost.add(address, room: settings.addressBookSize - seeds.count, at: now, using: &generator)
  }

  mutating func remove(_ address: Address) { lost.remove(address) }

  /// A contact came back to us: that address is our own.
  mutating func metOurselves(at address: Address) {
    metOurselvesAt.removeAll { $0 == address }
    metOurselvesAt.append(address)
  }

  /// Another process answered at this address.
  mutating func metAnother(at address: Address) {
    isJoining = false
    metOurselvesAt.removeAll { $0 == address }
  }

  /// We are not alone, or there is nobody to join.
  mutating func stopJoining() { isJoining = false }

  /// Our list is worth nothing any more: everybody is contacted as at the start.
  mutating func beginAnew(at now: Instant) {
    entryAt = now
    isJoining = !seeds.isEmpty
  }

  /// We leave: nobody is contacted any more.
  mutating func stop() { isStopped = true }

  /// The addresses that a seed has now; none when its name does not resolve, and then the last known are contacted.
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

  /// Contacts an entry of the book, or while joining all seeds.
  mutating func advance(_ context: Context, using generator: inout Generator, into outbox: inout Outbox) {
    contactQuickly(context, using: &generator, into: &outbox)
    guard entryAt <= context.time else { return }
    guard !isStopped else { return entryAt = .distantFuture }
    if isJoining { return contactAll(context, using: &generator, into: &outbox) }
    let share = Duration.microseconds(context.others * 1_000_000 / (4 * max(count, 1)))
    entryAt = context.time + max(context.settings.contactInterval, share)
    switch draw(at: context.time, context.settings, using: &generator) {
    case .seed(let seed):
      // A seed whose addresses are all live members has nothing to tell; its name may still come to mean others.
      let isAllLive = seeds[seed].allListed { context.isLive($0) }
      if !isAllLive || generator.chance(0.1) { lookUp(seed, context, using: &generator, into: &outbox) }
    case .member(let gone): if !context.isLive(gone.address) { outbox.contact(gone.address) }
    case nil: break
    }
  }

  // MARK: Whom it contacts

  /// An entry at random; nil when no entry is due.
  mutating func draw(at now: Instant, _ settings: Settings, using generator: inout Generator) -> Entry? {
    guard count > 0 else { return nil }
    let index = generator.below(count)
    guard index >= seeds.count else { return .seed(index) }
    let entry = gone[index - seeds.count]
    if now - entry.since > settings.longGone, !generator.chance(0.1) { return nil }
    return .member(entry)
  }

  /// Asks what a seed's name stands for now. Who is still waiting for an answer does not wait for it to contact what is
  /// known: a name server that is gone lets look-ups hang for half a minute.
  private mutating func lookUp(
    _ seed: Int, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    if seeds[seed].isAwaited { contactSeed(seed, context, using: &generator, into: &outbox) }
    seeds[seed].lookedUp()
    outbox.emit(.resolve(seed: seed))
  }

  /// Contacts a few of a seed's addresses, the next ones in their order.
  private mutating func contactSeed(
    _ seed: Int, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    let isJoining = isJoining
    let isQuick = isJoining || seeds[seed].isQuick
    let most = isQuick ? SeedAddresses.ofOneQuickContact : SeedAddresses.ofOneContact
    let addresses = seeds[seed].next(most, using: &generator) { address in
      // Our own address is asked too, until we meet ourselves there: it might be another's who had it first. Any other
      // at which we met ourselves is asked for ever: a balancer may lead to us today and to others tomorrow.
      address == context.ourselves ? isJoining : !context.isLive(address)
    }
    for address in addresses { outbox.contact(address) }
    if seeds[seed].isQuick { quickAt = min(quickAt, context.time + SeedAddresses.quickInterval) }
  }

  /// Goes on with seeds that have more addresses than one contact takes.
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
    guard complainAt <= context.time else { return }
    outbox.report(.noSeedAnswered(attempts: attempts))
    // Each complaint doubles the time to the next, from the three seconds of the first up to ten minutes.
    complainAt = context.time + min(context.time - started, .seconds(600))
  }

  /// While joining: quickly at first, for packets that were lost and nodes that start together; then once a second.
  private static let joinBackoff: [Duration] = [
    .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
  ]
}
