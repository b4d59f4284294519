// `/metrics`: all counters, in Prometheus' text format 0.0.4.
//
// Each request builds the page from a snapshot. Rejected: a metrics library, whose registry of named objects would sit
// between the core's plain counters and this one page.

package import Gossip

/// The page behind `/metrics`.
package enum MetricsText {
  package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// Writes the page.
  /// - Parameter shell: counters of the sockets, the log and the HTTP server. Series of one name need not be adjacent.
  package static func render(_ status: StatusSnapshot, _ readiness: ReadinessState, shell: [ShellMetric]) -> String {
    var page = Page()
    writeValue(status, to: &page)
    writeMembers(status, to: &page)
    writeProtocol(status.counters, to: &page)
    writeDatagrams(status.counters, to: &page)
    page.gauge("unum_local_health", "Slowness that this node noticed in itself; 0 is healthy.", status.localHealth)
    page.gauge(
      "unum_advertised_address_refused",
      "Whether members say that they cannot reach this node at its advertised address.",
      status.addressProblem == nil ? 0 : 1)
    page.gauge(
      "unum_held_back",
      "Whether this node is not ready because it cannot understand a seed that may hold the value.",
      readiness.isHeldBack ? 1 : 0)
    page.gauge("unum_ready", "Whether /readyz says yes.", readiness.isReady ? 1 : 0)
    writeShell(shell, to: &page)
    return page.text
  }

  private static func writeValue(_ status: StatusSnapshot, to page: inout Page) {
    page.gauge("unum_value", "The value.", status.stamp.value)
    page.gauge("unum_generation", "The generation of the value.", status.stamp.generation)
    page.counter("unum_sets_total", "Writes that this node accepted from clients.", status.sets)
    page.counter("unum_lost_writes_total", "Writes accepted here that gave way to a concurrent one.", status.lostWrites)
    page.counter(
      "unum_given_up_total", "Values given up because this node's clock had been wrong by years.", status.retractions)
  }

  private static func writeMembers(_ status: StatusSnapshot, to page: inout Page) {
    page.gauge(
      "unum_clocks_ahead",
      "Live members whose clock is more than two days ahead of this node's, or was when they started.",
      status.clocksAhead)
    page.family("unum_members", "gauge", "Members known, this node included, by status.")
    for state in MemberStatus.allCases {
      page.sample([("status", state.rawValue)], status.members.count { $0.status == state })
    }
    page.family("unum_members_convergence", "gauge", "Other live members, by how their copy compares with ours.")
    for (name, count) in [
      (Convergence.current, status.convergence.current), (.behind, status.convergence.behind),
      (.unheard, status.convergence.unheard),
    ] {
      page.sample([("copy", name.rawValue)], count)
    }
  }

  private static func writeProtocol(_ counters: Counters, to page: inout Page) {
    page.counter("unum_probe_failures_total", "Probes that ended without any answer.", counters.failedProbes)
    page.counter("unum_suspicions_total", "Suspicions raised or passed on.", counters.suspicions)
    page.counter("unum_deaths_total", "Deaths declared.", counters.deaths)
    page.counter("unum_refutations_total", "Accusations of this node that it refuted.", counters.refutations)
    page.counter(
      "unum_advertised_address_refusals_total", "Times that another process said that it cannot reach this node.",
      counters.addressNotices)
    page.counter("unum_stalls_total", "Times that this process did not run for a while.", counters.stalls)
    page.counter("unum_pulls_total", "Member lists requested because digests differed.", counters.pulls)
  }

  private static func writeDatagrams(_ counters: Counters, to page: inout Page) {
    page.family("unum_datagrams_total", "counter", "Datagrams, by kind and direction.")
    for kind in Message.Kind.allCases {
      for direction in Direction.allCases {
        page.sample([("kind", kind.name), ("direction", direction.rawValue)], counters.datagrams(kind, direction))
      }
    }
    page.family("unum_datagram_bytes_total", "counter", "Bytes of datagrams without headers, by direction.")
    page.sample([("direction", Direction.sent.rawValue)], counters.bytesSent)
    page.sample([("direction", Direction.received.rawValue)], counters.bytesReceived)
    page.family("unum_refused_total", "counter", "Input from the network that was refused, by reason.")
    for reason in DropReason.allCases {
      page.sample([("reason", reason.rawValue)], counters.dropped(reason))
    }
  }

  /// All series of one name must be together under one heading, in the order of their first appearance.
  private static func writeShell(_ metrics: [ShellMetric], to page: inout Page) {
    var names: [String] = []
    var families: [String: [ShellMetric]] = [:]
    for metric in metrics {
      if families[metric.name] == nil { names.append(metric.name) }
      families[metric.name, default: []].append(metric)
    }
    for name in names {
      guard let family = families[name], let first = family.first else { continue }
      page.family(name, first.isCounter ? "counter" : "gauge", first.help)
      for metric in family { page.sample(metric.labels, text: number(metric.value)) }
    }
  }

  /// Whole numbers have no decimal point, as long as a double holds them exactly.
  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && value.magnitude < 0x1p53 ? "\(Int64(value))" : "\(value)"
  }

  /// The page while it is being written.
  private struct Page {
    var text = ""
    private var name = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
      self.name = name
      // Help texts escape backslashes and newlines, but not quotes.
      let help = help.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
        .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
      text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ labels: [(String, String)] = [], _ value: some BinaryInteger) {
      sample(labels, text: String(value))
    }

    mutating func sample(_ labels: [(String, String)], text value: String) {
      let list = labels.map { "\($0.0)=\"\(ForeignText.label($0.1))\"" }.joined(separator: ",")
      text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
      family(name, "gauge", help)
      sample(value: value)
    }

    mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
      family(name, "counter", help)
      sample(value: value)
    }

    private mutating func sample(value: some BinaryInteger) { sample([], text: String(value)) }
  }
}

extension ReadinessState {
  /// Whether `/readyz` says yes.
  package var isReady: Bool {
    switch self {
    case .ready: true
    case .starting, .unreachable, .heldBack, .leaving: false
    }
  }

  /// Whether the node is not ready because it cannot learn a value that others may hold.
  fileprivate var isHeldBack: Bool { if case .heldBack = self { true } else { false } }
}
