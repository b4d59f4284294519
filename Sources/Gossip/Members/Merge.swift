// Merging a claim about a member: one pure function from the record held, the claim and its sender to a change.
//
// A claim replaces another if it has a higher incarnation, or the same incarnation and a worse state (SWIM, section
// 4.2). Four rules stand beside that order. Death by hearsay becomes suspicion (see `Suspicion`). An incarnation that
// no clock can have reached is not merged when others claim it: we ping the member, which alone could have said so. A
// sender that accuses a member that said goodbye missed the goodbye, and we tell it. And a tombstone of an unknown
// member is dropped, or tombstones would never die: each node that forgot one would learn it again from a node that has
// not yet.
//
// Rejected: carrying out the consequences of a change in the same place (then none of this could be tested without a
// node).

/// What becomes of a claim.
enum Merge: Equatable, Sendable {
  /// It says nothing new.
  case known
  /// It is older than the record held, and its sender should be told.
  case outdated
  /// It is older than the record held, but merely says that the member is alive: its sender need not be told.
  case outdatedButAlive
  /// Its incarnation is higher than we accept from others: we ping the member.
  case implausible
  /// It is about an unlisted member at an address that our datagrams cannot reach.
  case unreachable
  /// A new member: alive, or already suspect.
  case newcomer
  /// The member is alive, at a higher incarnation.
  case alive
  /// The sender considers the member alive, and we have it as dead or left at the same incarnation.
  case aliveElsewhere
  /// The member becomes suspect, or suspect at a higher incarnation.
  case suspect(isConfirmed: Bool)
  /// One more member accuses a suspect.
  case confirmed(by: Address)
  /// Another member declared a suspect dead.
  case confirmedFully
  /// A member that is already dead or left here died again, or died in a later incarnation.
  case stillDead
  /// It said goodbye.
  case left

  /// - Parameters:
  ///   - claim: about a member that is not ourselves.
  ///   - held: the record that we hold of it; nil when it is not in the list.
  ///   - isOwnWord: the member says it of itself, from its own address or in answer to our nonce.
  ///   - ceiling: the highest incarnation that we accept from others.
  ///   - isReachable: whether our datagrams can arrive at the member's address.
  init(_ claim: Record, over held: Record?, isOwnWord: Bool, ceiling: UInt64, isReachable: Bool) {
    // If we hold that incarnation, we have the member's own word for it, and our own clock may be wrong.
    if !isOwnWord, claim.incarnation > max(ceiling, held?.incarnation ?? 0) {
      self = .implausible
    } else if let held {
      self = Merge.over(held, claim)
    } else if claim.state >= .dead {
      self = .known
    } else {
      // A member may mention a neighbour that we can't reach, and which would never leave our list.
      self = isOwnWord || isReachable ? .newcomer : .unreachable
    }
  }

  private static func over(_ held: Record, _ claim: Record) -> Merge {
    let isAccusation = claim.state == .suspect || claim.state == .dead
    // A sender that missed the goodbye would list the member as dead until it forgets it.
    let missedGoodbye = isAccusation && held.state == .left && claim.incarnation == held.incarnation
    if claim.incarnation < held.incarnation || missedGoodbye {
      return claim.state == .alive ? .outdatedButAlive : .outdated
    }
    switch claim.state {
    case .alive: return claim.outranks(held) ? .alive : held.state >= .dead ? .aliveElsewhere : .known
    case .suspect:
      if claim.outranks(held) { return .suspect(isConfirmed: false) }
      guard held.state == .suspect, let accuser = claim.accuser else { return .known }
      return .confirmed(by: accuser)
    case .dead:
      guard claim.outranks(held) else { return .known }
      switch held.state {
      case .alive: return .suspect(isConfirmed: true)
      case .suspect: return claim.incarnation == held.incarnation ? .confirmedFully : .suspect(isConfirmed: true)
      case .dead, .left: return .stillDead
      }
    case .left: return claim.outranks(held) ? .left : .known
    }
  }
}
