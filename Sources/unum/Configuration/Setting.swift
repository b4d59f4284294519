// Every option of a node, once: its flag, its environment variable, its default and what it is for.
//
// The help of `unum serve`, the table in `unum --help` and the messages of errors are all made from this list, so that
// they cannot disagree. Rejected: defaults written at the options themselves. A bad environment value used as a
// default there is swallowed in silence, and a flag that repeats the default could not win over the environment.

/// One thing that a node can be told.
package enum Setting: String, CaseIterable, Sendable {
  case advertise
  case join
  case bind
  case http
  case name
  case cluster
  case notify
  case logLevel = "log-level"
  case logFormat = "log-format"
  case reportInterval = "report-interval"

  /// As it is typed.
  package var flag: String { "--\(rawValue)" }

  /// The variable that stands for it; the flag wins.
  package var variable: String {
    switch self {
    case .advertise: "ADVERTISE_ADDR"
    case .join: "CLUSTER_ADDR"
    case .bind: "BIND_ADDR"
    case .http: "HTTP_ADDR"
    case .name: "NODE_NAME"
    case .cluster: "CLUSTER_NAME"
    case .notify: "NOTIFY_ADDR"
    case .logLevel: "LOG_LEVEL"
    case .logFormat: "LOG_FORMAT"
    case .reportInterval: "REPORT_INTERVAL"
    }
  }

  /// What its value looks like, for help.
  package var placeholder: String {
    switch self {
    case .advertise: "ip[:port]"
    case .join, .notify: "host[:port],…"
    case .bind, .http: "ip:port"
    case .name, .cluster: "name"
    case .logLevel: "level"
    case .logFormat: "format"
    case .reportInterval: "seconds"
    }
  }

  /// What holds when neither flag nor variable says anything, in words for help.
  package var defaultText: String {
    switch self {
    case .advertise: "found"
    case .join, .notify: "none"
    case .bind: "0.0.0.0:7946"
    case .http: "0.0.0.0:8080"
    case .name: "host name"
    case .cluster: "unum"
    case .logLevel: "info"
    case .logFormat: "text"
    case .reportInterval: "5"
    }
  }

  /// One sentence for help.
  package var summary: String {
    switch self {
    case .advertise: "The address that peers reach; found from --bind or the route to a seed."
    case .join: "Members to join, UDP; names are looked up again and again."
    case .bind: "Where datagrams are received."
    case .http: "Where HTTP is served; peers learn the port by gossip."
    case .name: "The member's name, a label of at most 64 bytes."
    case .cluster: "The cluster's name; clusters of different names never merge."
    case .notify: "Further peers to post /notify to, HTTP (port 8080)."
    case .logLevel: "trace, debug, info, notice, warning, error or critical."
    case .logFormat: "text for people or json for machines, on standard error."
    case .reportInterval: "Seconds between lines of members and state; 0 is never."
    }
  }

  /// The table of all settings: two lines each, none longer than a terminal's 80 columns.
  package static var table: String {
    allCases.map { setting in
      optionEntry(
        "\(setting.flag) <\(setting.placeholder)>", aside: "\(setting.variable) (\(setting.defaultText))",
        summary: setting.summary)
    }.joined(separator: "\n")
  }
}

/// Two lines of a table of options: how it is typed, with what else is known of it from column 38 on, and what it does.
func optionEntry(_ usage: String, aside: String, summary: String) -> String {
  "  \(usage)\(String(repeating: " ", count: max(2, 36 - usage.count)))\(aside)\n      \(summary)"
}
