// What one seed's name stands for: the addresses of the last look-up, and those of earlier ones.
//
// All of them are tried in the course of time, a few at each contact, in random order, so that it does not matter how
// many a name server lists, which first, or which ones it leaves out this time. What a name stood for not long ago stays:
// a name server that lies, lists who is no more or does not answer then costs nothing but its new addresses.
// Rejected: the first sixteen of each answer (two halves whose name server lists their own first never meet), and all of
// each answer at once (hundreds of datagrams for one look-up).

/// The known addresses of one seed.
struct SeedAddresses: Sendable {
  private struct Known: Sendable {
    var address: Address
    /// When it was first listed, since when it was never given up.
    var since: Instant
    /// When it was last listed.
    var listed: Instant
  }

  /// In address order.
  private var known: [Known] = []
  /// Those whose turn in this round is yet to come, the next one last.
  private var order: [Address] = []
  /// The last look-up that gave addresses; nil before the first.
  private var answered: Instant?
  /// A look-up was asked for and is not answered.
  private(set) var isAwaited = false
  /// Look-ups in a row that gave nothing.
  private var failures = 0
  /// How many may still be tried in quick succession.
  private var quickTries = SeedAddresses.capacity

  /// Whether the next ones are to be tried soon: there are more than one contact takes, and we are new here.
  var isQuick: Bool { quickTries > 0 && !order.isEmpty }

  var count: Int { known.count }

  func contains(_ address: Address) -> Bool {
    let index = insertionIndex(of: address)
    return index < known.count && known[index].address == address
  }

  /// Whether all that the name stands for now satisfies this; false before it was resolved.
  func allListed(_ condition: (Address) -> Bool) -> Bool {
    guard let answered else { return false }
    return known.allSatisfy { $0.listed != answered || condition($0.address) }
  }

  mutating func lookedUp() { isAwaited = true }

  /// A look-up ended.
  /// - Returns: why it gave nothing, if that is to be told: at the first failure, then at the second, the fourth and so on,
  ///   as a name that is wrong for ever must fill no log.
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

  /// A look-up gave these addresses. Of more than are kept it is chance which ones are: the next look-up chooses anew.
  mutating func learnt(_ addresses: [Address], at now: Instant, using generator: inout Generator) {
    guard !addresses.isEmpty else { return }
    answered = now
    var addresses = addresses
    if addresses.count > SeedAddresses.ofOneLookUp {
      generator.shuffle(&addresses)
      addresses.removeLast(addresses.count - SeedAddresses.ofOneLookUp)
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

  /// Gives up what was not listed for long; and where there is no room, what was first listed last: a name server that
  /// lies more and more displaces its own lies.
  private mutating func forget(at now: Instant) {
    known.removeAll { now - $0.listed > SeedAddresses.stay }
    guard known.count > SeedAddresses.capacity, let answered else { return }
    let surplus = known.count - SeedAddresses.capacity
    let unlisted = known.filter { $0.listed != answered }.sorted { ($1.since, $0.address) < ($0.since, $1.address) }
    for entry in unlisted.prefix(surplus) { known.remove(at: insertionIndex(of: entry.address)) }
  }

  /// The next ones to try that are wanted, at most so many; each has its turn before any has another.
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

  /// How long an address is tried that its name stands for no more. Less would give up members whom a name server left
  /// out for an afternoon's trouble; what it costs is a contact now and then to where nobody is.
  static let stay: Duration = .seconds(3600)
  /// The most addresses of a seed, 40 bytes each: all pods of the largest clusters that we simulate.
  static let capacity = 1024
  /// The most that are taken from one look-up. A name server that lists another thousand each time takes as many
  /// look-ups as there are parts of the capacity to displace all others, and they stay besides (see `forget`).
  static let ofOneLookUp = 256
  /// Addresses that are contacted at a time: four datagrams of 304 bytes. Of a name with two hundred addresses all had
  /// their turn after fifty contacts of each node; more would heal sooner where most of them lead nowhere.
  static let ofOneContact = 4
  /// The same while joining, and until each address had its turn after the start: a burst of 5 KB.
  static let ofOneQuickContact = 16
  /// The time between two such contacts. All 500 addresses of a name are so tried in three seconds, for 48 KB/s; twelve
  /// nodes behind a name with 500 addresses that nobody has are one cluster after 0.2 s, and were after 10 s when each
  /// contact waited for the next look-up. It ends after as many tries as there is room for addresses, also where a name
  /// server lists others each time.
  static let quickInterval: Duration = .milliseconds(100)
}
