// What is done to a cluster, in words: one short sentence for each action. Rejected: Swift's own descriptions of the
// values, which name every type and hide what happened among them.

internal import Gossip

extension Action {
  /// For a line of a trace.
  var inWords: String {
    switch self {
    case .start(let host): "n\(host) starts"
    case .crash(let host): "n\(host) is killed"
    case .move(let host): "n\(host) gets another address"
    case .pause(let host): "n\(host) is stopped"
    case .resume(let host): "n\(host) goes on"
    case .leave(let host): "n\(host) is asked to leave"
    case .set(let host, let value): "a client sets \(value) on n\(host)"
    case .notify(let host, let ahead, let value):
      "somebody outside notifies n\(host) of \(value), \(ahead) generations ahead"
    case .notifyNearCeiling(let host, let below, let value):
      "somebody outside notifies n\(host) of \(value), "
        + "\(abs(below)) generations \(below < 0 ? "above" : "below") its ceiling"
    case .turnClock(let host, let duration): "n\(host)'s wall clock is turned by \(duration.inWords)"
    case .drift(let host, let drift): "n\(host)'s clocks run \(abs(drift)) ppm too \(drift < 0 ? "slow" : "fast")"
    case .slow(let host, .zero): "n\(host) is not busy"
    case .slow(let host, let duration): "n\(host) is busy: up to \(duration.inWords) late"
    case .refuseHTTP(let host, let isRefusing): "n\(host)'s HTTP port \(isRefusing ? "refuses" : "listens")"
    case .map(let id, let host, let mapping): "\(id.inWords): n\(host) is behind a gateway (\(mapping))"
    case .advertise(let host, let other?): "n\(host) will advertise n\(other)'s address"
    case .upgrade(let host, let isUpgraded): "n\(host) will speak \(isUpgraded ? "a later version" : "our version")"
    case .advertise(let host, nil): "n\(host) will advertise its own address"
    case .impair(let id, let list): "\(id.inWords): \(Impairment.words(list))"
    case .worsen(let id, let conditions): "\(id.inWords): \(conditions.inWords)"
    case .name(let naming): "the name server \(naming.inWords)"
    case .misname(let id, let lie): "\(id.inWords): names stand for \(lie.inWords)"
    case .loseNames(let id): "\(id.inWords): no name resolves"
    case .end(let id): "\(id.inWords) ends"
    case .flood(let id, let host, let flood): "\(id.inWords): n\(host) is flooded \(flood.inWords)"
    case .noise(let host): "the adversary sends n\(host) random bytes"
    case .lie(let host): "the adversary sends n\(host) a well-formed lie"
    case .forge(let host, let liar): "the adversary sends n\(host) a lie from n\(liar)'s address"
    }
  }
}

extension FaultID {
  /// `partition 2`, when a schedule made it.
  fileprivate var inWords: String {
    let kind = number / FaultID.perKind
    return FaultKind.allCases.indices.contains(kind)
      ? "\(FaultKind.allCases[kind]) \(number % FaultID.perKind)" : "fault \(number)"
  }
}

extension Impairment {
  /// Groups that are cut from each other are named once each, not every pair of them twice.
  fileprivate static func words(_ list: [Impairment]) -> String {
    let groups = list.reduce(into: [HostSet]()) { groups, entry in
      if !groups.contains(entry.from) { groups.append(entry.from) }
    }
    guard let first = list.first, groups.count > 1, list.count == groups.count * (groups.count - 1) else {
      return list.map { "\($0.lossInWords) from \($0.from.inWords) to \($0.to.inWords)" }.joined(separator: ", ")
    }
    return "\(first.lossInWords) between \(groups.map(\.inWords).joined(separator: " | "))"
  }

  private var lossInWords: String {
    if above > 0 { return "nothing above \(above) bytes passes" }
    return loss < 1 ? "\(loss.inPercent) is lost" : sparesHTTP ? "only HTTP passes" : "nothing passes"
  }
}

extension Naming {
  fileprivate var inWords: String {
    var words = ["lists \(order)"]
    if let most { words.append("\(most) at most") }
    if strays > 0 { words.append("\(strays) addresses that nobody has") }
    return words.joined(separator: ", ")
  }
}

extension Flood {
  fileprivate var inWords: String {
    let whom =
      switch source {
      case .one: "one address outside"
      case .some(let count): "\(count) addresses outside"
      case .many: "another address outside each time"
      case .neighbour(let host): "n\(host)'s IP address"
      case .impostor(let host): "n\(host)'s address"
      case .anyHost: "any host's address"
      }
    return "with \(content) by \(whom), \(perSecond) a second"
  }
}

extension NameLie {
  fileprivate var inWords: String {
    switch self {
    case .stale: "addresses of the past"
    case .foreign: "addresses of another network"
    }
  }
}

extension HostSet {
  fileprivate var inWords: String { hosts.map { "n\($0)" }.joined(separator: " ") }
}

extension Conditions {
  /// What is worse than without them.
  fileprivate var inWords: String {
    var words: [String] = []
    if loss > 0 { words.append("\(loss.inPercent) is lost") }
    if burst > 0 { words.append("\(burst.inPercent) begins a loss of all for \(burstLength.inWords)") }
    if delay > .zero || jitter > .zero {
      words.append("takes \(delay.inWords) to \((delay + jitter).inWords)")
    }
    if tail > 0 { words.append("\(tail.inPercent) is held up for \(tailDelay.inWords) or far longer") }
    if duplication > 0 { words.append("\(duplication.inPercent) comes twice") }
    if reordering > 0 { words.append("\(reordering.inPercent) waits up to \(reorderDelay.inWords) more") }
    if corruption > 0 { words.append("\(corruption.inPercent) is corrupted") }
    if truncation > 0 { words.append("\(truncation.inPercent) is cut short") }
    if replay > 0 { words.append("an old one follows \(replay.inPercent)") }
    return words.joined(separator: ", ")
  }
}
