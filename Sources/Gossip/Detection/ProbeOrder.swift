// Whom to probe next.
//
// In turn the next of a shuffled list, renewed when it ends (SWIM, section 4.3), and, in every second period of the wall
// clock, a member so many places after ourselves in address order as periods have passed: all nodes walk in step, each at
// another place, and so between them ask everybody once in that period, whoever restarted when. Where clocks differ by
// more than a period the places are random, as with the list. A node that doubts itself probes in every second or third
// period only, or more rarely, and takes turns by its own probes: otherwise it would meet the even periods alone, or the
// odd ones, for as long as it doubts itself.
//
// Rejected: the shuffled list alone, which sometimes leaves a member unasked for 2 s, also with a walk that begins at each
// node's start, as restarts put it out of step; and the ordered walk alone, which would let two neighbours that fail
// together hide each other.

/// The order in which members are probed.
struct ProbeOrder: Sendable {
  /// A member that is probed next whoever's turn it is: something says that it may be gone.
  private var urgent: Address?
  private var shuffled: [Address] = []
  private var position = 0

  /// This member is asked next, if it is held alive then.
  mutating func putFirst(_ address: Address) { urgent = address }

  /// A member joined: it is asked somewhere in the rest of this round.
  mutating func added(_ address: Address, using generator: inout Generator) {
    guard !shuffled[position...].contains(address) else { return }
    shuffled.insert(address, at: position + generator.below(shuffled.count - position + 1))
  }

  /// The member to ask now; nil when there is none but ourselves.
  mutating func next(_ context: Context, localHealth: Int, using generator: inout Generator) -> Address? {
    defer { urgent = nil }
    // A suspect is asked all the time already.
    if let urgent, let index = context.members.index(of: urgent), context.members[index].state == .alive {
      return urgent
    }
    if let places = places(context, localHealth: localHealth) {
      return context.members.live(places, after: context.ourselves)
    }
    for _ in 0..<2 {
      while position < shuffled.count {
        position += 1
        if context.isLive(shuffled[position - 1]) { return shuffled[position - 1] }
      }
      shuffled = context.members.live(except: context.ourselves)
      generator.shuffle(&shuffled)
      position = 0
    }
    return nil
  }

  /// How far the walk has come, when it is the walk's turn; nil when it is the list's.
  private func places(_ context: Context, localHealth: Int) -> UInt64? {
    let period = context.now.wall / UInt64(max(context.settings.period.microseconds, 1))
    let isWalking = context.settings.probesInOrder && (period / UInt64(1 + localHealth)).isMultiple(of: 2)
    return isWalking ? period / 2 : nil
  }
}
