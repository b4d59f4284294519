// The one order of the protocol: which of two claims about a member wins.

import Testing

@testable import Gossip

@Suite struct RecordTests {
  private static let incarnations: [UInt64] = [1, 2, 1 << 40, (1 << 62) - 1, 1 << 62]
  private static let accusers: [Address?] = [nil, Peer(7).address]
  private static let records = incarnations.flatMap { incarnation in
    Record.State.allCases.map { Peer(1).record($0, incarnation: incarnation) }
  }

  @Test func `claims are ordered by incarnation, then alive, suspect, dead, left`() {
    #expect(Record.State.allCases == [.alive, .suspect, .dead, .left])
    for (left, a) in Self.records.enumerated() {
      for (right, b) in Self.records.enumerated() { #expect(a.outranks(b) == (left > right)) }
    }
  }

  @Test func `accusers and contents stand outside the order of claims`() {
    for record in Self.records {
      var other = record
      other.accuser = Peer(7).address
      other.name = "another"
      other.httpPort = 1
      #expect(!other.outranks(record))
      #expect(!record.outranks(other))
    }
  }

  @Test func `only a higher incarnation returns from suspicion, death or leaving`() {
    for state in Record.State.allCases {
      #expect(!Peer(1).record(.alive, incarnation: 5).outranks(Peer(1).record(state, incarnation: 5)))
      #expect(Peer(1).record(.alive, incarnation: 6).outranks(Peer(1).record(state, incarnation: 5)))
    }
  }
}
