// How much a process sends: no more than its limits and the questions that came add up to.

internal import Gossip

/// The rule of the traffic of one process, in each second of true time.
struct TrafficRule {
  private let settings: Settings
  private var since = Instant(microseconds: 0)
  private var sent = 0
  /// Datagrams that came and want an answer.
  private var questions = 0

  init(_ settings: Settings = Settings()) { self.settings = settings }

  mutating func check(_ step: Step, members: Int, _ findings: inout Findings) {
    if step.time - since >= .seconds(1) { (since, sent, questions) = (step.time, 0, 0) }
    if case .received(let bytes, let source) = step.event, let datagram = Peek(bytes),
      TrafficRule.isQuestion(datagram.kind) || Host.slot(of: source) == nil
    {
      questions += 1
    }
    for effect in step.effects { if case .send = effect { sent += 1 } }
    // A ping-req is worth a ping, a nack and an answer, a newcomer's join an ack and three pings; and whatever a
    // stranger sends may have it asked who it is.
    guard sent > limit(members: members) + 4 * questions else { return }
    findings.broken(.trafficIsBounded, "\(sent) datagrams in a second, \(questions) questions")
  }

  private static func isQuestion(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .ping, .join, .pingRequest, .pull: true
    case .ack, .misdirected, .indirectAck, .nack, .gossip, .page, .notice, nil: false
    }
  }

  /// The sum of everything that limits a node: pushes and single answers, each with its burst; verifying pings that no
  /// question drew; the addresses of seeds, for which a node has a second of its own after its start; a probe a period
  /// with all its tries; pings of every other member as a suspect; and goodbyes, contacts and pulls, which are some
  /// tens.
  private func limit(members: Int) -> Int {
    func times(_ interval: Duration) -> Int { Int(1_000_000 / max(interval.microseconds, 1)) + 2 }
    let probe = settings.directPings.count + settings.indirectPings.count * settings.helpers
    let pushes = settings.pushRate + settings.pushBurst + settings.replyRate + settings.replyBurst
    let seeds = settings.seeds.count * 11 * 16
    return pushes + 4 * settings.strangerRate + seeds + times(settings.period) * probe
      + members * times(settings.suspectPingInterval) + 64
  }
}
