// Turns flags, environment and host name into everything that a node must be told.
//
// It is one pure function: the same three inputs give the same configuration or the same error, so all options are
// tested as a table. Whatever is certainly wrong before a socket is opened is an error here. What only the network can
// tell, such as a seed that does not resolve, is not: it may be right in a minute.

package import Agent
import Gossip
package import Logging

/// How the log is written.
package struct LogSettings: Equatable, Sendable {
  package var level: Logger.Level
  package var format: LogFormat

  package init(level: Logger.Level = .info, format: LogFormat = .text) {
    self.level = level
    self.format = format
  }
}

/// What `unum serve` runs with.
package struct ServeConfiguration: Sendable {
  package var agent: AgentConfiguration
  package var log: LogSettings
}

/// What a variable that turns something on may be.
private enum Decision: String, CaseIterable {
  case yes, no
}

/// Merges flags and environment, and checks the result. A flag wins; an empty variable counts as unset.
package func resolve(
  flags: [Setting: String], environment: [String: String], hostName: String
) throws(ConfigurationError) -> ServeConfiguration {
  let options = GivenOptions(flags: flags, environment: environment)
  let bind = try options.socket(.bind, default: Address(ipv4: 0, port: DefaultPort.gossip))
  let http = try options.socket(.http, default: Address(ipv4: 0, port: DefaultPort.http))
  var settings = Settings()
  settings.reportInterval = .seconds(try options.wholeSeconds(.reportInterval, default: 5))
  settings.startsAlone = try options.choice(.alone, default: Decision.no) == .yes
  let agent = AgentConfiguration(
    bind: bind, http: http,
    advertise: try options.advertised(boundTo: bind),
    name: try options.label(.name) ?? GivenOptions.cut(hostName),
    cluster: try options.label(.cluster) ?? settings.cluster,
    seeds: try options.hosts(.join, defaultPort: DefaultPort.gossip),
    notify: try options.hosts(.notify, defaultPort: DefaultPort.http),
    settings: settings)
  let log = LogSettings(
    level: try options.choice(.logLevel, default: .info), format: try options.choice(.logFormat, default: .text))
  return ServeConfiguration(agent: agent, log: log)
}

/// The log's settings alone, for subcommands that take no other setting of a node.
package func resolveLog(
  flags: [Setting: String], environment: [String: String], defaultLevel: Logger.Level
) throws(ConfigurationError) -> LogSettings {
  let options = GivenOptions(flags: flags, environment: environment)
  return LogSettings(
    level: try options.choice(.logLevel, default: defaultLevel),
    format: try options.choice(.logFormat, default: .text))
}
