// Members that are gone and may come back: whom to keep when there is no room for all.
//
// Who is lost alone has most likely crashed. Who is lost together with fifty others has most likely not: between us and
// them something is cut, they go on as a cluster of their own, and one of them that is still in the book when the cut is
// mended joins all. So members that are lost within a minute are one loss, each entry stands for as many lost members as
// its loss has for each entry, and an entry of the loss whose entries stand for the fewest makes room. The losses so share
// the book in proportion to their size (it is how D'Hondt gives seats to parties), a large one never loses its last entry
// to small ones, and single crashes displace each other, however many they are.
//
// Rejected: who is gone for longest goes first (64 single crashes push out the other side of a partition), at random (640
// do), and a sample of all losses so far (a loss comes too late for it after a year of crashes).

/// Lost members, as many as there is room for.
struct LostMembers: Sendable {
  struct Entry: Equatable, Sendable {
    var address: Address
    var since: Instant
    /// The number of the loss.
    fileprivate var loss: Int
  }

  /// Members that were lost within a minute.
  private struct Loss: Sendable {
    var number: Int
    var began: Instant
    /// How many were lost and have not come back.
    var lost = 0
    /// How many of them are in the list.
    var held = 0

    /// Whether entries of this one stand for fewer members than those of the other, and so make room; of two that stand
    /// for as many the smaller, and then the older.
    func yields(to other: Loss) -> Bool {
      (lost * other.held, lost, number) < (other.lost * held, other.lost, other.number)
    }
  }

  /// In the order in which they were lost.
  private(set) var entries: [Entry] = []
  /// Those that have entries, and the newest, the oldest first.
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
    // It counts before there is room for it: a loss that grows must not begin anew with each entry that it yields.
    losses[losses.count - 1].lost += 1
    while entries.count >= room { makeRoom(using: &generator) }
    losses[losses.count - 1].held += 1
    entries.append(Entry(address: address, since: now, loss: losses[losses.count - 1].number))
  }

  /// It came back, or left in order.
  mutating func remove(_ address: Address) {
    guard let index = entries.firstIndex(where: { $0.address == address }) else { return }
    drop(index, isBack: true)
  }

  private mutating func makeRoom(using generator: inout Generator) {
    guard let loss = losses.filter({ $0.held > 0 }).min(by: { $0.yields(to: $1) }) else { return }
    // Any of them: of a loss that was two at once, both sides stay.
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

  /// Both sides of a partition of a hundred know of each other's death within seconds; at the worst local health it takes
  /// a minute. More would take crashes for a partition that have nothing to do with each other.
  private static let atOneTime: Duration = .seconds(60)
}
