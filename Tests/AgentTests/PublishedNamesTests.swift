// Names that tools and dashboards know: metrics of the core and of the shell, their labels, the keys of `/members`. Some labels come from the
// names of cases, so that renaming one in the source would rename it for users. The list may grow, and nothing in it changes but
// on purpose.

import NIOConcurrencyHelpers
import Testing

@testable import Agent
@testable import Gossip

@Suite struct PublishedNamesTests {
  private static let kinds = [
    "ping", "ack", "refusal", "contact", "request", "vouch", "nack", "gossip", "pull", "page", "notice",
  ]
  private static let reasons = [
    "oversized", "malformed", "corrupted", "version", "unsupported", "cluster", "sealed", "address", "incarnation",
    "stamp", "notify", "flood", "unsolicited", "not_member", "full",
  ]
  private static let statuses = ["alive", "suspect", "dead", "left", "replaced"]
  private static let copies = ["current", "behind", "unheard"]
  private static let routes = ["get", "set", "notify", "members", "livez", "readyz", "metrics", "other"]
  private static let outcomes = ["delivered", "rejected", "refused", "failed", "dropped"]

  @Test func `labels are those that are published`() {
    #expect(Message.Kind.allCases.map(\.name) == Self.kinds)
    #expect(Message.Kind.allCases.map(\.rawValue) == Array(1...11))
    #expect(Direction.allCases.map(\.rawValue) == ["sent", "received"])
    #expect(DropReason.allCases.map(\.rawValue) == Self.reasons)
    #expect(MemberStatus.allCases.map(\.rawValue) == Self.statuses)
    #expect(Convergence.allCases.map(\.rawValue) == Self.copies)
    #expect(Route.allCases.map(\.rawValue) == Self.routes)
    #expect(Notifier.Outcome.allCases.map(\.rawValue) == Self.outcomes)
  }

  /// What stands on a line of the page before its value, for each line.
  private static let series =
    ["unum_value", "unum_generation", "unum_sets_total", "unum_lost_writes_total", "unum_given_up_total"]
    + ["unum_clocks_ahead"]
    + statuses.map { "unum_members{status=\"\($0)\"}" }
    + copies.map { "unum_members_convergence{copy=\"\($0)\"}" }
    + ["unum_probe_failures_total", "unum_suspicions_total", "unum_deaths_total", "unum_refutations_total"]
    + ["unum_advertised_address_refusals_total", "unum_stalls_total", "unum_pulls_total"]
    + kinds.flatMap { kind in
      ["sent", "received"].map { "unum_datagrams_total{kind=\"\(kind)\",direction=\"\($0)\"}" }
    }
    + ["sent", "received"].map { "unum_datagram_bytes_total{direction=\"\($0)\"}" }
    + reasons.map { "unum_refused_total{reason=\"\($0)\"}" }
    + ["unum_local_health", "unum_advertised_address_refused", "unum_held_back", "unum_ready"]

  @Test func `metrics are those that are published`() {
    let backend = FakeBackend()
    let lines = MetricsText.render(backend.status(), backend.readiness, shell: []).split(separator: "\n")
    let found = lines.filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(found == Self.series)
  }

  @Test func `metrics of the shell are those that are published`() async throws {
    let agent = try await Support.start()
    agent.set(1) { _ in }
    let counts = RequestCounts()
    counts.count(.get, .ok)
    var found: [String] = []
    for metric in agent.shellMetrics() + counts.metrics {
      let labels = metric.labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
      found.append(metric.name + (labels.isEmpty ? "" : "{\(labels)}"))
    }
    await agent.stop()
    let errors = found.filter { $0.hasPrefix("unum_datagram_send_errors_total") }
    #expect(
      found.filter { !errors.contains($0) }
        == ["unum_datagram_receive_errors_total", "unum_datagram_rebinds_total"]
        + Self.outcomes.map { "unum_notifies_sent_total{outcome=\"\($0)\"}" }
        + ["unum_seed_lookup_failures_total", "unum_http_connections", "unum_http_connections_refused_total"]
        + ["unum_http_requests_total{route=\"get\",status=\"200\"}"])
  }

  @Test func `keys of the JSON are those that are published`() {
    let backend = FakeBackend()
    let stamp = Stamp(generation: 1, value: 2)
    backend.state.withLockedValue { state in
      state.members = [FakeBackend.member("a", 1, isSelf: true)]
      state.losses = [LostWrite(write: stamp, winner: stamp, noticed: 1)]
    }
    var keys: [String] = []
    for match in MembersText.json(backend.status()).matches(of: /"([a-z_]+)":/) {
      if !keys.contains(String(match.output.1)) { keys.append(String(match.output.1)) }
    }
    #expect(
      keys == [
        "members", "name", "address", "http_port", "status", "incarnation", "generation", "value", "last_heard_ms",
        "rtt_ms", "convergence", "self", "stamp", "current", "behind", "unheard", "sets", "lost_writes",
        "recent_losses", "write", "winner", "noticed", "local_health",
      ])
  }
}
