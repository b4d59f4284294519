// The options as ArgumentParser sees them: texts that were given or not, and nothing more. `resolve` decides what they
// mean, and what applies if they are missing, together with the environment.

import ArgumentParser

/// The options of a node.
struct ServeOptions: ParsableArguments {
  @Option(help: Setting.advertise.help) var advertise: String?
  @Option(help: Setting.join.help) var join: String?
  @Option(help: Setting.bind.help) var bind: String?
  @Option(help: Setting.http.help) var http: String?
  @Option(help: Setting.name.help) var name: String?
  @Option(help: Setting.cluster.help) var cluster: String?
  @Option(help: Setting.notify.help) var notify: String?
  @Flag(help: Setting.alone.help) var alone = false
  @Option(help: Setting.reportInterval.help) var reportInterval: String?
  @OptionGroup var log: LogOptions

  /// The options that were given.
  var flags: [Setting: String] {
    let given: [Setting: String?] = [
      .advertise: advertise, .join: join, .bind: bind, .http: http, .name: name, .cluster: cluster, .notify: notify,
      .alone: alone ? "yes" : nil, .reportInterval: reportInterval,
    ]
    return log.flags.merging(given.compactMapValues { $0 }) { flag, _ in flag }
  }
}

/// The options of the log, for every subcommand that runs nodes. Their help does not name the default level, because each
/// subcommand has its own.
struct LogOptions: ParsableArguments {
  @Option(help: Setting.logLevel.helpWithoutDefault) var logLevel: String?
  @Option(help: Setting.logFormat.help) var logFormat: String?

  /// The options that were given.
  var flags: [Setting: String] {
    let given: [Setting: String?] = [.logLevel: logLevel, .logFormat: logFormat]
    return given.compactMapValues { $0 }
  }
}

extension Setting {
  /// Its help in `unum serve --help`.
  fileprivate var help: ArgumentHelp {
    ArgumentHelp(
      "\(summary) [\(variable); default: \(defaultText)]", valueName: placeholder.isEmpty ? nil : placeholder)
  }

  /// The same, for a setting whose default depends on the subcommand.
  fileprivate var helpWithoutDefault: ArgumentHelp {
    ArgumentHelp("\(summary) [\(variable)]", valueName: placeholder)
  }
}
