// Processes that end and start again, and machines that stop, slow down or turn their clocks.

internal import Gossip

/// Plans what happens to processes and machines.
enum HostFaults {
  static func plan(_ kind: FaultKind, _ episodes: inout Episodes) {
    switch kind {
    case .pause, .longPause, .busyHost, .clockJump: planStops(kind, &episodes)
    case .refusedHTTP: planRefusals(&episodes)
    case .duplicateAddress: planDuplicates(&episodes)
    default: planRestarts(kind, &episodes)
    }
  }

  private static func planRestarts(_ kind: FaultKind, _ episodes: inout Episodes) {
    episodes.plan(every: 20, lasting: 10) { episodes, begin, end in
      var targets = [episodes.generator.below(episodes.hosts)]
      // All end at once, and then all join at once.
      if kind == .restartOfAll { targets = Array(0..<episodes.hosts) }
      if kind == .crashOfMany { targets = (0..<episodes.hosts).filter { _ in episodes.generator.chance(0.7) } }
      for host in targets {
        episodes.add(kind == .leave ? .leave(host) : .crash(host), at: begin)
        switch kind {
        case .move: episodes.add(.move(host), at: end)
        case .restartInThePast:
          episodes.add(.turnClock(host, by: .seconds(-episodes.generator.below(86_400))), at: end)
        // Most stay upgraded, so that in the end some are and some are not.
        case .upgrade: episodes.add(.upgrade(host, episodes.generator.chance(0.7)), at: end)
        case .clockDrift: episodes.add(.drift(host, Int64(episodes.generator.below(2001) - 1000)), at: end)
        default: break
        }
        episodes.add(.start(host), at: end)
      }
    }
  }

  private static func planStops(_ kind: FaultKind, _ episodes: inout Episodes) {
    episodes.plan(every: 15, lasting: kind == .longPause ? 30 : 3) { episodes, begin, end in
      let host = episodes.generator.below(episodes.hosts)
      switch kind {
      case .busyHost:
        episodes.add(.slow(host, .milliseconds(1 + episodes.generator.below(400))), at: begin)
        episodes.add(.slow(host, .zero), at: end)
      case .clockJump:
        episodes.add(.turnClock(host, by: .seconds(episodes.generator.below(172_801) - 86_400)), at: begin)
      default:
        episodes.add(.pause(host), at: begin)
        episodes.add(.resume(host), at: end)
      }
    }
  }

  /// Ports that refuse: for a while, or for as long as their process lives, also into the quiet after the faults.
  private static func planRefusals(_ episodes: inout Episodes) {
    episodes.plan(every: 30, lasting: 20) { episodes, begin, end in
      let host = episodes.generator.below(episodes.hosts)
      episodes.add(.refuseHTTP(host, true), at: begin)
      if episodes.generator.chance(0.5) { episodes.add(.refuseHTTP(host, false), at: end) }
    }
  }

  /// Processes that advertise another's address. They never become members, so each ends with its episode.
  private static func planDuplicates(_ episodes: inout Episodes) {
    episodes.plan(every: 40, lasting: 15) { episodes, begin, end in
      let host = episodes.generator.below(episodes.hosts)
      let other = episodes.generator.below(episodes.hosts)
      guard other != host else { return }
      for (advertised, time) in [(other, begin), (nil, end)] as [(Int?, Instant)] {
        episodes.add(.crash(host), at: time)
        episodes.add(.advertise(host, as: advertised), at: time)
        episodes.add(.start(host), at: time)
      }
    }
  }
}
