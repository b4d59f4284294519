// The world outside: name servers, the adversary, and clients.

internal import Gossip

/// Plans what comes from outside the cluster.
enum OutsideFaults {
  static func plan(_ kind: FaultKind, _ episodes: inout Episodes) {
    switch kind {
    case .flood: planFloods(&episodes)
    case .lostNames, .oddNames, .falseNames: planNames(kind, &episodes)
    default: planLoad(kind, &episodes)
    }
  }

  /// Floods are short, as each costs as many steps as the rest of the cluster takes in half a minute.
  private static func planFloods(_ episodes: inout Episodes) {
    episodes.plan(every: 20, lasting: 1) { episodes, begin, end in
      let id = episodes.nextID()
      let host = episodes.generator.below(episodes.hosts)
      let other = episodes.generator.below(episodes.hosts)
      let sources: [Flood.Source] = [
        .one, .some(100), .many, .neighbour(of: other),
        .impostor(of: other == host ? (host + 1) % episodes.hosts : other),
        .anyHost,
      ]
      let contents: [Flood.Content] = [.short, .introductions, .anything]
      let flood = Flood(
        sources[episodes.generator.below(sources.count)], contents[episodes.generator.below(contents.count)])
      episodes.add(.flood(id, host, flood), at: begin)
      episodes.add(.end(id), at: min(end, begin + .milliseconds(500)))
    }
  }

  private static func planNames(_ kind: FaultKind, _ episodes: inout Episodes) {
    episodes.plan(every: 40, lasting: 20) { episodes, begin, end in
      let id = episodes.nextID()
      switch kind {
      case .oddNames:
        // This does not end: how a name server lists addresses is no fault. A server that leaves some out may list them
        // later, and one that always lists all may list any number that nobody has.
        let order: Naming.Order = episodes.generator.chance(0.5) ? .shuffled : .rotated
        let strays = episodes.generator.below(41)
        let naming =
          episodes.generator.chance(0.5)
          ? Naming(strays: strays) : Naming(order: order, most: 1 + episodes.generator.below(8), strays: strays % 6)
        return episodes.add(.name(naming), at: begin)
      case .falseNames: episodes.add(.misname(id, episodes.generator.chance(0.5) ? .stale : .foreign), at: begin)
      default: episodes.add(.loseNames(id), at: begin)
      }
      episodes.add(.end(id), at: end)
    }
  }

  private static func planLoad(_ kind: FaultKind, _ episodes: inout Episodes) {
    let gap: Int64 =
      switch kind {
      case .noise, .lies: 1
      // After the first one every generation is near the ceiling, so it should come late in most runs.
      case .highNotifies: 60
      default: 3
      }
    episodes.plan(every: gap, lasting: 1) { episodes, begin, _ in
      let host = episodes.generator.below(episodes.hosts)
      let value = Int64(episodes.generator.below(1000))
      switch kind {
      case .noise: episodes.add(.noise(host), at: begin)
      case .lies: episodes.add(.lie(host), at: begin)
      case .forgeries: episodes.add(.forge(host, as: episodes.generator.below(episodes.hosts)), at: begin)
      case .highNotifies:
        let below = Int64(episodes.generator.below(2_000_000)) - 1_000_000
        episodes.add(.notifyNearCeiling(host, below: below, value), at: begin)
      case .notifies: episodes.add(.notify(host, ahead: UInt64(episodes.generator.below(3)), value), at: begin)
      default:
        episodes.add(.set(host, value), at: begin)
        // Sometimes another node is written to at the same moment.
        let other = episodes.generator.below(episodes.hosts)
        if episodes.generator.chance(0.3) { episodes.add(.set(other, value + 1), at: begin) }
      }
    }
  }
}
