// How often which values occur, in a few rows that a terminal has room for.
//
// Rows of equal width on a round number, from the smallest value to the 95th percentile, and one row for all that is
// above: the few stragglers of a lossy network would otherwise press everything else into one row. Rejected: rows of
// growing width (the shape, which is what a histogram is looked at for, would depend on the width).

/// Counts of values in rows.
package struct Histogram: Equatable, Sendable {
  /// So many values from here on, up to the next row or, in the last one, without end.
  package struct Row: Equatable, Sendable {
    package var from: Double
    package var count: Int
  }

  package private(set) var rows: [Row] = []
  /// The width of each row but the last.
  package private(set) var width = 0.0

  /// - Parameter most: rows at most, the open one included. Ten show a shape and leave a screen for the rest.
  package init(_ values: [Double], most: Int = 10) {
    let sorted = values.sorted()
    guard let least = sorted.first, let greatest = sorted.last, most >= 3 else { return }
    let top = sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    // Two rows less: where the first begins is rounded down, and the last is open.
    width = Histogram.round(above: max(top - least, greatest * 0.001, 0.001) / Double(most - 2))
    let first = (least / width).rounded(.down)
    let closed = min(most - 1, Int((top / width).rounded(.down) - first) + 1)
    rows = (0..<closed).map { Row(from: (first + Double($0)) * width, count: 0) }
    if greatest >= (first + Double(closed)) * width {
      rows.append(Row(from: (first + Double(closed)) * width, count: 0))
    }
    for value in sorted {
      let row = Int((value / width).rounded(.down) - first)
      rows[min(max(row, 0), rows.count - 1)].count += 1
    }
  }

  /// The least of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not below this.
  package static func round(above value: Double) -> Double {
    var power = 1.0
    while power < value { power *= 10 }
    while power / 10 >= value, power > 1e-6 { power /= 10 }
    // Now power / 10 < value <= power.
    return [0.2, 0.5].map { $0 * power }.first { $0 >= value } ?? power
  }
}
