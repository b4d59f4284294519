// What a run leaves behind: a hash of everything that happened, which two runs of one seed must share, and, on request,
// lines for people. A run that fails is run again to be read, so no run pays for lines that nobody reads.

package import Gossip

/// The record of a run.
package struct Trace: Sendable {
  /// Covers everything that went into nodes and came out of them.
  package private(set) var hash: UInt64 = 0
  /// Steps so far: events that nodes handled.
  package private(set) var steps = 0
  /// Lines for people, when they were asked for.
  package private(set) var lines: [String] = []
  private let telling: Telling?

  /// Which lines are written, and in which words.
  package struct Telling: Sendable {
    /// Every event and effect; otherwise what was done to the cluster, what clients are answered, and what nodes
    /// report.
    package var isWhole: Bool
    /// What the log of a node with these seeds says of a report. The log has its own words, which are not known here.
    package var log: @Sendable (Report, _ seeds: [String]) -> [String]

    package init(isWhole: Bool = false, log: @escaping @Sendable (Report, [String]) -> [String]) {
      self.isWhole = isWhole
      self.log = log
    }
  }

  init(telling: Telling?) { self.telling = telling }

  /// - Parameter isDone: whether it makes sense now; what does not is not told.
  mutating func note(_ action: Action, at time: Instant, isDone: Bool) {
    add(0xA, time)
    if isDone, telling != nil { lines.append("\(time.inWords) -- \(action.inWords)") }
  }

  mutating func note(_ step: Step, seeds: [String]) {
    steps += 1
    add(UInt64(step.host), step.time)
    if case .received(let bytes, _) = step.event { add(bytes) }
    for effect in step.effects { add(effect) }
    guard let telling else { return }
    let start = "\(step.time.inWords) n\(step.host)"
    if telling.isWhole { lines.append("\(start) << \(step.event.inWords)") }
    for effect in step.effects where telling.isWhole || effect.matters(after: step) {
      if case .report(let report) = effect {
        lines += telling.log(report, seeds).map { "\(start) \($0)" }
      } else {
        lines.append("\(start)\(effect.isForOthers ? " >>" : "") \(effect.inWords)")
      }
    }
  }

  private mutating func add(_ word: UInt64, _ time: Instant) {
    hash = Hash.mix(hash ^ word)
    hash = Hash.mix(hash ^ UInt64(bitPattern: time.microseconds))
  }

  private mutating func add(_ bytes: [UInt8]) {
    // FNV-1a over the bytes, mixed once: every bit counts, at a nanosecond for each byte.
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = Hash.mix(hash ^ sum)
  }

  private mutating func add(_ effect: Effect) {
    switch effect {
    case .send(let bytes, let to):
      add(bytes)
      hash = Hash.mix(hash ^ to.low ^ UInt64(to.port) << 32)
    case .publish(let stamp), .retract(let stamp): add(stamp)
    case .notify(.member(let member, let http), let stamp):
      add(stamp)
      hash = Hash.mix(hash ^ member.low ^ UInt64(member.port) << 32 ^ UInt64(http.port) << 48)
    case .notify(.peer(let peer), let stamp):
      add(stamp)
      hash = Hash.mix(hash ^ UInt64(peer))
    case .answer(let request, let answer):
      hash = Hash.mix(hash ^ request.number)
      switch answer {
      case .accepted(let stamp): add(stamp)
      case .aboveCeiling(let ceiling): hash = Hash.mix(hash ^ ceiling)
      case .overloaded: hash = Hash.mix(hash ^ 2)
      case .heldBack: hash = Hash.mix(hash ^ 3)
      }
    case .readiness(let state): hash ^= Hash.of(String(describing: state))
    case .resolve(let seed): hash = Hash.mix(hash ^ UInt64(seed))
    case .left(let confirmed): hash = Hash.mix(hash ^ UInt64(confirmed))
    case .report(.summary): hash = Hash.mix(hash ^ 1)
    // By far the most common report. A thousand nodes that meet make a million of them, and their text alone would take
    // half the time.
    case .report(.memberChanged(_, let address, let from, let to, let reason)):
      hash = Hash.mix(hash ^ address.high ^ Hash.mix(address.low ^ UInt64(address.port) << 48))
      hash = Hash.mix(hash ^ Trace.code(of: from) << 8 ^ Trace.code(of: to) ^ Trace.code(of: reason) << 16)
    case .report(let report): hash ^= Hash.of(String(describing: report))
    }
  }

  private mutating func add(_ stamp: Stamp) {
    hash = Hash.mix(hash ^ stamp.generation ^ Hash.mix(UInt64(bitPattern: stamp.value)))
  }

  private static func code(of status: MemberStatus?) -> UInt64 {
    switch status {
    case nil: 0
    case .alive: 1
    case .suspect: 2
    case .dead: 3
    case .left: 4
    case .replaced: 5
    }
  }

  private static func code(of reason: Reason) -> UInt64 {
    switch reason {
    case .ourselves: 0
    case .joined: 1
    case .told(let address): 2 ^ Hash.mix(address.high ^ address.low ^ UInt64(address.port)) << 3
    case .refuted: 3
    case .probeFailed: 4
    case .suspicionExpired(let pings): 5 ^ UInt64(pings) << 3
    case .announced: 6
    }
  }
}
