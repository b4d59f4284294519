// Reports that clocks differ by more than we tolerate (see `Ceiling`), but not at each datagram that shows it.
// Rejected: a counter alone (nobody looks at it while a node refuses what others accept).

/// When we may next report that clocks differ by too much.
struct SkewWatch: Sendable {
  private var tellAt: Instant
  private var silence = SkewWatch.usualSilence

  init(at now: Instant) { tellAt = now }

  /// A member's claim shows that its clock is far ahead, or ours far behind. Reports it at once, and then more and more
  /// rarely. After an hour of quiet it starts over.
  mutating func differs(from member: Address, by ahead: UInt64, _ context: Context, into outbox: inout Outbox) {
    let now = context.time
    guard tellAt <= now else { return }
    if now - tellAt > SkewWatch.longestSilence { silence.reset() }
    tellAt = now + silence.wait()
    let name = context.members.index(of: member).map { context.members[$0].name } ?? ""
    outbox.report(.clocksDiffer(name: name, member, by: .seconds(ahead / 1_000_000)))
  }

  /// The time until the report is repeated; it doubles each time.
  private static let usualSilence = Backoff(from: .seconds(10), to: longestSilence)
  private static let longestSilence: Duration = .seconds(3600)
}
