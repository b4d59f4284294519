// The addresses of one seed: those of the last look-up, and those of earlier ones.
//
// Each contact tries a few of them in random order until all have had their turn, so it does not matter how many a name
// server lists, which it lists first, or which it leaves out this time. Addresses that a name had recently stay: a name
// server that lies, lists nodes that are gone or does not answer costs us only its new addresses. Rejected: the first
// sixteen of each answer (two halves whose name servers list their own first would never meet), and all of each answer
// at once (hundreds of datagrams for one look-up).

/// The known addresses of one seed.
struct SeedAddresses: Sendable {
  private struct Known: Sendable {
    var address: Address
    /// When it was first listed; since then it was never dropped.
    var since: Instant
    /// When it was last listed.
    var listed: Instant
  }

  /// The known addresses, in address order.
  private var known: [Known] = []
  /// The addresses that are still to come in this round; the next one is last.
  private var order: [Address] = []
  /// When a look-up last gave addresses; nil before the first.
  private var answered: Instant?
  /// Whether a look-up is under way.
  private(set) var isAwaited = false
  /// How many look-ups in a row gave nothing.
  private var failures = 0
  /// How many addresses may still be tried in quick succession.
  private var quickTries = SeedAddresses.capacity

  /// Whether to try the next ones soon: there are more than we contact at a time, and we are new here.
  var isQuick: Bool { quickTries > 0 && !order.isEmpty }

  var count: Int { known.count }

  func contains(_ address: Address) -> Bool {
    let index = insertionIndex(of: address)
    return index < known.count && known[index].address == address
  }

  /// Whether all addresses that the name has now satisfy the condition; false before it was resolved.
  func allListed(_ condition: (Address) -> Bool) -> Bool {
    guard let answered else { return false }
    return known.allSatisfy { $0.listed != answered || condition($0.address) }
  }

  mutating func lookedUp() { isAwaited = true }

  /// A look-up ended.
  /// - Returns: why it gave nothing, if that is to be reported: at the first failure, the second, the fourth and so on,
  ///   because a name that is wrong for ever must not fill the log.
  mutating func resolved(
    _ addresses: [Address], failure: String?, at now: Instant, using generator: inout Generator
  ) -> String? {
    isAwaited = false
    guard addresses.isEmpty else {
      failures = 0
      learnt(addresses, at: now, using: &generator)
      return nil
    }
    failures += 1
    return failures & (failures - 1) == 0 ? failure ?? "it has no address" : nil
  }

  /// A look-up gave these addresses. If there are more than we keep, chance decides, and the next look-up draws again.
  mutating func learnt(_ addresses: [Address], at now: Instant, using generator: inout Generator) {
    guard !addresses.isEmpty else { return }
    answered = now
    var addresses = addresses
    if addresses.count > SeedAddresses.perLookUp {
      generator.shuffle(&addresses)
      addresses.removeLast(addresses.count - SeedAddresses.perLookUp)
    }
    for address in addresses {
      let index = insertionIndex(of: address)
      if index < known.count, known[index].address == address {
        known[index].listed = now
      } else {
        known.insert(Known(address: address, since: now, listed: now), at: index)
        if !order.isEmpty { order.insert(address, at: generator.below(order.count + 1)) }
      }
    }
    forget(at: now)
  }

  /// Drops addresses that were not listed for long. If there is still no room, it drops those that were listed most
  /// recently for the first time: a name server that keeps lying displaces its own lies.
  private mutating func forget(at now: Instant) {
    known.removeAll { now - $0.listed > SeedAddresses.stay }
    guard known.count > SeedAddresses.capacity, let answered else { return }
    let surplus = known.count - SeedAddresses.capacity
    let unlisted = known.filter { $0.listed != answered }.sorted { ($1.since, $0.address) < ($0.since, $1.address) }
    for entry in unlisted.prefix(surplus) { known.remove(at: insertionIndex(of: entry.address)) }
  }

  /// The next addresses to try, at most this many of those that qualify. Each has its turn before any gets a second
  /// one.
  mutating func next(
    _ count: Int, using generator: inout Generator, where isWanted: (Address) -> Bool
  ) -> [Address] {
    var chosen: [Address] = []
    for _ in 0..<known.count where chosen.count < count {
      if order.isEmpty {
        order = known.map(\.address)
        generator.shuffle(&order)
      }
      let address = order.removeLast()
      if contains(address), isWanted(address), !chosen.contains(address) { chosen.append(address) }
    }
    quickTries -= min(quickTries, chosen.count)
    return chosen
  }

  private func insertionIndex(of address: Address) -> Int {
    var (low, high) = (0, known.count)
    while low < high {
      let middle = (low + high) / 2
      if known[middle].address < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// How long we try an address that its name no longer lists. Less would drop members that a name server left out
  /// during an afternoon's trouble; this costs an occasional contact to an address where nobody is.
  static let stay: Duration = .seconds(3600)
  /// The most addresses per seed, 40 bytes each: all pods of the largest clusters that we simulate.
  static let capacity = 1024
  /// The most addresses that we take from one look-up. A name server that lists a different thousand each time needs
  /// several look-ups to fill the capacity, and even then older addresses stay (see `forget`).
  static let perLookUp = 256
  /// How many addresses we contact at a time: four datagrams of 304 bytes. For a name with two hundred addresses, all
  /// had their turn after fifty contacts; more would heal sooner where most of them lead nowhere.
  static let perContact = 4
  /// The same while joining, and until each address has had its turn after the start: a burst of 5 KB.
  static let perQuickContact = 16
  /// The time between two such contacts. This tries all 500 addresses of a name in three seconds, at 48 KB/s. Twelve
  /// nodes behind a name that also has 500 unused addresses form one cluster after 0.2 s; when each contact waited for
  /// the next look-up, it took 10 s. It ends after as many tries as there is room for addresses, even if a name server
  /// lists others each time.
  static let quickInterval: Duration = .milliseconds(100)
}
