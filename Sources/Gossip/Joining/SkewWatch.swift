// Telling people that clocks differ by more than is tolerated (see `Ceiling`), and not at each datagram that shows it.
// Rejected: a counter alone (nobody looks at it while a node refuses what others believe).

/// When people are next told that clocks differ by too much.
struct SkewWatch: Sendable {
  private var tellAt: Instant
  private var silence = SkewWatch.usualSilence

  init(at now: Instant) { tellAt = now }

  /// A member says something that its clock must be far ahead for, or ours far behind. People are told at first, and then
  /// more and more rarely. An hour of quiet begins anew.
  mutating func differs(from member: Address, by ahead: UInt64, _ context: Context, into outbox: inout Outbox) {
    let now = context.time
    guard tellAt <= now else { return }
    if now - tellAt > SkewWatch.longestSilence { silence.reset() }
    tellAt = now + silence.wait()
    let name = context.members.index(of: member).map { context.members[$0].name } ?? ""
    outbox.report(.clocksDiffer(name: name, member, by: .seconds(ahead / 1_000_000)))
  }

  /// People are told again after so long, then twice as long each time.
  private static let usualSilence = Backoff(from: .seconds(10), to: longestSilence)
  private static let longestSilence: Duration = .seconds(3600)
}
