// What a node is started with, after options and environment were merged and checked.

package import Gossip

/// Everything that an `Agent` must be told.
package struct AgentConfiguration: Sendable {
  /// Where the UDP socket is bound. Port 0 takes any free one.
  package var bind: Address
  /// Where HTTP listens. Port 0 takes any free one.
  package var http: Address
  /// The address that peers reach; nil finds it (see `AdvertisedAddress`). Port 0 stands for the bound port.
  package var advertise: Address?
  /// The member's name.
  package var name: String
  /// The cluster's name.
  package var cluster: String
  /// Seeds as written: `host`, `host:port`, `[v6]:port`.
  package var seeds: [String]
  /// Further peers to post `/notify` to, as written: `host` or `host:port` (HTTP; port 8080 when there is none).
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

/// What each step of a stop may take at most. Together they leave a second of the five that are promised. Tests give
/// more, so that a busy machine decides nothing.
package struct StopTimes: Sendable {
  /// For requests in progress. A client that needs more is not waiting for an integer.
  package var drain: Duration = .seconds(2)
  /// For the announcement: the second that the node takes at most, and one for a busy machine.
  package var leave: Duration = .seconds(2)

  package init() {}
}
