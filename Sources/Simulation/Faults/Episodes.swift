// The episodes of one kind of fault: when each begins and ends, and what is done then.

internal import Gossip

/// Draws the episodes of one kind. Each kind has its own, with a generator of its own.
struct Episodes {
  let hosts: Int
  /// When all faults have ended.
  let end: Instant
  var generator: Generator
  /// In no order of time.
  private(set) var planned: [(time: Instant, action: Action)] = []
  /// How many were drawn.
  private(set) var count = 0
  private let kind: Int
  private let start: Instant
  /// The mean gap between two episodes, in percent of the usual one.
  private let gapPercent: Int64
  private var named = 0

  init(of kind: FaultKind, seed: UInt64, hosts: Int, from start: Instant, to end: Instant, drawsRate: Bool) {
    self.hosts = hosts
    self.start = start
    self.end = end
    self.kind = FaultKind.allCases.firstIndex(of: kind) ?? 0
    generator = Generator(seed: seed, for: kind.rawValue)
    var rate = Generator(seed: seed, for: kind.rawValue + " rate")
    gapPercent = drawsRate ? 25 + Int64(rate.below(176)) : 100
  }

  /// Draws episodes one after another: a gap and a length, each from zero to twice the mean in seconds, the gap as the
  /// rate says.
  mutating func plan(every gap: Int64, lasting length: Int64, _ plan: (inout Episodes, Instant, Instant) -> Void) {
    var time = start
    while true {
      let begin = time + .microseconds(generator.below(Int(20_000 * gapPercent * gap)))
      guard begin < end else { return }
      time = begin + .microseconds(1 + generator.below(Int(2_000_000 * length)))
      count += 1
      plan(&self, begin, min(time, end))
    }
  }

  /// A name for what an episode switches on.
  mutating func nextID() -> FaultID {
    named += 1
    return FaultID(kind: kind, episode: named)
  }

  mutating func add(_ action: Action, at time: Instant) { planned.append((time, action)) }
}
