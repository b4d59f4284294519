// Members that are gone and may come back, and which of them to keep when there is no room for all.
//
// A member that is lost alone has most likely crashed. A member that is lost together with fifty others most likely has
// not: the network between us is cut, they go on as a cluster of their own, and one of them that is still in the book
// when the network heals is enough to rejoin all. So the members lost within a minute form one loss. Each of its
// entries stands for the loss's size divided by its number of entries, and when room is needed, the loss whose entries
// stand for the fewest members gives one up. In this way losses share the book in proportion to their size (as the
// D'Hondt method gives seats to parties), a large one never loses its last entry to small ones, and single crashes only
// displace each other, however many there are.
//
// Rejected: dropping the member that has been gone for longest (64 single crashes push out the other side of a
// partition), dropping one at random (640 do), and keeping a sample of all losses so far (after a year of crashes, a
// new loss hardly gets into it).

/// Lost members, as many as there is room for.
struct LostMembers: Sendable {
  struct Entry: Equatable, Sendable {
    var address: Address
    var since: Instant
    /// The number of its loss.
    fileprivate var loss: Int
  }

  /// Members that were lost within a minute.
  private struct Loss: Sendable {
    var number: Int
    var began: Instant
    /// How many members were lost and have not come back.
    var lost = 0
    /// How many of them have an entry.
    var held = 0

    /// Whether this loss gives up an entry before the other one: its entries stand for fewer members, or for as many
    /// and it is smaller, or as large and older.
    func yields(to other: Loss) -> Bool {
      (lost * other.held, lost, number) < (other.lost * held, other.lost, other.number)
    }
  }

  /// The entries, in the order in which they were lost.
  private(set) var entries: [Entry] = []
  /// The losses that have entries, and the newest one; the oldest is first.
  private var losses: [Loss] = []
  private var number = 0

  /// Notes that a member was lost.
  mutating func add(_ address: Address, room: Int, at now: Instant, using generator: inout Generator) {
    remove(address)
    guard room > 0 else { return }
    if losses.last.map({ now - $0.began > LostMembers.atOneTime }) ?? true {
      losses.removeAll { $0.held == 0 }
      number += 1
      losses.append(Loss(number: number, began: now))
    }
    // Count it before making room for it: a growing loss must not start over with each entry that it gives up.
    losses[losses.count - 1].lost += 1
    while entries.count >= room { makeRoom(using: &generator) }
    losses[losses.count - 1].held += 1
    entries.append(Entry(address: address, since: now, loss: losses[losses.count - 1].number))
  }

  /// It came back, or left gracefully.
  mutating func remove(_ address: Address) {
    guard let index = entries.firstIndex(where: { $0.address == address }) else { return }
    drop(index, isBack: true)
  }

  private mutating func makeRoom(using generator: inout Generator) {
    guard let loss = losses.filter({ $0.held > 0 }).min(by: { $0.yields(to: $1) }) else { return }
    // Pick any of its entries: if two partitions became one loss, both stay represented.
    let candidates = entries.indices.filter { entries[$0].loss == loss.number }
    drop(candidates[generator.below(candidates.count)], isBack: false)
  }

  private mutating func drop(_ index: Int, isBack: Bool) {
    let entry = entries.remove(at: index)
    guard let loss = losses.firstIndex(where: { $0.number == entry.loss }) else { return }
    losses[loss].held -= 1
    if isBack { losses[loss].lost -= 1 }
    if losses[loss].held == 0, loss < losses.count - 1 { losses.remove(at: loss) }
  }

  /// In a partition of a hundred, both sides declare each other dead within seconds; at the worst local health it takes
  /// a minute. More would take unrelated crashes for a partition.
  private static let atOneTime: Duration = .seconds(60)
}
