// The part of a schedule that is about the world outside: name servers, and strangers that come in floods.

internal import Gossip

extension Schedule {
  /// Short ones, as each costs as many steps as the rest of the cluster takes in half a minute.
  mutating func planFloods() {
    planEpisodes(every: 20, lasting: 1) { schedule, begin, end in
      let id = schedule.nextID()
      let host = schedule.dice.below(schedule.hosts)
      let other = schedule.dice.below(schedule.hosts)
      let sources: [Flood.Source] = [
        .one, .some(100), .many, .neighbour(of: other),
        .impostor(of: other == host ? (host + 1) % schedule.hosts : other),
        .anyHost,
      ]
      let contents: [Flood.Content] = [.short, .introductions, .anything]
      let flood = Flood(sources[schedule.dice.below(sources.count)], contents[schedule.dice.below(contents.count)])
      schedule.add(.flood(id, host, flood), at: begin)
      schedule.add(.end(id), at: min(end, begin + .milliseconds(500)))
    }
  }

  mutating func planNames(_ kind: FaultKind) {
    planEpisodes(every: 40, lasting: 20) { schedule, begin, end in
      let id = schedule.nextID()
      switch kind {
      case .oddNames:
        // It stays so: how a name server lists addresses is no fault that must end. One that leaves some out may list
        // them later, and one that always lists all may list any number that nobody has.
        let order: Naming.Order = schedule.dice.chance(0.5) ? .shuffled : .rotated
        let strays = schedule.dice.below(41)
        let naming =
          schedule.dice.chance(0.5)
          ? Naming(strays: strays) : Naming(order: order, most: 1 + schedule.dice.below(8), strays: strays % 6)
        return schedule.add(.name(naming), at: begin)
      case .falseNames: schedule.add(.misname(id, schedule.dice.chance(0.5) ? .stale : .foreign), at: begin)
      default: schedule.add(.loseNames(id), at: begin)
      }
      schedule.add(.end(id), at: end)
    }
  }
}
