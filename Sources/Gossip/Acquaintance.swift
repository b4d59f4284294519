// A node that begins with the list of all members, as if it had been among them for long.
//
// For simulations of what a large cluster does when it is quiet: a thousand nodes that find each other make a million
// changes first, which take longer than everything that is to be measured. One list is built, and copied to each node.
// Rejected: copying a node that has joined (its clocks, its nonces and its randomness are its own).

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

extension Node {
  /// Takes over a list of members, which names this node as it names itself. Only for one that has met nobody yet.
  package mutating func meet(_ acquaintances: Membership) {
    precondition(members.count == 1, "it has met somebody")
    guard let index = acquaintances.index(of: identity.address), acquaintances[index].record == ownRecord else {
      preconditionFailure("the list says something else of this node than it does")
    }
    members = acquaintances
    // It is changed soon in any case. Were it copied then, without room, the first newcomer would have all nodes copy
    // theirs once more, and what these leave behind is too small for the copies of others.
    members.makeRoom()
  }
}
