// Writes the log to standard error without ever waiting for it.
//
// The reader of a program's standard error may stop reading: a pager, a full disk, a stuck container engine. Then a
// write blocks, and a node that logs from its protocol's loop falls silent and is declared dead. So lines go into a
// bounded queue, which a separate thread writes out. If the queue is full, lines are dropped and counted, and once
// there is room a line gives the count. Rejected: swift-log's own stream handler, which writes on the caller's thread,
// and a non-blocking descriptor, because every other process at the same terminal shares that flag.

import Gossip
package import Logging

/// How lines are written.
package enum LogFormat: String, CaseIterable, Sendable {
  /// `2026-11-21T04:37:52.123Z info message key=value`, for people.
  case text
  /// One JSON object on each line, for machines.
  case json
}

/// Writes the events of all loggers that share its `writer`.
package struct LogSink: LogHandler {
  package var logLevel: Logger.Level = .info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  private let format: LogFormat
  private let writer: LogWriter
  private let now: @Sendable () -> UInt64

  /// - Parameters:
  ///   - now: the wall clock, microseconds since 1970.
  package init(
    format: LogFormat, writer: LogWriter = .standardError,
    now: @escaping @Sendable () -> UInt64 = { Clocks.system.now().wall }
  ) {
    self.format = format
    self.writer = writer
    self.now = now
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let given = event.metadata { all.merge(given) { $1 } }
    let pairs = all.map { ($0.key, $0.value.description) }.sorted { $0.0 < $1.0 }
    if let lost = writer.takeUntold() {
      write(.warning, "\(lost) lines of this log were dropped, because nobody read them", [])
    }
    write(event.level, event.message.description, pairs)
  }

  private func write(_ level: Logger.Level, _ message: String, _ pairs: [(String, String)]) {
    let time = Timestamp.text(microseconds: now())
    // A message of several lines becomes several complete lines for people, and one object for machines.
    switch format {
    case .json:
      writer.write(LogSink.object(time: time, level: level, message: message, pairs))
    case .text:
      for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
        writer.write(LogSink.line(time: time, level: level, message: String(line), pairs))
      }
    }
  }

  private static func line(time: String, level: Logger.Level, message: String, _ pairs: [(String, String)]) -> String {
    let suffix = pairs.map { " \(ForeignText.host($0.0))=\(ForeignText.name($0.1))" }.joined()
    // The last defence: whatever a message contains, it cannot end its line or control a terminal.
    return "\(time) \(level.rawValue) \(LogSink.seen(message))\(suffix)\n"
  }

  private static func seen(_ message: String) -> String {
    ForeignText.isVisible(message) ? message : ForeignText.visible(message, limit: .max)
  }

  private static func object(
    time: String, level: Logger.Level, message: String, _ pairs: [(String, String)]
  ) -> String {
    let fields = [("time", time), ("level", level.rawValue), ("message", message)] + pairs
    return "{" + fields.map { "\(ForeignText.json($0.0)):\(ForeignText.json($0.1))" }.joined(separator: ",") + "}\n"
  }
}

/// Times in RFC 3339, in UTC and milliseconds: they sort as text and mean the same on every machine.
enum Timestamp {
  static func text(microseconds: UInt64) -> String {
    let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let (days, second) = Int64(seconds).quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = date(days)
    let clock = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock).\(padded(Int64(fraction / 1000), 3))Z"
  }

  /// The Gregorian date so many days after 1970-01-01. Years begin in March here, so that the leap day comes last and the
  /// lengths of months are linear: 153 days in five of them.
  private static func date(_ days: Int64) -> (Int64, Int64, Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
