// The configuration of a node, after options and environment were merged and checked.

package import Gossip

/// Everything that an `Agent` needs to know.
package struct AgentConfiguration: Sendable {
  /// The address of the UDP socket. Port 0 takes any free one.
  package var bind: Address
  /// The address at which HTTP listens. Port 0 takes any free one.
  package var http: Address
  /// The address at which peers reach the node; with nil it is found (see `AdvertisedAddress`). Port 0 stands for the
  /// bound port.
  package var advertise: Address?
  /// The member's name.
  package var name: String
  /// The cluster's name.
  package var cluster: String
  /// Seeds as written: `host`, `host:port`, `[v6]:port`.
  package var seeds: [String]
  /// More peers to post `/notify` to, as written: `host` or `host:port` (HTTP; the default port is 8080).
  package var notify: [String]
  /// The protocol's settings; cluster, seeds and the number of notify peers are filled in from here.
  package var settings: Settings
  /// What clients may cost.
  package var limits = HTTPLimits()
  /// How long a stop may take.
  package var stopTimes = StopTimes()

  package init(
    bind: Address, http: Address, advertise: Address? = nil, name: String, cluster: String = "unum",
    seeds: [String] = [], notify: [String] = [], settings: Settings = Settings()
  ) {
    self.bind = bind
    self.http = http
    self.advertise = advertise
    self.name = name
    self.cluster = cluster
    self.seeds = seeds
    self.notify = notify
    self.settings = settings
  }
}

/// The most time that each step of a stop may take. Together they leave one of the promised five seconds. Tests give
/// more, so that a busy machine does not decide a test.
package struct StopTimes: Sendable {
  /// For requests in progress. A client that needs longer is not waiting for an integer.
  package var drain: Duration = .seconds(2)
  /// For the announcement: the node takes one second at most, and one more is for a busy machine.
  package var leave: Duration = .seconds(2)

  package init() {}
}
