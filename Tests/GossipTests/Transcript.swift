// A readable account of what nodes do. It leaves out nonces and digests, which are noise to a reader and have other
// tests. Incarnations are shown as microseconds since the start of the test's clock.

@testable import Gossip

/// Runs the commands of a scenario, and writes down the result of each.
struct Transcript {
  private var harness = Harness()
  /// The text written so far.
  private var shown: Set<String> = ["report", "publish", "answer", "left"]

  /// The scenario with the effects of each command; old effects in the text are dropped.
  static func rewritten(_ text: String) -> String {
    var transcript = Transcript()
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("  ") {
      lines.append(String(line))
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      lines += transcript.perform(line.split(separator: " ").map(String.init)).map { "  " + $0 }
    }
    return lines.joined(separator: "\n")
  }

  private mutating func perform(_ words: [String]) -> [String] {
    let begin = harness.log.count
    switch words[0] {
    case "show": shown = Set(words.dropFirst())
    case "set-seconds": setting(words[1], Int64(words[2])!)
    case "start": start(words)
    case "crash": harness.crash(words[1])
    case "pause": harness.pause(words[1])
    case "resume": harness.resume(words[1])
    case "leave": harness.handle(words[1], .leaveRequested)
    case "set": harness.set(words[1], Int64(words[2])!)
    case "notify":
      let stamp = Stamp(generation: UInt64(words[3])!, value: Int64(words[2])!)
      harness.handle(words[1], .notified(stamp, by: "go", RequestID(0)))
    case "cut", "mend":
      let sides = words.dropFirst().split(separator: "|").map { Array($0) }
      harness.link(sides[0], sides[1], isCut: words[0] == "cut")
    case "forge": forge(words)
    case "run": harness.run(.milliseconds(Int64(words[1].dropLast(2))!))
    case "status": return words.dropFirst().map(status)
    default: return ["no such command"]
    }
    return harness.log[begin...].compactMap(line)
  }

  /// start a [seed …] [clock ±milliseconds]
  private mutating func start(_ words: [String]) {
    let clock = words.firstIndex(of: "clock")
    let seeds = words[2..<(clock ?? words.count)].filter { $0 != "seed" }
    let error = clock.flatMap { Int64(words[$0 + 1]) } ?? 0
    harness.start(words[1], seeds: Array(seeds), clockError: error * 1000)
  }

  private mutating func setting(_ name: String, _ seconds: Int64) {
    precondition(name == "forgetting")
    harness.change = { $0.tombstoneLifetime = .seconds(seconds) }
  }

  /// forge <claimed sender> from <source> to <node> says <member> <state> [+ added to its incarnation]
  private mutating func forge(_ words: [String]) {
    let liar = Peer(Int(Harness.address(words[1]).low & 0xFF))
    let observer = harness[words[5]]
    let known = { (name: String) in
      observer.context.members.index(of: Harness.address(name)).map { observer.context.members[$0].record }
    }
    var record = known(words[7]) ?? Peer(Int(Harness.address(words[7]).low & 0xFF)).record()
    record.state = Record.State.allCases.first { "\($0)" == words[8] }!
    record.accuser = record.state == .suspect || record.state == .dead ? liar.address : nil
    if words.count > 9 { record.incarnation += UInt64(words[9].dropFirst())! }
    var message = liar.message(.gossip, rumours: [record])
    message.sender.incarnation = known(words[1])?.incarnation ?? liar.incarnation
    harness.forge(message, from: Harness.address(words[3]), to: words[5])
  }

  private func status(_ name: String) -> String {
    let status = harness.status(on: name)
    let members = status.members.map { "\(self.name($0.address)) \($0.status.rawValue)" }
    let ready = status.readiness.map { "\($0)" } ?? "not ready"
    let lost = status.lostWrites > 0 ? ", \(status.lostWrites) lost" : ""
    return "\(name): \(text(status.stamp)), \(ready)\(lost): \(members.joined(separator: ", "))"
  }

  // MARK: Words

  private func line(_ done: Harness.Done) -> String? {
    guard let what = text(done.effect) else { return nil }
    let milliseconds = String(done.at / 1000)
    let padding = String(repeating: " ", count: max(0, 6 - milliseconds.count))
    return "\(padding)\(milliseconds) \(done.name)  \(what)"
  }

  private func text(_ effect: Effect) -> String? {
    switch effect {
    case .send(let bytes, let to):
      guard let message = try? Wire.decode(bytes, cluster: Stage.cluster) else { return "sends garbage" }
      guard shown.contains("send") || shown.contains(message.body.kind.name) else { return nil }
      let records = message.rumours.map(text).joined(separator: ", ")
      return "\(text(message.body)) to \(name(to)), \(text(message.stamp))\(records.isEmpty ? "" : ": ")\(records)"
    case .publish(let stamp): return shown.contains("publish") ? "publishes \(text(stamp))" : nil
    case .retract(let stamp): return shown.contains("publish") ? "retracts to \(text(stamp))" : nil
    case .answer(_, let answer): return shown.contains("answer") ? "answers \(text(answer))" : nil
    case .notify(let target, let stamp):
      return shown.contains("notify") ? "notifies \(text(target)) \(text(stamp))" : nil
    case .left(let confirmed): return shown.contains("left") ? "has left, \(confirmed) know it" : nil
    case .readiness(let state): return shown.contains("readiness") ? "says \(state)" : nil
    case .report(.summary): return nil
    case .report(let report): return shown.contains("report") ? text(report) : nil
    case .resolve: return shown.contains("resolve") ? "resolves a seed" : nil
    }
  }

  private func text(_ report: Report) -> String {
    switch report {
    case .valueChanged(let from, let to, let notifier): "\(text(from)) becomes \(text(to)), says \(notifier)"
    case .concurrentWrites(let kept, let dropped): "keeps \(text(kept)) and drops \(text(dropped))"
    case .writeLost(let lost, let winner): "lost its write \(text(lost)) to \(text(winner))"
    case .stampGivenUp(let stamp, let other): "gives up \(text(stamp)) for \(text(other))"
    case .clocksDiffer(_, let address, _): "finds the clock of \(name(address)) far ahead"
    case .memberChanged(_, let address, let from, let to, let reason):
      "\(name(address)) is \(to.rawValue)\(from.map { ", was \($0.rawValue)" } ?? ""): \(text(reason))"
    case .memberForgotten(_, let address): "forgets \(name(address))"
    case .ready(let readiness): "is ready: \(readiness)"
    case .summary: "summary"
    case .stalled(let duration): "was stopped for \(duration.microseconds / 1000) ms"
    case .advertisedAddressRefused(let by, let refused): "is told by \(name(by)): address \(refused)"
    case .advertisedAddressReached(let by): "is at its address again, \(by.map(name) ?? "nobody") says"
    case .seedUnresolved(let seed, let failure): "seed \(seed) does not resolve: \(failure)"
    case .noSeedAnswered(let attempts): "no seed answered \(attempts) attempts"
    case .heldBack(let obstacle): "is held back by \(name(obstacle.node)): \(obstacle.why)"
    case .refuted(let status, let incarnation): "refutes \(status.rawValue), now #\(text(incarnation))"
    }
  }

  private func text(_ reason: Reason) -> String {
    switch reason {
    case .ourselves: "itself"
    case .joined: "joined"
    case .told(let by): "told by \(name(by))"
    case .refuted: "refuted"
    case .probeFailed: "probe failed"
    case .suspicionExpired(let pings): "suspicion expired, \(pings) pings unanswered"
    case .announced: "announced"
    }
  }

  private func text(_ body: Message.Body) -> String {
    switch body {
    case .ping(let target): "ping \(name(target))"
    case .pingRequest(let target, let deadline): "request \(name(target)) within \(deadline) ms"
    case .indirectAck(let target, _): "vouch for \(name(target))"
    case .page(let more): more ? "page and more" : "page"
    case .notice(let refused): "notice \(refused)"
    case .pull(let after, _): "pull\(after.map { " after \(name($0))" } ?? "")"
    case .ack, .misdirected, .join, .nack, .gossip: body.kind.name
    }
  }

  private func text(_ record: Record) -> String {
    let accuser = record.accuser.map { " by \(name($0))" } ?? ""
    return "\(name(record.address))#\(text(record.incarnation)) \(record.state)\(accuser)"
  }

  private func text(_ answer: Answer) -> String {
    switch answer {
    case .accepted(let stamp): text(stamp)
    case .aboveCeiling: "above the ceiling"
    case .overloaded: "overloaded"
    case .heldBack(let obstacle): "held back by \(name(obstacle.node))"
    }
  }

  private func text(_ target: NotifyTarget) -> String {
    switch target {
    case .member(let address, _): name(address)
    case .peer(let index): "peer \(index)"
    }
  }

  private func text(_ stamp: Stamp) -> String { "\(stamp.value)@\(stamp.generation)" }
  private func text(_ incarnation: UInt64) -> String { String(Int64(incarnation) - Int64(Stage.wall)) }

  private func name(_ address: Address) -> String {
    harness.hosts.first { $0.node.identity.address == address }?.name ?? address.description
  }
}
