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
  var seeds: [SeedAddresses]
  private var lost = LostMembers()
  /// Seeds' addresses at which we met ourselves.
  private(set) var ourselves: [Address] = []
  /// When the next entry is contacted.
  var deadline: Instant
  /// When the next addresses are tried of seeds that have many.
  var quickAt = Instant.distantFuture
  /// No seed has answered since the start or since we joined anew.
  var isJoining: Bool
  /// Rounds over all seeds while joining.
  var attempts = 0
  /// When it is next said that no seed answers, and the failures of each seed to resolve.
  var complainAt: Instant
  var failures: [Int]

  init(seeds count: Int, at now: Instant) {
    seeds = Array(repeating: SeedAddresses(), count: count)
    failures = Array(repeating: 0, count: count)
    isJoining = count > 0
    deadline = now
    complainAt = now + .seconds(3)
  }

  /// Members that are not alive now.
  var gone: [LostMembers.Entry] { lost.entries }

  var count: Int { seeds.count + gone.count }

  /// Notes a member that is gone; the seeds leave as much room as there is.
  mutating func add(_ address: Address, at now: Instant, _ settings: Settings, using generator: inout Generator) {
    lost.add(address, room: settings.addressBookSize - seeds.count, at: now, using: &generator)
  }

  mutating func remove(_ address: Address) { lost.remove(address) }

  /// Whether this is an address that is contacted until somebody answers there.
  func contains(_ address: Address) -> Bool {
    gone.contains { $0.address == address } || seeds.contains { $0.contains(address) }
  }

  mutating func metOurselves(at address: Address) {
    if !ourselves.contains(address) { ourselves.append(address) }
  }

  mutating func metAnother(at address: Address) { ourselves.removeAll { $0 == address } }

  /// An entry at random; nil when it is none's turn.
  mutating func draw(at now: Instant, _ settings: Settings, using generator: inout Generator) -> Entry? {
    guard count > 0 else { return nil }
    let index = generator.below(count)
    guard index >= seeds.count else { return .seed(index) }
    let entry = gone[index - seeds.count]
    if now - entry.since > settings.longGone, !generator.chance(0.1) { return nil }
    return .member(entry)
  }
}

extension Node {
  /// Contacts an entry of the book, or while joining all seeds.
  mutating func contactIfDue() {
    contactQuicklyIfDue()
    guard book.deadline <= now.monotonic else { return }
    guard !leaving.isUnderWay else { return book.deadline = .distantFuture }
    if book.isJoining { return contactAllSeeds() }
    let others = members.liveCount - 1
    let entries = max(book.count, 1)
    let share = Duration.microseconds(others * 1_000_000 / (4 * entries))
    book.deadline = now.monotonic + max(settings.contactInterval, share)
    switch book.draw(at: now.monotonic, settings, using: &generator) {
    case .seed(let seed):
      // A seed whose addresses are all live members has nothing to tell; its name may still come to mean others.
      let isAllLive = book.seeds[seed].allListed { isLive($0) }
      if !isAllLive || generator.chance(0.1) { lookUp(seed) }
    case .member(let gone): if !isLive(gone.address) { contact(gone.address) }
    case nil: break
    }
  }

  /// Asks whoever is at an address to answer.
  mutating func contact(_ address: Address) {
    guard address.isReachable else { return }
    ask(.contact, address, for: .contact, introduces: true)
  }

  /// Asks what a seed's name stands for now. Who is still waiting for an answer does not wait for it to contact what is
  /// known: a name server that is gone lets look-ups hang for half a minute.
  private mutating func lookUp(_ seed: Int) {
    if book.seeds[seed].isAwaited { contactSeed(seed) }
    book.seeds[seed].isAwaited = true
    emit(.resolve(seed: seed))
  }

  /// The addresses that a seed has now; none when its name does not resolve, and then the last known are contacted.
  mutating func resolved(_ seed: Int, _ addresses: [Address], failure: String?) {
    guard book.seeds.indices.contains(seed) else { return }
    book.seeds[seed].isAwaited = false
    let reachable = addresses.filter(\.isReachable)
    if reachable.isEmpty {
      book.failures[seed] += 1
      let count = book.failures[seed]
      // At the first failure, then at the second, the fourth and so on: a name that is wrong for ever fills no log.
      if count & (count - 1) == 0 {
        emit(.report(.seedUnresolved(seed: seed, failure: failure ?? "it has no address")))
      }
    } else {
      book.failures[seed] = 0
      book.seeds[seed].learnt(reachable, at: now.monotonic, using: &generator)
    }
    contactSeed(seed)
    readyIfAllSeedsAreOurselves()
  }

  /// Contacts a few of a seed's addresses, the next ones in their order.
  private mutating func contactSeed(_ seed: Int) {
    let (isJoining, ourselves, members) = (book.isJoining, identity.address, self.members)
    let isQuick = isJoining || book.seeds[seed].isQuick
    let most = isQuick ? SeedAddresses.ofOneQuickContact : SeedAddresses.ofOneContact
    let addresses = book.seeds[seed].next(most, using: &generator) { address in
      // Our own address is asked too, until we meet ourselves there: it might be another's who had it first. Any other
      // at which we met ourselves is asked for ever: a balancer may lead to us today and to others tomorrow.
      address == ourselves ? isJoining : !(members.index(of: address).map { members[$0].isLive } ?? false)
    }
    for address in addresses { contact(address) }
    if book.seeds[seed].isQuick { book.quickAt = min(book.quickAt, now.monotonic + SeedAddresses.quickInterval) }
  }

  /// Goes on with seeds that have more addresses than one contact takes.
  private mutating func contactQuicklyIfDue() {
    guard book.quickAt <= now.monotonic else { return }
    book.quickAt = .distantFuture
    guard !leaving.isUnderWay else { return }
    for seed in book.seeds.indices where book.seeds[seed].isQuick { contactSeed(seed) }
  }

  /// A contact came back to us: that address is our own.
  mutating func metOurselves(at address: Address) {
    book.metOurselves(at: address)
    readyIfAllSeedsAreOurselves()
  }

  /// Whoever was contacted answered.
  mutating func contactAnswered(_ address: Address, by sender: Message.Sender) {
    book.isJoining = false
    book.metAnother(at: address)
    if isLive(sender.address) { pullSoon(from: sender.address) } else { verify(sender.address) }
  }

  /// After a stop that was longer than others remember us, our list is a list of strangers: join as at the start.
  mutating func joinAnew() {
    for index in (0..<members.count).reversed() where members[index].address != identity.address {
      if members[index].isLive { book.add(members[index].address, at: now.monotonic, settings, using: &generator) }
      members.remove(at: index)
    }
    suspicions = []
    relays = []
    probe.attempt = nil
    antiEntropy.beginAnew(at: now.monotonic, settings, canJoin: book.count > 0)
    book.deadline = now.monotonic
    book.isJoining = !book.seeds.isEmpty
    reports.changed()
  }

  private mutating func contactAllSeeds() {
    book.attempts += 1
    for seed in book.seeds.indices { lookUp(seed) }
    if !book.gone.isEmpty { contact(book.gone[generator.below(book.gone.count)].address) }
    let backoff = min(book.attempts, AddressBook.joinBackoff.count) - 1
    book.deadline = now.monotonic + AddressBook.joinBackoff[backoff]
    guard book.complainAt <= now.monotonic else { return }
    emit(.report(.noSeedAnswered(attempts: book.attempts)))
    // Each complaint doubles the time to the next, from the three seconds of the first up to ten minutes.
    book.complainAt = now.monotonic + min(now.monotonic - readiness.started, .seconds(600))
  }
}

extension AddressBook {
  /// While joining: quickly at first, for packets that were lost and nodes that start together; then once a second.
  static let joinBackoff: [Duration] = [
    .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
  ]
}
