// What a run leaves behind: a hash of everything that happened, which two runs of one seed must share, and, when asked
// for, lines for people. A run that fails is run again to be read; so no run pays for lines that nobody reads.

internal import Gossip

/// The record of a run.
package struct Trace: Sendable {
  /// Of everything that went into nodes and came out of them.
  package private(set) var hash: UInt64 = 0
  /// Steps so far: events that nodes handled.
  package private(set) var steps = 0
  /// Lines for people, of the kinds that were asked for.
  package private(set) var lines: [String] = []
  private let detail: Detail

  /// How much is written down.
  package enum Detail: Comparable, Sendable {
    /// The hash only.
    case none
    /// What was done to the cluster, and what its nodes report.
    case reports
    /// Every event and effect.
    case everything
  }

  init(detail: Detail) { self.detail = detail }

  mutating func note(_ action: Action, at time: Instant) {
    add(0xA, time)
    guard detail >= .reports else { return }
    lines.append("\(Trace.seconds(time)) ---- \(action)")
  }

  mutating func note(_ step: Step) {
    steps += 1
    add(UInt64(step.host), step.time)
    if case .received(let bytes, _) = step.event { add(bytes) }
    for effect in step.effects { add(effect) }
    guard detail >= .reports else { return }
    if detail >= .everything { lines.append("\(Trace.seconds(step.time)) n\(step.host) << \(Trace.brief(step.event))") }
    for effect in step.effects { write(effect, of: step) }
  }

  private mutating func write(_ effect: Effect, of step: Step) {
    switch effect {
    case .report(.summary): break
    case .report, .left, .publish, .answer:
      lines.append("\(Trace.seconds(step.time)) n\(step.host) \(effect)")
    case .send(let bytes, let to):
      if detail >= .everything {
        lines.append("\(Trace.seconds(step.time)) n\(step.host) >> \(Trace.kind(bytes)) \(bytes.count) B to \(to)")
      }
    case .notify, .resolve:
      if detail >= .everything { lines.append("\(Trace.seconds(step.time)) n\(step.host) >> \(effect)") }
    }
  }

  private mutating func add(_ word: UInt64, _ time: Instant) {
    hash = Hash.mix(hash ^ word)
    hash = Hash.mix(hash ^ UInt64(bitPattern: time.microseconds))
  }

  private mutating func add(_ bytes: [UInt8]) {
    // FNV-1a over the bytes, mixed once: every bit counts, at a nanosecond for each byte.
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = Hash.mix(hash ^ sum)
  }

  private mutating func add(_ effect: Effect) {
    switch effect {
    case .send(let bytes, let to):
      add(bytes)
      hash = Hash.mix(hash ^ to.low ^ UInt64(to.port) << 32)
    case .publish(let stamp), .notify(_, let stamp):
      hash = Hash.mix(hash ^ stamp.generation ^ Hash.mix(UInt64(bitPattern: stamp.value)))
    case .answer(let request, _): hash = Hash.mix(hash ^ request.number)
    case .resolve(let seed): hash = Hash.mix(hash ^ UInt64(seed))
    case .left(let confirmed): hash = Hash.mix(hash ^ UInt64(confirmed))
    case .report(.summary): hash = Hash.mix(hash ^ 1)
    // By far the commonest report, and a thousand nodes that meet make a million: its text alone would take half the time.
    case .report(.memberChanged(_, let address, let from, let to, let reason)):
      hash = Hash.mix(hash ^ address.high ^ Hash.mix(address.low ^ UInt64(address.port) << 48))
      hash = Hash.mix(hash ^ Trace.code(of: from) << 8 ^ Trace.code(of: to) ^ Trace.code(of: reason) << 16)
    case .report(let report): hash ^= Hash.of(String(describing: report))
    }
  }

  private static func code(of status: MemberStatus?) -> UInt64 {
    switch status {
    case nil: 0
    case .alive: 1
    case .suspect: 2
    case .dead: 3
    case .left: 4
    case .replaced: 5
    }
  }

  private static func code(of reason: Reason) -> UInt64 {
    switch reason {
    case .ourselves: 0
    case .joined: 1
    case .told(let address): 2 ^ Hash.mix(address.high ^ address.low ^ UInt64(address.port)) << 3
    case .refuted: 3
    case .probeFailed: 4
    case .suspicionExpired(let pings): 5 ^ UInt64(pings) << 3
    case .announced: 6
    }
  }

  /// `12.345678`.
  static func seconds(_ time: Instant) -> String {
    let fraction = String(time.microseconds % 1_000_000)
    return "\(time.microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }

  private static func brief(_ event: Event) -> String {
    guard case .received(let bytes, let from) = event else { return String(describing: event) }
    return "\(kind(bytes)) \(bytes.count) B from \(from)"
  }

  /// The name of a datagram's kind, if it has one.
  private static func kind(_ bytes: [UInt8]) -> String {
    bytes.count > 10 ? Message.Kind(rawValue: bytes[10])?.name ?? "noise" : "noise"
  }
}
