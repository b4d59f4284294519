// What goes into a node and comes out of it, in words: one short sentence for each event and effect. Reports are told
// as the log tells them, by whoever knows those words.

internal import Gossip

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
    case .answer(let request, .heldBack(let obstacle)):
      "refuses request \(request.number): held back by \(obstacle.node) (\(obstacle.why))"
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

  /// Whether people who ask what happened want to read it: not what repeats, nor what another line says as well.
  func matters(after step: Step) -> Bool {
    switch self {
    // A name that does not resolve is reported when that begins.
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
