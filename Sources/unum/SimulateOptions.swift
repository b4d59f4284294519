// Every constant of the protocol that `unum simulate` can change, in one list: its flag, where it lives, what it may be.
//
// The options that ArgumentParser sees, the table in the help and the checks are made from this list, and flags are
// named as the settings are in the source, so that whoever found a value here knows which constant to change. The
// reasons stand there, beside the defaults (`Gossip.Settings`). `unum serve` has none of these options on purpose:
// nodes of one cluster must agree on most of them.

import ArgumentParser
import Gossip

/// One constant of the protocol.
package enum ProtocolOption: String, CaseIterable, Sendable {
  case period
  case directPings = "direct-pings"
  case indirectPings = "indirect-pings"
  case helpers
  case probeTimeout = "probe-timeout"
  case nackShare = "nack-share"
  case maximumLocalHealth = "maximum-local-health"
  case suspicionMinimum = "suspicion-minimum"
  case suspicionMaximum = "suspicion-maximum"
  case confirmations
  case suspectPingInterval = "suspect-ping-interval"
  case suspectPingers = "suspect-pingers"
  case pingsBeforeDeath = "pings-before-death"
  case rumourFactor = "rumour-factor"
  case fanout
  case pushes
  case ringNeighbours = "ring-neighbours"
  case pushSpacing = "push-spacing"
  case pushInterval = "push-interval"
  case pushRate = "push-rate"
  case pushBurst = "push-burst"
  case pushReserve = "push-reserve"
  case notifyInterval = "notify-interval"
  case notifyFanout = "notify-fanout"
  case mismatchGrace = "mismatch-grace"
  case pullInterval = "pull-interval"
  case pullBackoff = "pull-backoff"
  case contactInterval = "contact-interval"

  /// Where the value lives, what its unit is, and which values make sense.
  enum Kind {
    /// From a millisecond to an hour. Below a millisecond the timers of real machines are noise. Where zero means
    /// something, it is allowed too.
    case time(WritableKeyPath<Settings, Duration>, least: Duration = .milliseconds(1))
    /// Moments within a probe or a push. An empty list is "none", where that is allowed.
    case times(WritableKeyPath<Settings, [Duration]>, mayBeNone: Bool)
    case count(WritableKeyPath<Settings, Int>, ClosedRange<Int>)
    case share(WritableKeyPath<Settings, Double>)
  }

  /// The flag, as it is typed.
  package var flag: String { "--\(rawValue)" }

  var kind: Kind {
    switch self {
    case .period: .time(\.period)
    case .directPings: .times(\.directPings, mayBeNone: false)
    case .indirectPings: .times(\.indirectPings, mayBeNone: true)
    case .helpers: .count(\.helpers, 0...32)
    case .probeTimeout: .time(\.probeTimeout)
    case .nackShare: .share(\.nackShare)
    case .maximumLocalHealth: .count(\.maximumLocalHealth, 0...100)
    case .suspicionMinimum: .time(\.suspicionMinimum)
    case .suspicionMaximum: .time(\.suspicionMaximum)
    // The formula for the suspicion's time has no logarithms for more than eight.
    case .confirmations: .count(\.confirmations, 0...8)
    case .suspectPingInterval: .time(\.suspectPingInterval)
    case .suspectPingers: .count(\.suspectPingers, 0...1000)
    case .pingsBeforeDeath: .count(\.pingsBeforeDeath, 1...100)
    case .rumourFactor: .count(\.rumourFactor, 1...20)
    case .fanout: .count(\.fanout, 1...32)
    case .pushes: .times(\.pushes, mayBeNone: true)
    case .ringNeighbours: .count(\.ringNeighbours, 0...32)
    case .pushSpacing: .time(\.pushSpacing, least: .zero)
    case .pushInterval: .time(\.pushInterval)
    case .pushRate: .count(\.pushRate, 1...1_000_000)
    case .pushBurst: .count(\.pushBurst, 1...1_000_000)
    case .pushReserve: .count(\.pushReserve, 0...1_000_000)
    case .notifyInterval: .time(\.notifyInterval)
    case .notifyFanout: .count(\.notifyFanout, 0...32)
    case .mismatchGrace: .time(\.mismatchGrace, least: .zero)
    case .pullInterval: .time(\.pullInterval)
    case .pullBackoff: .time(\.pullBackoff)
    case .contactInterval: .time(\.contactInterval)
    }
  }

  /// What its value looks like, for the help.
  var placeholder: String {
    switch kind {
    case .time: "time"
    case .times: "time,…"
    case .count: "count"
    case .share: "share"
    }
  }

  /// One line for the help.
  package var summary: String {
    switch self {
    case .period: "Time between two probes by a node."
    case .directPings: "When the target is pinged within a probe."
    case .indirectPings: "When helpers are asked to ping it within a probe, or none."
    case .helpers: "Number of helpers asked each time."
    case .probeTimeout: "When a probe fails for lack of an answer."
    case .nackShare: "Share of the deadline after which a helper reports that it got no answer."
    case .maximumLocalHealth: "Largest slowdown of an ailing node's timeouts."
    case .suspicionMinimum: "Time to refute once others confirm the suspicion."
    case .suspicionMaximum: "Time to refute while only one member suspects."
    case .confirmations: "Confirmations that cut that time to its minimum."
    case .suspectPingInterval: "Time between a member's pings of a suspect."
    case .suspectPingers: "Members that ping a new suspect at once, on average."
    case .pingsBeforeDeath: "Unanswered pings of its own that a node needs to declare a death."
    case .rumourFactor: "Packets that carry each rumour, times log2(n + 1)."
    case .fanout: "Number of members that each push goes to."
    case .pushes: "When a change is pushed, or none."
    case .ringNeighbours: "How many of those members are neighbours by address."
    case .pushSpacing: "Minimum time between the first pushes of two changes."
    case .pushInterval: "Minimum time between two pushes of one change."
    case .pushRate: "Pushes a second that a node may sustain."
    case .pushBurst: "Pushes that a node may send in a burst after a quiet time."
    case .pushReserve: "Pushes of that burst that are kept for new changes, not repeats."
    case .notifyInterval: "Time between two rounds of notifies over HTTP."
    case .notifyFanout: "Number of members that each round of notifies goes to."
    case .mismatchGrace: "How long two member lists must differ before one is pulled."
    case .pullInterval: "Minimum time between two pulls."
    case .pullBackoff: "Longest wait after pulls that brought nothing new."
    case .contactInterval: "Minimum time between two attempts to reach lost members."
    }
  }

  /// The default as it would be typed.
  package var defaultText: String { text(in: Settings()) }

  /// The value in these settings, as it would be typed.
  func text(in settings: Settings) -> String {
    switch kind {
    case .time(let path, _): return Quantity.text(settings[keyPath: path])
    case .times(let path, _):
      let times = settings[keyPath: path]
      return times.isEmpty ? "none" : times.map(Quantity.text).joined(separator: ",")
    case .count(let path, _): return String(settings[keyPath: path])
    case .share(let path): return Quantity.percent(settings[keyPath: path])
    }
  }

  /// The table of all constants, two lines each, as in `unum --help`.
  package static var table: String {
    allCases.map { option in
      optionEntry("\(option.flag) <\(option.placeholder)>", aside: "(\(option.defaultText))", summary: option.summary)
    }.joined(separator: "\n")
  }
}

/// The same options as ArgumentParser sees them: texts that were given or not.
struct ProtocolOptions: ParsableArguments {
  @Option(help: .hidden) var period: String?
  @Option(help: .hidden) var directPings: String?
  @Option(help: .hidden) var indirectPings: String?
  @Option(help: .hidden) var helpers: String?
  @Option(help: .hidden) var probeTimeout: String?
  @Option(help: .hidden) var nackShare: String?
  @Option(help: .hidden) var maximumLocalHealth: String?
  @Option(help: .hidden) var suspicionMinimum: String?
  @Option(help: .hidden) var suspicionMaximum: String?
  @Option(help: .hidden) var confirmations: String?
  @Option(help: .hidden) var suspectPingInterval: String?
  @Option(help: .hidden) var suspectPingers: String?
  @Option(help: .hidden) var pingsBeforeDeath: String?
  @Option(help: .hidden) var rumourFactor: String?
  @Option(help: .hidden) var fanout: String?
  @Option(help: .hidden) var pushes: String?
  @Option(help: .hidden) var ringNeighbours: String?
  @Option(help: .hidden) var pushSpacing: String?
  @Option(help: .hidden) var pushInterval: String?
  @Option(help: .hidden) var pushRate: String?
  @Option(help: .hidden) var pushBurst: String?
  @Option(help: .hidden) var pushReserve: String?
  @Option(help: .hidden) var notifyInterval: String?
  @Option(help: .hidden) var notifyFanout: String?
  @Option(help: .hidden) var mismatchGrace: String?
  @Option(help: .hidden) var pullInterval: String?
  @Option(help: .hidden) var pullBackoff: String?
  @Option(help: .hidden) var contactInterval: String?

  /// The options that were given.
  var given: [ProtocolOption: String] {
    let texts: [ProtocolOption: String?] = [
      .period: period, .directPings: directPings, .indirectPings: indirectPings, .helpers: helpers,
      .probeTimeout: probeTimeout, .nackShare: nackShare, .maximumLocalHealth: maximumLocalHealth,
      .suspicionMinimum: suspicionMinimum, .suspicionMaximum: suspicionMaximum, .confirmations: confirmations,
      .suspectPingInterval: suspectPingInterval, .suspectPingers: suspectPingers, .pingsBeforeDeath: pingsBeforeDeath,
      .rumourFactor: rumourFactor, .fanout: fanout, .pushes: pushes, .ringNeighbours: ringNeighbours,
      .pushSpacing: pushSpacing, .pushInterval: pushInterval, .pushRate: pushRate, .pushBurst: pushBurst,
      .pushReserve: pushReserve, .notifyInterval: notifyInterval, .notifyFanout: notifyFanout,
      .mismatchGrace: mismatchGrace, .pullInterval: pullInterval, .pullBackoff: pullBackoff,
      .contactInterval: contactInterval,
    ]
    return texts.compactMapValues { $0 }
  }
}

extension ArgumentHelp {
  /// The table in the discussion lists these options instead, each in two short lines with its default.
  fileprivate static var hidden: ArgumentHelp { ArgumentHelp(visibility: .hidden) }
}
