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

/// The ports that apply if none is given.
package enum DefaultPort {
  /// UDP. It is the port of Serf and memberlist, which the firewalls of such clusters already know.
  package static let gossip: UInt16 = 7946
  /// HTTP. It is the tutorial's port, and the usual one for those who may not use port 80.
  package static let http: UInt16 = 8080
}

/// Merges flags and environment, and checks the result. A flag wins; an empty variable counts as unset.
package func resolve(
  flags: [Setting: String], environment: [String: String], hostName: String
) throws(ConfigurationError) -> ServeConfiguration {
  let options = Options(flags: flags, environment: environment)
  let bind = try options.socket(.bind, default: Address(ipv4: 0, port: DefaultPort.gossip))
  let http = try options.socket(.http, default: Address(ipv4: 0, port: DefaultPort.http))
  var settings = Settings()
  settings.reportInterval = .seconds(try options.wholeSeconds(.reportInterval, default: 5))
  let agent = AgentConfiguration(
    bind: bind, http: http,
    advertise: try options.advertised(boundTo: bind),
    name: try options.label(.name) ?? Options.cut(hostName),
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
  let options = Options(flags: flags, environment: environment)
  return LogSettings(
    level: try options.choice(.logLevel, default: defaultLevel),
    format: try options.choice(.logFormat, default: .text))
}

/// Flags and environment, and the ways to read a value from them. The checks of each kind are in `Checks.swift`.
struct Options {
  let flags: [Setting: String]
  let environment: [String: String]

  /// The value that applies, if any was given. Only an empty variable counts as unset: somebody who types an option and
  /// leaves its value empty has made a mistake, but compose files and manifests set empty variables all the time.
  func given(_ setting: Setting) -> Given? {
    if let flag = flags[setting] { return Given(setting: setting, text: flag, isFlag: true) }
    guard let variable = environment[setting.variable], !variable.isEmpty else { return nil }
    return Given(setting: setting, text: variable, isFlag: false)
  }
}
