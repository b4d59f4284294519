// News of members, riding on every datagram: least-sent first, each a number of times that grows with the logarithm of
// the cluster (SWIM, section 4.1).
//
// A rumour here is only the key of a claim. What is sent is what we believe when it is sent; a claim that was outranked
// meanwhile is dropped when its turn comes, so that nothing has to be searched when a newer one arrives. Rumours stand
// in rows by how often they were sent: taking the least-sent and putting them back costs what is taken, not what waits.
// Rejected: one sorted queue (memberlist's needs a tree, swift-cluster-membership's a scan of all for each change).

/// The claims that this node still passes on.
struct Rumours: Sendable {
  /// One claim about one member.
  struct Claim: Equatable, Sendable {
    var address: Address
    var incarnation: UInt64
    var state: Record.State
    /// Whose accusation it is, when the state is suspect or dead.
    var accuser: Address?

    init(address: Address, incarnation: UInt64, state: Record.State, accuser: Address? = nil) {
      self.address = address
      self.incarnation = incarnation
      self.state = state
      self.accuser = accuser
    }

    /// What a record says.
    init(_ record: Record, accuser: Address?) {
      self.init(address: record.address, incarnation: record.incarnation, state: record.state, accuser: accuser)
    }
  }

  /// `rows[i]` were sent `i` times, the oldest first.
  private var rows: [[Claim]] = []
  private(set) var count = 0

  /// Adds news. It is sent before everything that was sent before.
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
  ///   - transmissions: how often each is sent before it is dropped.
  ///   - record: what to send for a claim; nil when it is no longer believed, and so dropped.
  ///   - fits: whether there is room for this record; the first that does not fit ends the datagram.
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
