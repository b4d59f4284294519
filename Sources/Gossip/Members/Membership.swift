// The list of members, and its digest.
//
// An array sorted by address: at a thousand members a search takes ten steps through memory that lies together, the
// order is the same in every process, and pages of anti-entropy are slices of it. Rejected: a dictionary, which is no
// faster at this size and has another order in every process.
//
// The digest is a sum of hashes, so that one change costs one subtraction and one addition, whatever the size of the
// list, and equal lists have equal digests in whatever order they were learnt. Only what all nodes can come to agree
// upon is in it: addresses and incarnations of live members, ourselves among them. Suspicion, death, round trips and
// accusers are not: they differ between healthy nodes all the time.

/// The members of the cluster, sorted by address, this node among them.
package struct Membership: Sendable {
  private var list: [Member]
  private var gone = Tombstones()
  /// Buckets of addresses: as many as have room for their digests beside the longest header of a pull. Fewer would send
  /// more records of equal members.
  package static let bucketCount = 128
  /// The digest of each bucket of addresses.
  private(set) var buckets = [UInt64](repeating: 0, count: Membership.bucketCount)
  /// The sum of the buckets.
  private(set) var digest: UInt64 = 0
  /// How often the list changed: somebody came in or was taken out, or another claim about a member was believed. Whoever
  /// wants to know whether an event taught anything compares it.
  private(set) var changes = 0
  /// Round trips to all members together, for those that were not measured yet.
  private(set) var roundTrip = RoundTrip()

  /// A list of one: ourselves.
  init(ourselves: Member) {
    list = [ourselves]
    account(for: ourselves, adding: true)
  }

  var count: Int { list.count }
  /// How many the list has room for.
  var capacity: Int { list.capacity }
  var tombstones: Int { gone.count }
  /// Live members, this node counted.
  var liveCount: Int { list.count - gone.count }
  /// Lent and not copied: most who ask look at one or two fields.
  subscript(index: Int) -> Member { _read { yield list[index] } }

  /// The position of the member with this address.
  func index(of address: Address) -> Int? {
    let index = insertionIndex(of: address)
    return index < list.count && list[index].address == address ? index : nil
  }

  /// The position of the first member at this address or after it.
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
    gone.inserted(at: index, isTombstone: !member.isLive)
    account(for: member, adding: true)
    return index
  }

  /// Makes room for an eighth more members than there are.
  ///
  /// An array that grows by itself doubles, and up to half of it lies idle in a cluster that has all its members. This way
  /// each member is copied some eight times while the list grows, which is less than what is moved to let one in.
  mutating func makeRoom() { list.reserveCapacity(list.count + list.count / 8 + 4) }

  mutating func remove(at index: Int) {
    let member = list.remove(at: index)
    changes &+= 1
    gone.removed(at: index)
    account(for: member, adding: false)
  }

  /// Replaces what is believed of a member.
  mutating func update(at index: Int, to record: Record, since now: Instant) {
    account(for: list[index], adding: false)
    changes &+= 1
    if list[index].state != record.state { list[index].since = now }
    list[index].believe(record)
    gone.set(at: index, isTombstone: !list[index].isLive)
    account(for: list[index], adding: true)
  }

  /// Changes what we saw ourselves of a member; nothing of it is in the digest.
  mutating func observe(at index: Int, _ change: (inout Member) -> Void) {
    assert(list.indices.contains(index))
    let address = list[index].address
    change(&list[index])
    assert(list[index].address == address)
  }

  /// A member answered a question of ours.
  mutating func answered(at index: Int, after elapsed: Duration, at now: Instant, period: Duration) {
    observe(at: index) { $0.answered(after: elapsed, at: now, period: period) }
    roundTrip.measured(elapsed, at: now, period: period)
  }

  /// The bucket of an address: by the address alone, so that two nodes look for a member in the same one.
  static func bucket(of address: Address) -> Int { Int(hash(of: address) % UInt64(Membership.bucketCount)) }

  /// The digests of so many buckets, when all are folded together: whoever looks for a member in bucket `i` finds it in
  /// bucket `i % count`.
  func buckets(foldedTo count: Int) -> [UInt64] {
    guard count < buckets.count else { return buckets }
    var folded = [UInt64](repeating: 0, count: count)
    for index in buckets.indices { folded[index % count] &+= buckets[index] }
    return folded
  }

  private mutating func account(for member: Member, adding: Bool) {
    guard member.isLive else { return }
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
  /// The live member before which so many others live, in address order.
  func live(_ number: Int) -> Address { list[gone.position(ofLive: number)].address }

  /// The live member so many places after the one at this address, and one more, in address order and around; never that
  /// one itself.
  func live(_ places: UInt64, after address: Address) -> Address? {
    guard liveCount > 1, let index = index(of: address) else { return nil }
    // The first after it, or after its place if it does not live itself.
    let next = index - gone.before(index) + (list[index].isLive ? 1 : 0)
    return live((next + Int(places % UInt64(liveCount - 1))) % liveCount)
  }

  /// The addresses of all live members but this one, in address order.
  func live(except address: Address) -> [Address] {
    var addresses: [Address] = []
    // And room for some who come.
    addresses.reserveCapacity(liveCount + liveCount / 8)
    for member in list where member.isLive && member.address != address { addresses.append(member.address) }
    return addresses
  }

  /// Up to `count` different live members that satisfy the condition, at random: as many as there are, and each such
  /// choice as likely as any other.
  ///
  /// Draws among the live and rejects whom the condition leaves out, six times for each that is wanted. Where that found
  /// too few, as where most are left out, one pass over the list chooses the rest among all that were not drawn. So it
  /// costs a few draws whatever the size of the cluster as long as a third qualifies, and at most one look at each member,
  /// some tenths of a millisecond at ten thousand, when only a few do. Rejected: to be content with fewer in a long list (a
  /// push or a helper less is what loss does), and to end the pass when enough were found (then who stands behind many that
  /// do not qualify is chosen more often).
  func random(_ count: Int, using generator: inout Generator, where qualifies: (Member) -> Bool) -> [Address] {
    var chosen: [Address] = []
    let draws = count * Membership.drawsPerChoice
    // A pass over fewer is quicker than the draws.
    if liveCount > draws {
      for _ in 0..<draws where chosen.count < count {
        let index = gone.position(ofLive: generator.below(liveCount))
        // In place: a member copied into a constant costs more than all else here.
        if qualifies(list[index]), !chosen.contains(list[index].address) { chosen.append(list[index].address) }
      }
    }
    guard chosen.count < count else { return chosen }
    // Algorithm R (Vitter 1985): each of the rest takes a place with the chance that it has among those seen so far.
    let drawn = chosen.count
    var seen = 0
    for index in list.indices where list[index].isLive && qualifies(list[index]) {
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

  /// Six draws fail to find one of a half that qualifies in 2 % of cases; the pass over the list then makes it good.
  private static let drawsPerChoice = 6
}

extension Membership {
  /// The list of these live members.
  package init?(of records: [Record]) {
    let sorted = records.sorted { $0.address < $1.address }
    guard let first = sorted.first else { return nil }
    // Since when they live means nothing before they die.
    let start = Instant(microseconds: 0)
    self.init(ourselves: Member(record: first, since: start))
    for record in sorted.dropFirst() { _ = insert(Member(record: record, since: start)) }
  }
}
