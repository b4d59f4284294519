// Who reaches whom: cuts, lossy and flapping links, paths that lose large datagrams, and gateways in between.
//
// A gateway is configuration more than a fault, so half of the mappings stay when the faults end: with them, too, a
// cluster must come together.

internal import Gossip

/// Plans what is wrong between some hosts and others.
enum PathFaults {
  static func plan(_ kind: FaultKind, _ episodes: inout Episodes) {
    switch kind {
    case .flappingLink: planFlapping(&episodes)
    case .smallPaths: planSmallPaths(&episodes)
    case .portMapping: planMappings(&episodes)
    default: planImpairments(kind, &episodes)
    }
  }

  private static func planImpairments(_ kind: FaultKind, _ episodes: inout Episodes) {
    episodes.plan(every: 30, lasting: 15) { episodes, begin, end in
      let id = episodes.nextID()
      episodes.add(.impair(id, impairments(of: kind, &episodes)), at: begin)
      episodes.add(.end(id), at: end)
    }
  }

  /// A link that goes and comes back again and again, each time for a tenth of a second to two.
  private static func planFlapping(_ episodes: inout Episodes) {
    episodes.plan(every: 30, lasting: 15) { episodes, begin, end in
      let cut = impairments(of: .partialPartition, &episodes)
      var time = begin
      while time < end {
        let id = episodes.nextID()
        episodes.add(.impair(id, cut), at: time)
        time = min(time + .milliseconds(100 + episodes.generator.below(2_000)), end)
        episodes.add(.end(id), at: time)
        time = time + .milliseconds(100 + episodes.generator.below(2_000))
      }
    }
  }

  /// Paths that silently lose large datagrams. Those that do when the faults end go on: some networks are like that,
  /// and nothing may wait for an end of it.
  private static func planSmallPaths(_ episodes: inout Episodes) {
    episodes.plan(every: 30, lasting: 15) { episodes, begin, end in
      let id = episodes.nextID()
      episodes.add(.impair(id, smallPaths(&episodes)), at: begin)
      if end < episodes.end { episodes.add(.end(id), at: end) }
    }
  }

  /// Everywhere, or between some hosts and the others.
  private static func smallPaths(_ episodes: inout Episodes) -> [Impairment] {
    let size = 520 + episodes.generator.below(681)
    var all = Array(0..<episodes.hosts)
    episodes.generator.shuffle(&all)
    let split = 1 + episodes.generator.below(max(episodes.hosts - 1, 1))
    if episodes.generator.chance(0.5) { return [Impairment(from: all, to: all, above: size)] }
    return [
      Impairment(from: Array(all[..<split]), to: Array(all[split...]), above: size),
      Impairment(from: Array(all[split...]), to: Array(all[..<split]), above: size),
    ]
  }

  private static func impairments(of kind: FaultKind, _ episodes: inout Episodes) -> [Impairment] {
    var all = Array(0..<episodes.hosts)
    episodes.generator.shuffle(&all)
    let split = 1 + episodes.generator.below(max(episodes.hosts - 1, 1))
    let (some, others) = (Array(all[..<split]), Array(all[split...]))
    switch kind {
    case .oneWayCut: return [Impairment(from: some, to: others)]
    case .partition: return Impairment.partition([some, others])
    case .manyWayPartition:
      let groups = (0..<3).map { group in all.indices.filter { $0 % 3 == group }.map { all[$0] } }
      return Impairment.partition(groups)
    case .partialPartition:
      // Two lose each other while both reach everyone else.
      return Impairment.partition([[all[0]], [all[min(1, episodes.hosts - 1)]]])
    case .lossyLink: return [Impairment(from: some, to: others, loss: Double(10 + episodes.generator.below(80)) / 100)]
    case .outage: return Impairment.partition(all.map { [$0] })
    case .firewall: return Impairment.partition([some, others], sparesHTTP: true)
    default: preconditionFailure("\(kind) is no impairment")
    }
  }

  private static func planMappings(_ episodes: inout Episodes) {
    episodes.plan(every: 40, lasting: 20) { episodes, begin, end in
      let id = episodes.nextID()
      let host = episodes.generator.below(episodes.hosts)
      let mapping = Mapping.allCases[episodes.generator.below(Mapping.allCases.count)]
      let stays = episodes.generator.chance(0.5)
      episodes.add(.map(id, host, mapping), at: begin)
      if !stays { episodes.add(.end(id), at: end) }
    }
  }
}
