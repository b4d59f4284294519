// Turns the node's reports into lines of the log, with one pure function, so that every line is tested as a table.
//
// Names of members and notifiers are foreign bytes. A name that could be mistaken for something else, or that has a
// newline or a terminal's control characters, is quoted and escaped, so nobody can forge a line, or an entry within
// one. Rejected: writing the reports only as structured metadata, because the log's first reader is a person at a
// terminal.

package import Gossip
package import Logging
package import Platform

/// One line of the log.
package struct LogLine: Equatable, Sendable {
  package var level: Logger.Level
  package var message: String

  package init(_ level: Logger.Level, _ message: String) {
    self.level = level
    self.message = message
  }
}

/// Turns reports into lines.
package struct LogLines: Sendable {
  private let seeds: [String]

  /// - Parameter seeds: the seeds as configured, to name them.
  package init(seeds: [String]) { self.seeds = seeds }

  /// The lines for a report. There is one, except for the summary, which has one for the members and one for the state.
  package func lines(for report: Report) -> [LogLine] {
    if case .summary(let members, let live, let stamp) = report {
      return [
        LogLines.membersLine(members, live: live),
        LogLine(.info, "State: Val: \(stamp.value) Gen: \(stamp.generation)"),
      ]
    }
    return [line(for: report)]
  }

  private func line(for report: Report) -> LogLine {
    switch report {
    case .valueChanged(_, let to, let notifier):
      LogLine(.info, "NewVal: \(to.value) Gen: \(to.generation) Notifier: \(ForeignText.name(notifier))")
    case .concurrentWrites(let kept, let dropped):
      LogLine(
        .notice,
        "Concurrent writes in generation \(kept.generation): \(kept.value) stays, \(dropped.value) is dropped")
    case .writeLost(let write, let winner):
      LogLine(
        .warning,
        "Lost write: \(winner.value) of generation \(winner.generation) took the place of \(write.value), accepted here; "
          + "one of the two is lost")
    case .stampGivenUp(let stamp, let other):
      LogLines.givenUpLine(stamp, other)
    case .clocksDiffer(let name, let address, let duration):
      LogLines.clockLine(name, address, duration)
    case .memberChanged(let name, let address, let from, let to, let reason):
      LogLines.changeLine(name, address, from, to, reason)
    case .memberForgotten(let name, let address):
      LogLine(.info, "Member: \(ForeignText.name(name)) \(address) is forgotten: it was gone long enough")
    case .ready(let readiness):
      readyLine(readiness)
    case .summary(let members, let live, _):
      LogLines.membersLine(members, live: live)
    case .stalled(let duration):
      LogLine(.warning, "This process did not run for \(duration.inWords); nobody is accused for it")
    case .advertisedAddressRefused(let member, let why):
      refusedLine(by: member, why)
    case .advertisedAddressReached(let member):
      LogLine(
        .notice,
        member.map { "Member \($0) reaches us at our advertised address" }
          ?? "Nobody says any more that our advertised address cannot be reached")
    case .seedUnresolved(let seed, let failure):
      LogLine(.warning, "Seed \(seedName(seed)) does not resolve (\(ForeignText.host(failure))); it is tried again")
    case .noSeedAnswered(let attempts):
      LogLine(
        .warning,
        "No seed has answered \(attempts) attempts (\(seeds.map(ForeignText.host).joined(separator: ", "))); "
          + "they are tried for ever")
    case .heldBack(let obstacle):
      LogLine(
        .error,
        "Not ready: \(obstacle.inWords); "
          + "this node waits for a member that knows the value (--alone starts without one)")
    case .refuted(let status, let incarnation):
      LogLine(.info, "Refuted: we were said to be \(status.rawValue); our incarnation is now \(incarnation)")
    }
  }

  private func seedName(_ seed: Int) -> String {
    seeds.indices.contains(seed) ? ForeignText.host(seeds[seed]) : "number \(seed)"
  }

  private func readyLine(_ readiness: Readiness) -> LogLine {
    switch readiness {
    case .synchronised: LogLine(.info, "Ready: a member told us the value")
    case .first: LogLine(.info, "Ready: there are no seeds but ourselves")
    case .alone: LogLine(.warning, "Ready, alone: no ready member answered in time; seeds are tried for ever")
    }
  }

  /// `Members: n1 10.0.0.1:7946 alive, n2 10.0.0.2:7946 dead`, as in the original.
  private static func membersLine(_ members: [MemberSummary], live: Int) -> LogLine {
    let list = members.map { "\(ForeignText.name($0.name)) \($0.address) \($0.status.rawValue)" }.joined(
      separator: ", ")
    // In a large cluster the line lists only the members that changed, so it must give the number of all.
    let isWhole = live == members.count { $0.status == .alive || $0.status == .suspect }
    let changed = list.isEmpty ? "none changed" : "changed: \(list)"
    return LogLine(.info, isWhole ? "Members: \(list)" : "Members: \(live) live, \(changed)")
  }

  private func refusedLine(by member: Address, _ why: RefusedAddress) -> LogLine {
    let reason =
      switch why {
      case .unreachable: "cannot reach us at our advertised address"
      case .taken: "finds another process at our advertised address"
      }
    return LogLine(.error, "Member \(member) \(reason); set --advertise (ADVERTISE_ADDR) to one that leads here")
  }

  private static func givenUpLine(_ stamp: Stamp, _ other: Stamp) -> LogLine {
    LogLine(
      .error,
      "The clock of this node was years ahead and has been set back: generation \(stamp.generation), which no other node "
        + "believes, is given up with its value \(stamp.value); the value is now \(other.value) of generation "
        + "\(other.generation)")
  }

  private static func clockLine(_ name: String, _ address: Address, _ ahead: Duration) -> LogLine {
    LogLine(
      .error,
      "The clock of member \(ForeignText.name(name)) \(address) is or was \(Int64(ahead.inSeconds) / 86_400) days ahead of "
        + "ours: set the clocks of all nodes right. A day off does no harm; more than a year off, nodes may refuse each "
        + "other's writes. No restart is needed")
  }

  private static func changeLine(
    _ name: String, _ address: Address, _ from: MemberStatus?, _ to: MemberStatus, _ reason: Reason
  ) -> LogLine {
    let was = from.map { " (was \($0.rawValue))" } ?? ""
    let level: Logger.Level = to == .suspect || to == .dead ? .notice : .info
    return LogLine(level, "Member: \(ForeignText.name(name)) \(address) is \(to.rawValue)\(was): \(words(reason))")
  }

  private static func words(_ reason: Reason) -> String {
    switch reason {
    case .ourselves: "this node"
    case .joined: "it answered at its advertised address"
    case .told(let member): "\(member) told us"
    case .refuted: "it answered again"
    case .probeFailed: "it answered neither our pings nor our helpers'"
    case .suspicionExpired(let pings): "it did not refute the suspicion in time, nor answer \(pings) pings"
    case .announced: "it said that it was leaving"
    }
  }
}

extension LogLines {
  /// A datagram to the node's own address could not be sent.
  package static func ownDatagramRefused(at address: Address, _ failure: SystemError) -> LogLine {
    LogLine(
      .error,
      "Cannot send a datagram to ourselves at \(address) (\(failure.words)): check this machine's firewall and loopback "
        + "interface. If nothing can be sent to others either, no member will hear of this node")
  }

  /// The first line: what started, and where.
  static func started(
    version: String, identity: Identity, found: AdvertisedAddress.Source, datagrams: Address, http: Address,
    configuration: AgentConfiguration
  ) -> LogLine {
    let seeds = configuration.seeds.map(ForeignText.host).joined(separator: ", ")
    let reach = identity.httpPort == 0 ? " (this machine only, so other nodes are told of no HTTP port)" : ""
    return LogLine(
      .info,
      "Unum \(version): \(ForeignText.name(identity.name)) at \(identity.address) (\(found.words)), UDP \(datagrams), "
        + "HTTP \(http)\(reach), cluster \(ForeignText.name(configuration.cluster)), "
        + (seeds.isEmpty ? "no seeds" : "seeds \(seeds)"))
  }
}

/// What was refused so far, by reason.
package struct DropSummary: Equatable, Sendable {
  private var counts: [UInt64]

  package init(_ counters: Counters = Counters()) { counts = DropReason.allCases.map { counters.dropped($0) } }

  /// One line about what is new, or nil when nothing is.
  package func line(since last: DropSummary, over interval: Duration) -> LogLine? {
    let news = zip(DropReason.allCases, zip(counts, last.counts)).filter { $0.1.0 > $0.1.1 }
    guard !news.isEmpty else { return nil }
    let list = news.map { "\($0.1.0 - $0.1.1) \($0.0.rawValue)" }.joined(separator: ", ")
    return LogLine(.notice, "Refused in the last \(interval.inWords): \(list)")
  }
}

extension Duration {
  /// For people, to a tenth of a second.
  fileprivate var inWords: String {
    let tenths = (microseconds + 50_000) / 100_000
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
