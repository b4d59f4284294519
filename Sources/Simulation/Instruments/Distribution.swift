// Many measurements of one thing, for people.

/// Measured values, in seconds unless the place says otherwise.
package struct Distribution: Sendable, CustomStringConvertible {
  /// In the order in which they were added.
  package private(set) var values: [Double] = []

  package init() {}

  package var count: Int { values.count }

  package mutating func add(_ value: Double) { values.append(value) }

  package mutating func add(_ other: Distribution) { values += other.values }

  /// The smallest value that this share of all does not exceed; 0 when there are none.
  package func percentile(_ percent: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let rank = Int((percent / 100 * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
  }

  package var median: Double { percentile(50) }
  package var greatest: Double { values.max() ?? 0 }
  package var mean: Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

  /// `median 1.29, 99 % 1.93, most 2.04 (n = 200)`.
  package var description: String {
    "median \(Distribution.short(median)), 99 % \(Distribution.short(percentile(99))), "
      + "most \(Distribution.short(greatest)) (n = \(count))"
  }

  /// To a thousandth; what is below a tenth to a hundred-thousandth. No exponent.
  package static func short(_ value: Double) -> String {
    let scale = abs(value) < 0.1 ? 100_000.0 : 1000
    return String((value * scale).rounded() / scale)
  }
}
