// Merging a claim about a member: one pure function from what is held, what is claimed and who says it, to a change.
//
// A claim replaces another if it is of a higher incarnation, or of the same and a worse state (SWIM, section 4.2). Beside
// that order stand four rules. Death by hearsay becomes suspicion (see `Suspicion`). What is said of a member that only
// the member could have said, an incarnation that no clock can have reached, is not merged: the member is asked. Who
// accuses a member that said goodbye did not hear the goodbye, and is told. And a tombstone of somebody unknown is not
// stored, or tombstones would never die: each node that forgot one would learn it again from one that has not yet.
//
// Rejected: doing what follows from a change in the same place (then nothing of this can be tested without a node).

/// What becomes of a claim.
enum Merge: Equatable, Sendable {
  /// It says nothing new.
  case known
  /// It is older than what is held, which its teller should hear.
  case outdated
  /// It is older than what is held, and says that somebody lives who does so in any case.
  case outdatedButAlive
  /// Its incarnation is above all that may be believed from others: the member is asked.
  case incredible
  /// It is of somebody who is not in the list, where nothing that we send would reach it.
  case outOfReach
  /// Somebody new: alive, or suspect at once.
  case newcomer
  /// The member lives, by a higher incarnation.
  case alive
  /// Somebody holds it alive whom we hold dead or gone, at the same incarnation.
  case aliveElsewhere
  /// The member becomes suspect, or suspect at a higher incarnation.
  case suspect(isConfirmed: Bool)
  /// One more accuses a suspect.
  case confirmed(by: Address)
  /// Somebody declared a suspect dead.
  case confirmedFully
  /// A member that does not live here any more died once more, or in a later life.
  case stillDead
  /// It said goodbye.
  case left

  /// - Parameters:
  ///   - claim: about a member that is not ourselves.
  ///   - held: what is held of it; nil when it is not in the list.
  ///   - isOwnWord: the member says it of itself, from its own address or in answer to our nonce.
  ///   - ceiling: the highest incarnation that is believed from others.
  ///   - isReachable: whether what we send to the member's address can arrive.
  init(_ claim: Record, over held: Record?, isOwnWord: Bool, ceiling: UInt64, isReachable: Bool) {
    // If we hold that incarnation we have the member's own word for it, and it may be our clock that is wrong.
    if !isOwnWord, claim.incarnation > max(ceiling, held?.incarnation ?? 0) {
      self = .incredible
    } else if let held {
      self = Merge.over(held, claim)
    } else if claim.state >= .dead {
      self = .known
    } else {
      // A member may tell of one beside it that we can't reach, and that would never leave our list.
      self = isOwnWord || isReachable ? .newcomer : .outOfReach
    }
  }

  private static func over(_ held: Record, _ claim: Record) -> Merge {
    let isAccusation = claim.state == .suspect || claim.state == .dead
    // Who accuses a member that said goodbye would list it as dead for as long as it lists it.
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
