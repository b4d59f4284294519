// The options as ArgumentParser sees them: texts that were given or not, and nothing more. What they mean, and what
// holds when they are missing, is decided in `resolve`, together with the environment.

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
  @Option(help: Setting.reportInterval.help) var reportInterval: String?
  @OptionGroup var log: LogOptions

  /// The options that were given.
  var flags: [Setting: String] {
    let given: [Setting: String?] = [
      .advertise: advertise, .join: join, .bind: bind, .http: http, .name: name, .cluster: cluster, .notify: notify,
      .reportInterval: reportInterval,
    ]
    return log.flags.merging(given.compactMapValues { $0 }) { flag, _ in flag }
  }
}

/// The options of the log, which all subcommands have that run nodes. The default level is not among the help: it is
/// each subcommand's own.
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
  /// What `unum serve --help` says of it.
  fileprivate var help: ArgumentHelp {
    ArgumentHelp("\(summary) [\(variable); default: \(defaultText)]", valueName: placeholder)
  }

  /// The same for what has another default in each subcommand.
  fileprivate var helpWithoutDefault: ArgumentHelp {
    ArgumentHelp("\(summary) [\(variable)]", valueName: placeholder)
  }
}
