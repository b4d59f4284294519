// Which hosts reach each other with nothing in the way, and since when.

internal import Gossip

/// Since when pairs of hosts reach each other.
struct Paths {
  /// By pairs of hosts; the distant future while something is in the way.
  private var since: [[Instant]] = []
  /// Since when names stand for what they should.
  private(set) var namesSince = Instant(microseconds: 0)

  /// As many as a trial can have. Each action from outside looks at all pairs, which a thousand hosts would do a
  /// thousand times as they start.
  static let mostHosts = 50

  func since(_ one: Int, _ other: Int) -> Instant {
    one < since.count && other < since.count ? since[one][other] : .distantFuture
  }

  /// Looks anew at what is in the way; after everything that is done from outside.
  ///
  /// - Parameter isQuiet: whether datagrams get lost by cuts alone, and none of a flood.
  mutating func note(_ now: Surroundings, _ network: Network, isQuiet: Bool, namesAreTrue: Bool) {
    let count = now.hosts.count
    guard count <= Paths.mostHosts else { return }
    while since.count < count { since.append([]) }
    for index in since.indices { while since[index].count < count { since[index].append(.distantFuture) } }
    for one in 0..<count {
      for other in one + 1..<max(count, one + 1) {
        let isClear =
          isQuiet && now.isWell(one) && now.isWell(other) && network.isOpen(from: one, to: other)
          && network.isOpen(from: other, to: one)
        let start = isClear ? min(since[one][other], now.time) : .distantFuture
        since[one][other] = start
        since[other][one] = start
      }
    }
    namesSince = namesAreTrue ? min(namesSince, now.time) : .distantFuture
  }
}
