// Quantities as people type and read them: `400ms`, `5%`, `1ms..20ms`.
//
// A time needs its unit: whoever types `--period 400` means something, and a guess that is wrong by a thousand gives
// figures that look right. Digits are read and written as integers, so 0.7 s is exactly 700,000 µs and prints as 0.7 s.

import Gossip

/// Reads and writes quantities. Readers return nil for a wrong text, except `count`, which throws and says what is wrong.
package enum Quantity {
  /// The units of times and their microseconds. Longer names come first, or the `s` of `ms` would match alone.
  private static let units: [(name: String, microseconds: Int64)] = [
    ("ms", 1000), ("us", 1), ("µs", 1), ("μs", 1), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
  ]
  /// Longer times are mistakes: only a tombstone lasts an hour, and this command does not show that.
  private static let longest: Int64 = 3_600_000_000

  /// `400ms`, `1.5s`, `300us`, `1m`; and `0`, which needs no unit. An hour at most.
  package static func time(_ text: String) -> Duration? {
    if text == "0" { return .zero }
    guard let unit = units.first(where: { text.hasSuffix($0.name) }) else { return nil }
    guard let millionths = millionths(text.dropLast(unit.name.count)) else { return nil }
    let (product, overflows) = millionths.multipliedReportingOverflow(by: unit.microseconds)
    guard !overflows, product % 1_000_000 == 0, product / 1_000_000 <= longest else { return nil }
    return .microseconds(product / 1_000_000)
  }

  /// `1ms..20ms`, or one time for both ends.
  package static func times(from text: String) -> ClosedRange<Duration>? {
    guard let dots = text.firstRange(of: "..") else { return time(text).map { $0...$0 } }
    guard let low = time(String(text[..<dots.lowerBound])), let high = time(String(text[dots.upperBound...])),
      low <= high
    else { return nil }
    return low...high
  }

  /// `5%`, `0.5%` or `0.05`: 0 to 1.
  package static func share(_ text: String) -> Double? {
    let isPercent = text.hasSuffix("%")
    guard let millionths = millionths(isPercent ? text.dropLast() : text[...]) else { return nil }
    let share = Double(millionths) / (isPercent ? 100_000_000 : 1_000_000)
    return share <= 1 ? share : nil
  }

  /// A whole number within the range, for a flag. The error names both.
  package static func count(
    _ flag: String, _ text: String, _ range: ClosedRange<Int>
  ) throws(ConfigurationError) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw ConfigurationError(
        given: "\(flag) \(text)",
        problem: text.utf8.allSatisfy(isDigit) && !text.isEmpty ? "out of range" : "not a whole number",
        remedy: "give \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A decimal number times a million. It is not negative and has six places at most.
  private static func millionths(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) else {
      return nil
    }
    // Ten digits of the smallest unit are already more than an hour.
    guard parts[0].count <= 10, parts.count == 1 || parts[1].count <= 6, let whole = Int64(parts[0]) else { return nil }
    guard parts.count == 2, let fraction = Int64(parts[1]) else { return whole * 1_000_000 }
    return whole * 1_000_000 + (0..<(6 - parts[1].count)).reduce(fraction) { sum, _ in sum * 10 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// `400ms`, `1.4s`, `300us`: the form that `time` reads.
  package static func text(_ duration: Duration) -> String {
    let microseconds = duration.microseconds
    if microseconds == 0 { return "0" }
    if microseconds < 1000 { return "\(microseconds)us" }
    if microseconds < 1_000_000 { return decimal(Double(microseconds) / 1000, places: 3, isTrimmed: true) + "ms" }
    return decimal(Double(microseconds) / 1_000_000, places: 6, isTrimmed: true) + "s"
  }

  /// `5%`.
  package static func percent(_ share: Double) -> String { decimal(share * 100, places: 4, isTrimmed: true) + "%" }

  /// A number rounded to so many decimal places; without trailing zeros, if asked.
  package static func decimal(_ value: Double, places: Int, isTrimmed: Bool = false) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let digits = String(scaled % Int64(scale))
    var text = String(scaled / Int64(scale))
    if places > 0 { text += "." + String(repeating: "0", count: places - digits.count) + digits }
    if isTrimmed && places > 0 {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return value < 0 && scaled > 0 ? "-" + text : text
  }

  /// A number with three significant digits, for people: `1234`, `12.3`, `1.23`, `0.123`.
  package static func short(_ value: Double) -> String {
    switch abs(value) {
    case 99.95...: decimal(value, places: 0)
    case 9.995...: decimal(value, places: 1)
    case 0.9995...: decimal(value, places: 2)
    default: decimal(value, places: 3)
    }
  }
}
