// Which member to probe next.
//
// Two orders alternate. One takes the next member of a shuffled list, which is reshuffled when it ends (SWIM, section
// 4.3). The other, in every second period of the wall clock, takes the member that is as many places after us in
// address order as pairs of periods have passed. All nodes walk in step, each at a different place, so together they probe every
// member once in that period, whenever each of them started. Where clocks differ by more than a period the places are
// random, as with the list. A node that doubts itself probes only in every second or third period, or more rarely, and
// alternates by periods as long as its own: otherwise it would see only even periods, or only odd ones, as long as it doubts
// itself.
//
// Rejected: the shuffled list alone, which sometimes leaves a member unprobed for 2 s; a walk that begins at each
// node's start, which does no better once restarts put it out of step; and the ordered walk alone, in which the
// turns of members that fail are lost, and those of one neighbour are the other's first.

/// The order in which members are probed.
struct ProbeOrder: Sendable {
  /// A member that may be gone, and is probed next out of turn.
  private var urgent: Address?
  private var shuffled: [Address] = []
  private var position = 0

  /// Probes this member next, if we still consider it alive then.
  mutating func prioritize(_ address: Address) { urgent = address }

  /// A member joined: it is probed somewhere in the rest of this round.
  mutating func added(_ address: Address, using generator: inout Generator) {
    guard !shuffled[position...].contains(address) else { return }
    shuffled.insert(address, at: position + generator.below(shuffled.count - position + 1))
  }

  /// The member to probe now; nil when we are alone.
  mutating func next(_ context: Context, localHealth: Int, using generator: inout Generator) -> Address? {
    defer { urgent = nil }
    // A suspect is pinged all the time already.
    if let urgent, let index = context.members.index(of: urgent), context.members[index].state == .alive {
      return urgent
    }
    if let places = places(context, localHealth: localHealth) {
      return context.members.active(places, after: context.ourselves)
    }
    for _ in 0..<2 {
      while position < shuffled.count {
        position += 1
        if context.isActive(shuffled[position - 1]) { return shuffled[position - 1] }
      }
      shuffled = context.members.active(except: context.ourselves)
      generator.shuffle(&shuffled)
      position = 0
    }
    return nil
  }

  /// How far the walk has come, if it is the walk's turn; nil if it is the list's.
  private func places(_ context: Context, localHealth: Int) -> UInt64? {
    let period = context.now.wall / UInt64(max(context.settings.period.microseconds, 1))
    let isWalking = context.settings.probesInOrder && (period / UInt64(1 + localHealth)).isMultiple(of: 2)
    return isWalking ? period / 2 : nil
  }
}
