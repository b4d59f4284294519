// News of members rides on every datagram: the least-sent first, each sent a number of times that grows with the
// logarithm of the cluster's size (SWIM, section 4.1).
//
// A rumour here is only the key of a claim. The record is looked up when it is sent; a claim that was outranked
// meanwhile is dropped when its turn comes, so that nothing has to be searched when a newer one arrives. Rumours are
// kept in rows by how often they were sent: the cost of taking the least-sent ones and putting them back depends on how
// many are taken, not on how many wait. Rejected: one sorted queue (memberlist's needs a tree,
// swift-cluster-membership's a full scan for each change).

/// The claims that this node still relays.
struct Rumours: Sendable {
  /// One claim about one member.
  struct Claim: Equatable, Sendable {
    var address: Address
    var incarnation: UInt64
    var state: Record.State
    /// The accuser, when the state is suspect or dead.
    var accuser: Address?

    init(address: Address, incarnation: UInt64, state: Record.State, accuser: Address? = nil) {
      self.address = address
      self.incarnation = incarnation
      self.state = state
      self.accuser = accuser
    }

    /// The claim that a record makes.
    init(_ record: Record, accuser: Address?) {
      self.init(address: record.address, incarnation: record.incarnation, state: record.state, accuser: accuser)
    }
  }

  /// The claims in `rows[i]` were sent `i` times; the oldest is first.
  private var rows: [[Claim]] = []
  private(set) var count = 0

  /// Adds news. It goes out before everything that was sent already.
  mutating func add(_ claim: Claim, limit: Int) {
    if rows.isEmpty { rows.append([]) }
    rows[0].append(claim)
    count += 1
    while count > limit, let last = rows.lastIndex(where: { !$0.isEmpty }) {
      rows[last].removeFirst()
      count -= 1
    }
  }

  /// Takes rumours for one datagram.
  ///
  /// - Parameters:
  ///   - transmissions: how often each rumour is sent before it is dropped.
  ///   - record: the record to send for a claim; nil when the claim is outdated, which drops it.
  ///   - fits: whether this record still fits; the first that does not ends the datagram.
  mutating func take(
    transmissions: Int, record: (Claim) -> Record?, fits: (Record) -> Bool
  ) -> [Record] {
    guard count > 0 else { return [] }
    var taken: [Record] = []
    var sent: [(row: Int, claims: ArraySlice<Claim>)] = []
    var isFull = false
    for row in rows.indices where !isFull {
      var used = 0
      var kept: [Claim] = []
      for claim in rows[row] {
        if let record = record(claim) {
          guard fits(record) else { isFull = true; break }
          taken.append(record)
          kept.append(claim)
        }
        used += 1
      }
      rows[row].removeFirst(used)
      count -= used
      sent.append((row + 1, kept[...]))
    }
    for (row, claims) in sent where row < transmissions && !claims.isEmpty {
      while rows.count <= row { rows.append([]) }
      rows[row].append(contentsOf: claims)
      count += claims.count
    }
    return taken
  }
}
