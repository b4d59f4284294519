// The list of members, and its digest.
//
// An array sorted by address: at a thousand members a search takes ten steps through contiguous memory, the order is
// the same in every process, and pages of anti-entropy are slices of it. Rejected: a dictionary, which is no faster at
// this size and has a different order in every process.
//
// The digest is a sum of hashes, so that one change costs one subtraction and one addition, whatever the size of the
// list, and equal lists have equal digests in whatever order they were learnt. It covers only what all nodes can agree
// on: addresses and incarnations of active members, ourselves included. It leaves out suspicion, death, round trips and
// accusers, which differ between healthy nodes all the time.

/// The members of the cluster, sorted by address, this node among them.
package struct Membership: Sendable {
  private var list: [Member]
  private var gone = Tombstones()
  /// How many buckets addresses are divided into: as many as their digests have room for beside the longest header of a
  /// pull. With fewer, pages would carry more records that both sides hold already.
  package static let bucketCount = 128
  /// The digest of each bucket of addresses.
  private(set) var buckets = [UInt64](repeating: 0, count: Membership.bucketCount)
  /// The sum of the buckets.
  private(set) var digest: UInt64 = 0
  /// How often the list changed: a member was added or removed, or another claim about it was applied. Comparing it
  /// shows whether an event taught us anything.
  private(set) var changes = 0
  /// Round trips to all members together, used for members that were not measured yet.
  private(set) var roundTrip = RoundTrip()

  /// A list of one: ourselves.
  init(ourselves: Member) {
    list = [ourselves]
    account(for: ourselves, adding: true)
  }

  var count: Int { list.count }
  /// How many members the list has room for.
  var capacity: Int { list.capacity }
  var tombstones: Int { gone.count }
  /// Active members, this node included.
  var activeCount: Int { list.count - gone.count }
  /// Borrowed, not copied: most callers read one or two fields.
  subscript(index: Int) -> Member { _read { yield list[index] } }

  /// The position of the member with this address.
  func index(of address: Address) -> Int? {
    let index = insertionIndex(of: address)
    return index < list.count && list[index].address == address ? index : nil
  }

  /// The position of the first member whose address is this one or greater.
  func insertionIndex(of address: Address) -> Int {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      if list[middle].address < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a member that is not in the list, and returns its position.
  mutating func insert(_ member: Member) -> Int {
    let index = insertionIndex(of: member.address)
    if list.count == list.capacity { makeRoom() }
    list.insert(member, at: index)
    changes &+= 1
    gone.inserted(at: index, isTombstone: !member.isActive)
    account(for: member, adding: true)
    return index
  }

  /// Makes room for an eighth more members than there are.
  ///
  /// An array that grows by itself doubles, and up to half of it stays unused once all members are in. This way each
  /// member is copied some eight times while the list grows, which is less than insertions move anyway.
  mutating func makeRoom() { list.reserveCapacity(list.count + list.count / 8 + 4) }

  mutating func remove(at index: Int) {
    let member = list.remove(at: index)
    changes &+= 1
    gone.removed(at: index)
    account(for: member, adding: false)
  }

  /// Replaces the record of a member.
  mutating func update(at index: Int, to record: Record, since now: Instant) {
    account(for: list[index], adding: false)
    changes &+= 1
    if list[index].state != record.state { list[index].since = now }
    list[index].apply(record)
    gone.set(at: index, isTombstone: !list[index].isActive)
    account(for: list[index], adding: true)
  }

  /// Changes our own observations of a member; the digest covers none of them.
  mutating func observe(at index: Int, _ change: (inout Member) -> Void) {
    assert(list.indices.contains(index))
    let address = list[index].address
    change(&list[index])
    assert(list[index].address == address)
  }

  /// A member answered a request of ours.
  mutating func answered(at index: Int, after elapsed: Duration, at now: Instant, period: Duration) {
    observe(at: index) { $0.answered(after: elapsed, at: now, period: period) }
    roundTrip.measured(elapsed, at: now, period: period)
  }

  /// The bucket of an address. It depends on the address alone, so that two nodes look for a member in the same one.
  static func bucket(of address: Address) -> Int { Int(hash(of: address) % UInt64(Membership.bucketCount)) }

  /// The digests when all buckets are folded into `count` of them: a member of bucket `i` is then in bucket `i %
  /// count`.
  func buckets(foldedTo count: Int) -> [UInt64] {
    guard count < buckets.count else { return buckets }
    var folded = [UInt64](repeating: 0, count: count)
    for index in buckets.indices { folded[index % count] &+= buckets[index] }
    return folded
  }

  private mutating func account(for member: Member, adding: Bool) {
    guard member.isActive else { return }
    let hash = Membership.hash(of: member.address)
    let value = Hash.mix(hash ^ Hash.mix(member.incarnation))
    let bucket = Int(hash % UInt64(Membership.bucketCount))
    if adding {
      buckets[bucket] &+= value
      digest &+= value
    } else {
      buckets[bucket] &-= value
      digest &-= value
    }
  }

  private static func hash(of address: Address) -> UInt64 {
    Hash.mix(address.high ^ Hash.mix(address.low ^ Hash.mix(UInt64(address.port))))
  }
}

extension Membership {
  /// The active member with this number, counted from zero in address order.
  func active(_ number: Int) -> Address { list[gone.position(ofActive: number)].address }

  /// The active member `places` + 1 places after the one at this address, in address order, wrapping around; never that
  /// one itself.
  func active(_ places: UInt64, after address: Address) -> Address? {
    guard activeCount > 1, let index = index(of: address) else { return nil }
    // The first active member after it, or after its position if it is not active itself.
    let next = index - gone.before(index) + (list[index].isActive ? 1 : 0)
    return active((next + Int(places % UInt64(activeCount - 1))) % activeCount)
  }

  /// The addresses of all active members except this one, in address order.
  func active(except address: Address) -> [Address] {
    var addresses: [Address] = []
    // With room for some newcomers.
    addresses.reserveCapacity(activeCount + activeCount / 8)
    for member in list where member.isActive && member.address != address { addresses.append(member.address) }
    return addresses
  }

  /// Up to `count` different active members that satisfy the condition, at random: as many as there are, with each
  /// choice equally likely.
  ///
  /// It draws active members and rejects those that do not qualify, up to six draws for each one wanted. If that finds
  /// too few, as when most do not qualify, one pass over the list chooses the rest among all members that were not
  /// drawn. So it takes a few draws at any size of cluster as long as a third qualifies, and at most one look at each
  /// member, a few tenths of a millisecond at ten thousand, when only a few do. Rejected: accepting fewer in a long
  /// list (a missing push or helper is as bad as loss), and ending the pass once enough are found (a member that
  /// follows many unqualified ones would be chosen more often).
  func random(_ count: Int, using generator: inout Generator, where qualifies: (Member) -> Bool) -> [Address] {
    var chosen: [Address] = []
    let draws = count * Membership.drawsPerChoice
    // With fewer members, the pass is quicker than the draws.
    if activeCount > draws {
      for _ in 0..<draws where chosen.count < count {
        let index = gone.position(ofActive: generator.below(activeCount))
        // Read in place: copying a member into a constant costs more than everything else here.
        if qualifies(list[index]), !chosen.contains(list[index].address) { chosen.append(list[index].address) }
      }
    }
    guard chosen.count < count else { return chosen }
    // Algorithm R (Vitter 1985): each of the rest takes a place with its fair chance among those seen so far.
    let drawn = chosen.count
    var seen = 0
    for index in list.indices where list[index].isActive && qualifies(list[index]) {
      let address = list[index].address
      guard !chosen[..<drawn].contains(address) else { continue }
      seen += 1
      if chosen.count < count {
        chosen.append(address)
      } else {
        let place = drawn + generator.below(seen)
        if place < count { chosen[place] = address }
      }
    }
    return chosen
  }

  /// If half of the members qualify, six draws find none in 2 % of cases; the pass over the list then makes up for it.
  private static let drawsPerChoice = 6
}

extension Membership {
  /// A list of these active members.
  package init?(of records: [Record]) {
    let sorted = records.sorted { $0.address < $1.address }
    guard let first = sorted.first else { return nil }
    // The time since when they are active means nothing before they die.
    let start = Instant(microseconds: 0)
    self.init(ourselves: Member(record: first, since: start))
    for record in sorted.dropFirst() { _ = insert(Member(record: record, since: start)) }
  }
}
