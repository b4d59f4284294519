// The part of a schedule that says who reaches whom: cuts, lossy and flapping links, and paths that lose large datagrams.

internal import Gossip

extension Schedule {
  mutating func planImpairments(_ kind: FaultKind) {
    planEpisodes(every: 30, lasting: 15) { schedule, begin, end in
      let id = schedule.nextID()
      schedule.add(.impair(id, schedule.impairments(of: kind)), at: begin)
      schedule.add(.end(id), at: end)
    }
  }

  /// A link that goes and comes back again and again, each time for a tenth of a second to two.
  mutating func planFlapping() {
    planEpisodes(every: 30, lasting: 15) { schedule, begin, end in
      let cut = schedule.impairments(of: .partialPartition)
      var time = begin
      while time < end {
        let id = schedule.nextID()
        schedule.add(.impair(id, cut), at: time)
        time = min(time + .milliseconds(100 + schedule.dice.below(2_000)), end)
        schedule.add(.end(id), at: time)
        time = time + .milliseconds(100 + schedule.dice.below(2_000))
      }
    }
  }

  /// Paths that lose large datagrams without a word. Those that are small when the faults end stay so: that is how some
  /// networks are, and nothing may wait for its end.
  mutating func planSmallPaths() {
    planEpisodes(every: 30, lasting: 15) { schedule, begin, end in
      let id = schedule.nextID()
      schedule.add(.impair(id, schedule.smallPaths()), at: begin)
      if end < schedule.end { schedule.add(.end(id), at: end) }
    }
  }

  /// Everywhere, or between some hosts and the others.
  private mutating func smallPaths() -> [Impairment] {
    let size = 520 + dice.below(681)
    var all = Array(0..<hosts)
    dice.shuffle(&all)
    let split = 1 + dice.below(max(hosts - 1, 1))
    if dice.chance(0.5) { return [Impairment(from: all, to: all, above: size)] }
    return [
      Impairment(from: Array(all[..<split]), to: Array(all[split...]), above: size),
      Impairment(from: Array(all[split...]), to: Array(all[..<split]), above: size),
    ]
  }

  private mutating func impairments(of kind: FaultKind) -> [Impairment] {
    var all = Array(0..<hosts)
    dice.shuffle(&all)
    let split = 1 + dice.below(max(hosts - 1, 1))
    let (some, others) = (Array(all[..<split]), Array(all[split...]))
    switch kind {
    case .oneWayCut: return [Impairment(from: some, to: others)]
    case .partition: return Impairment.partition([some, others])
    case .manyWayPartition:
      let groups = (0..<3).map { group in all.indices.filter { $0 % 3 == group }.map { all[$0] } }
      return Impairment.partition(groups)
    case .partialPartition:
      // Two lose each other while both reach everyone else.
      return Impairment.partition([[all[0]], [all[min(1, hosts - 1)]]])
    case .lossyLink: return [Impairment(from: some, to: others, loss: Double(10 + dice.below(80)) / 100)]
    case .outage: return Impairment.partition(all.map { [$0] })
    case .firewall: return Impairment.partition([some, others], sparesHTTP: true)
    default: preconditionFailure("\(kind) is no impairment")
    }
  }
}
