// What becomes of a claim: every claim against every record that a node can hold, without a node.

import Testing

@testable import Gossip

@Suite struct MergeTests {
  private static let incarnations: [UInt64] = [1, 2, 3]

  private static func record(
    _ state: Record.State, _ incarnation: UInt64, accuser: Address? = Peer(9).address
  ) -> Record {
    Peer(1).record(state, incarnation: incarnation, accuser: state == .suspect || state == .dead ? accuser : nil)
  }

  /// Every claim with every record that may be held of the same member.
  private static func pairs() -> [(claim: Record, held: Record)] {
    incarnations.flatMap { claimed in
      incarnations.flatMap { known in
        Record.State.allCases.flatMap { state in
          Record.State.allCases.map { (record(state, claimed), record($0, known, accuser: nil)) }
        }
      }
    }
  }

  private static func merge(_ claim: Record, over held: Record?, isOwnWord: Bool = false, ceiling: UInt64 = 9) -> Merge
  {
    Merge(claim, over: held, isOwnWord: isOwnWord, ceiling: ceiling, isReachable: true)
  }

  @Test func `a claim changes the list exactly when it outranks what is held, and no death is hearsay`() {
    for (claim, held) in Self.pairs() {
      let merge = Self.merge(claim, over: held)
      let isChange: Bool
      switch merge {
      case .alive, .suspect, .stillDead, .left, .confirmedFully: isChange = true
      case .known, .outdated, .outdatedButAlive, .implausible, .unreachable, .newcomer, .aliveElsewhere, .confirmed:
        isChange = false
      }
      let isAccusation = claim.state == .suspect || claim.state == .dead
      let missedGoodbye = isAccusation && held.state == .left && claim.incarnation == held.incarnation
      #expect(isChange == (claim.outranks(held) && !missedGoodbye), "\(claim) over \(held): \(merge)")
      // A member that is alive here becomes suspect at most, whatever others say.
      if held.state == .alive, claim.state == .dead, isChange { #expect(merge == .suspect(isConfirmed: true)) }
      if merge == .stillDead { #expect(held.state >= .dead) }
    }
  }

  @Test func `who is behind is told, unless it says that somebody lives`() {
    for (claim, held) in Self.pairs() where claim.incarnation < held.incarnation {
      #expect(Self.merge(claim, over: held) == (claim.state == .alive ? .outdatedButAlive : .outdated))
    }
    #expect(Self.merge(Self.record(.dead, 2), over: Self.record(.left, 2)) == .outdated)
    #expect(Self.merge(Self.record(.suspect, 2), over: Self.record(.left, 2)) == .outdated)
    #expect(Self.merge(Self.record(.suspect, 3), over: Self.record(.left, 2)) == .suspect(isConfirmed: false))
  }

  @Test func `accusers of a suspect count, one death confirms it fully, and nobody's accusation says nothing`() {
    let held = Self.record(.suspect, 2, accuser: nil)
    #expect(Self.merge(Self.record(.suspect, 2), over: held) == .confirmed(by: Peer(9).address))
    #expect(Self.merge(Self.record(.suspect, 2, accuser: nil), over: held) == .known)
    #expect(Self.merge(Self.record(.dead, 2), over: held) == .confirmedFully)
    #expect(Self.merge(Self.record(.dead, 3), over: held) == .suspect(isConfirmed: true))
  }

  @Test func `whoever is dead or gone here and alive elsewhere is asked, at the same incarnation only`() {
    for state in [Record.State.dead, .left] {
      #expect(Self.merge(Self.record(.alive, 2), over: Self.record(state, 2)) == .aliveElsewhere)
      #expect(Self.merge(Self.record(.alive, 3), over: Self.record(state, 2)) == .alive)
    }
    #expect(Self.merge(Self.record(.alive, 2), over: Self.record(.suspect, 2)) == .known)
  }

  @Test func `of somebody unknown only a live record is news, and from others only where it can be reached`() {
    for state in Record.State.allCases {
      #expect(Self.merge(Self.record(state, 2), over: nil) == (state < .dead ? .newcomer : .known))
    }
    for (isOwnWord, expected) in [(false, Merge.unreachable), (true, .newcomer)] {
      let merge = Merge(
        Self.record(.alive, 2), over: nil, isOwnWord: isOwnWord, ceiling: 9, isReachable: false)
      #expect(merge == expected)
    }
  }

  @Test func `what no clock can have reached is asked, unless the member says it or said it before`() {
    let claim = Self.record(.alive, 3)
    #expect(Self.merge(claim, over: nil, ceiling: 2) == .implausible)
    #expect(Self.merge(claim, over: Self.record(.alive, 2), ceiling: 2) == .implausible)
    #expect(Self.merge(claim, over: Self.record(.alive, 2), isOwnWord: true, ceiling: 2) == .alive)
    #expect(
      Self.merge(Self.record(.suspect, 3), over: Self.record(.alive, 3), ceiling: 2) == .suspect(isConfirmed: false))
    #expect(Self.merge(claim, over: nil, ceiling: 3) == .newcomer)
  }
}
