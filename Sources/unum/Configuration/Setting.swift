// Every option of a node, in one list: its flag, its environment variable, its default and what it is for.
//
// The help of `unum serve`, the table in `unum --help` and the error messages are all made from this list, so they
// cannot disagree. Rejected: defaults written at the options themselves. ArgumentParser silently swallows a bad
// environment value that is used as a default, and a flag that repeats the default could not win over the environment.

import Gossip

/// One setting of a node.
package enum Setting: String, CaseIterable, Sendable {
  case advertise
  case join
  case bind
  case http
  case name
  case cluster
  case notify
  case alone
  case logLevel = "log-level"
  case logFormat = "log-format"
  case reportInterval = "report-interval"

  /// The flag, as it is typed.
  package var flag: String { "--\(rawValue)" }

  /// The environment variable; the flag wins over it.
  package var variable: String {
    switch self {
    case .advertise: "ADVERTISE_ADDR"
    case .join: "CLUSTER_ADDR"
    case .bind: "BIND_ADDR"
    case .http: "HTTP_ADDR"
    case .name: "NODE_NAME"
    case .cluster: "CLUSTER_NAME"
    case .notify: "NOTIFY_ADDR"
    case .alone: "ALONE"
    case .logLevel: "LOG_LEVEL"
    case .logFormat: "LOG_FORMAT"
    case .reportInterval: "REPORT_INTERVAL"
    }
  }

  /// What its value looks like, for the help; empty for a flag that takes none.
  package var placeholder: String {
    switch self {
    case .advertise: "ip[:port]"
    case .join, .notify: "host[:port],…"
    case .bind, .http: "ip:port"
    case .name, .cluster: "name"
    case .alone: ""
    case .logLevel: "level"
    case .logFormat: "format"
    case .reportInterval: "seconds"
    }
  }

  /// How it is typed, with what its value looks like.
  package var usage: String { placeholder.isEmpty ? flag : "\(flag) <\(placeholder)>" }

  /// What applies if neither flag nor variable is given, in words for the help.
  package var defaultText: String {
    switch self {
    case .advertise: "detected"
    case .join, .notify: "none"
    case .bind: "0.0.0.0:\(DefaultPort.gossip)"
    case .http: "0.0.0.0:\(DefaultPort.http)"
    case .name: "host name"
    case .cluster: "unum"
    case .alone: "no"
    case .logLevel: "info"
    case .logFormat: "text"
    case .reportInterval: "5"
    }
  }

  /// One sentence for the help.
  package var summary: String {
    switch self {
    case .advertise: "The address at which peers reach this node; detected if unset."
    case .join: "Members to join, UDP; names are looked up again on every attempt."
    case .bind: "The UDP address to listen on."
    case .http: "The HTTP address to listen on; peers learn the port by gossip."
    case .name: "The member's name, a label of at most 64 bytes."
    case .cluster: "The cluster's name; clusters with different names never merge."
    case .notify: "More peers to post /notify to, HTTP (port \(DefaultPort.http))."
    case .alone: "Start without the value even if a seed that has it is not understood."
    case .logLevel: "trace, debug, info, notice, warning, error or critical."
    case .logFormat: "text for people or json for machines, on standard error."
    case .reportInterval: "Seconds between log lines of members and state; 0 means never."
    }
  }

  /// The table of all settings, two lines each, none longer than the 80 columns of a terminal.
  package static var table: String {
    allCases.map { setting in
      optionEntry(
        setting.usage, aside: "\(setting.variable) (\(setting.defaultText))", summary: setting.summary)
    }.joined(separator: "\n")
  }
}

/// An option's two lines in such a table: how it is typed, with a remark from column 38 on; and what it does.
func optionEntry(_ usage: String, aside: String, summary: String) -> String {
  "  \(usage)\(String(repeating: " ", count: max(2, 36 - usage.count)))\(aside)\n      \(summary)"
}
