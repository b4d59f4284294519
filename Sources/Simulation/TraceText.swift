// What happens in a run, in words: one short sentence for each thing that is done to the cluster and each thing that a
// node does. What a node reports is told as its log tells it, by whoever knows those words. Rejected: Swift's own
// descriptions of the values, which name every type and hide what happened among them.

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
    case .notify(let host, let ahead, let value): "a stranger notifies n\(host) of \(value), \(ahead) generations ahead"
    case .notifyNearCeiling(let host, let below, let value):
      "a stranger notifies n\(host) of \(value), \(abs(below)) generations \(below < 0 ? "above" : "below") its ceiling"
    case .turnClock(let host, let duration): "n\(host)'s wall clock is turned by \(seconds(duration))"
    case .drift(let host, let drift): "n\(host)'s clocks run \(abs(drift)) ppm too \(drift < 0 ? "slow" : "fast")"
    case .slow(let host, .zero): "n\(host) is not busy"
    case .slow(let host, let duration): "n\(host) is busy: up to \(seconds(duration)) late"
    case .refuseHTTP(let host, let isRefusing): "n\(host)'s HTTP port \(isRefusing ? "refuses" : "listens")"
    case .map(let id, let host, let mapping): "\(id.inWords): n\(host) is behind a gateway (\(mapping))"
    case .advertise(let host, let other?): "n\(host) will advertise n\(other)'s address"
    case .advertise(let host, nil): "n\(host) will advertise its own address"
    case .impair(let id, let list): "\(id.inWords): \(Impairment.words(list))"
    case .worsen(let id, let conditions): "\(id.inWords): \(conditions.inWords)"
    case .name(let naming): "the name server \(naming.inWords)"
    case .misname(let id, let lie): "\(id.inWords): names stand for \(lie.inWords)"
    case .loseNames(let id): "\(id.inWords): no name resolves"
    case .end(let id): "\(id.inWords) ends"
    case .flood(let id, let host, let flood): "\(id.inWords): n\(host) is flooded \(flood.inWords)"
    case .noise(let host): "a stranger sends n\(host) random bytes"
    case .lie(let host): "a stranger sends n\(host) a well-formed lie"
    case .forge(let host, let liar): "a stranger sends n\(host) a lie from n\(liar)'s address"
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
    return loss < 1 ? "\(percent(loss)) is lost" : sparesHTTP ? "only HTTP passes" : "nothing passes"
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
      case .one: "one stranger"
      case .some(let count): "\(count) strangers"
      case .many: "another stranger each time"
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
    if loss > 0 { words.append("\(percent(loss)) is lost") }
    if burst > 0 { words.append("\(percent(burst)) begins a loss of all for \(seconds(burstLength))") }
    if delay > .zero || jitter > .zero {
      words.append("takes \(seconds(delay)) to \(seconds(delay + jitter))")
    }
    if tail > 0 { words.append("\(percent(tail)) is held up for \(seconds(tailDelay)) or far longer") }
    if duplication > 0 { words.append("\(percent(duplication)) comes twice") }
    if reordering > 0 { words.append("\(percent(reordering)) waits up to \(seconds(reorderDelay)) more") }
    if corruption > 0 { words.append("\(percent(corruption)) is corrupted") }
    if truncation > 0 { words.append("\(percent(truncation)) is cut short") }
    if replay > 0 { words.append("an old one follows \(percent(replay))") }
    return words.joined(separator: ", ")
  }
}

/// To a hundredth of a percent.
private func percent(_ share: Double) -> String { "\(plain((share * 10_000).rounded() / 100)) %" }

private func seconds(_ duration: Duration) -> String { "\(plain(duration.inSeconds)) s" }

/// Without `.0`.
private func plain(_ number: Double) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

extension Event {
  /// For a line of a whole trace.
  var inWords: String {
    switch self {
    case .timePassed: "its timer fires"
    case .received(let bytes, let from): "\(datagram(bytes)) from \(from)"
    case .setRequested(let value, let request): "request \(request.number): set \(value)"
    case .notified(let stamp, let notifier, let request):
      "request \(request.number): notify of \(stamp.inWords) by \(notifier)"
    case .resolved(let seed, let addresses, let failure):
      failure.map { "seed \(seed): \($0)" }
        ?? "seed \(seed) is at \(addresses.map(\.description).joined(separator: " "))"
    case .connectionRefused(let member): "\(member) refuses connections"
    case .notifyDelivered(let member): "\(member) took the notify"
    case .leaveRequested: "it is asked to leave"
    }
  }
}

extension Effect {
  /// For a line of a trace; for a report that is the log's business.
  var inWords: String {
    switch self {
    case .send(let bytes, let to): "\(datagram(bytes)) to \(to)"
    case .notify(.member(_, let http), let stamp): "notify of \(stamp.inWords) to \(http)"
    case .notify(.peer(let peer), let stamp): "notify of \(stamp.inWords) to extra peer \(peer)"
    case .publish(let stamp): "holds \(stamp.inWords)"
    case .retract(let stamp): "holds \(stamp.inWords) in place of what no clock allows"
    case .answer(let request, .accepted(let stamp)): "answers request \(request.number): it is \(stamp.inWords)"
    case .answer(let request, .aboveCeiling(let most)): "refuses request \(request.number): above generation \(most)"
    case .answer(let request, .overloaded): "refuses request \(request.number): too many wait"
    case .resolve(let seed): "look up seed \(seed)"
    case .readiness(let state): "is \(state)"
    case .report: ""
    case .left(let confirmed): "has left; it is known that \(confirmed) heard of it"
    }
  }

  /// Whether it goes out, as a datagram, a post or a query.
  var isForOthers: Bool {
    switch self {
    case .send, .notify, .resolve: true
    case .publish, .retract, .answer, .readiness, .report, .left: false
    }
  }

  /// Whether people who ask what happened want to know it: not what repeats, nor what another line says as well.
  func matters(after step: Step) -> Bool {
    switch self {
    // Of names that do not resolve it is told when they begin not to.
    case .send, .notify, .resolve, .readiness, .report(.summary), .report(.seedUnresolved): return false
    case .publish(let stamp): return !step.effects.contains { $0.isChange(to: stamp) }
    case .answer(let request, .accepted):
      // A notify is answered at once, with what the node holds by then; and members notify each other all the time.
      if case .notified(_, _, request) = step.event { return false }
      return true
    case .retract, .answer, .report, .left: return true
    }
  }

  private func isChange(to stamp: Stamp) -> Bool {
    if case .report(.valueChanged(_, stamp, _)) = self { true } else { false }
  }
}

extension Stamp {
  fileprivate var inWords: String { "\(value) of generation \(generation)" }
}

/// The name of a datagram's kind, if it has one, and its length.
private func datagram(_ bytes: [UInt8]) -> String {
  let kind = Peek(bytes)?.kind?.name
  return "\(kind ?? "noise") of \(bytes.count) bytes"
}
