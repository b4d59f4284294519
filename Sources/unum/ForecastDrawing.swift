// A forecast as a picture: how a write spreads, and how members saw each other.
//
// It is one SVG file that needs no scripts, fonts or other files, so it can go into a page or a report as it is.
// Rejected: a line for each write. Hundreds of lines hide the shape that they share; bands show it.

import Gossip
import Simulation

/// Draws a forecast.
struct ForecastDrawing {
  private let forecast: Forecast
  /// The members that are drawn.
  private let rows: [ForecastTimeline.Row]
  private var body = ""

  /// The picture's width, and the plots' between their labels and the right edge, in pixels.
  private static let width = 840.0
  private static let left = 64.0
  private static let right = 816.0
  /// The first plot.
  private static let top = 76.0
  private static let height = 220.0
  /// A member's strip in the second plot.
  private static let rowHeight = 14.0
  private static let rowSpacing = 20.0
  /// More strips than this are noise; the picture says how many are left out.
  private static let mostRows = 24

  init(_ forecast: Forecast) {
    self.forecast = forecast
    // The members that were doubted by the most others for the longest, in the order of nodes.
    let timeline = forecast.timeline
    let doubts = timeline.rows.map { ($0, timeline.doubt(of: $0)) }.sorted { ($1.1, $0.0.node) < ($0.1, $1.0.node) }
    rows = doubts.prefix(ForecastDrawing.mostRows).map(\.0).sorted { $0.node < $1.node }
    text(24, 30, forecast.heading, "title")
    drawSpread()
    drawTimeline()
  }

  /// The whole file.
  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(ForecastDrawing.width)) \(number(bottom))" \
    width="\(number(ForecastDrawing.width))" height="\(number(bottom))" role="img">
    <title>unum simulate: \(forecast.heading)</title>
    <style>
    text { font: 12px sans-serif; fill: #444 } .title { font-size: 15px; font-weight: bold; fill: #111 }
    .head { font-size: 13px; font-weight: bold; fill: #111 } .end { text-anchor: end } .middle { text-anchor: middle }
    .grid { stroke: #ddd } .all { fill: #cfe0f5 } .most { fill: #8fb8e8 } .median { fill: none; stroke: #11457e; \
    stroke-width: 2 }
    rect { shape-rendering: crispEdges } .alive { fill: #cdeac6 } .suspect { fill: #f2b134 } .dead { fill: #a33b3b } .kill { stroke: #000; stroke-width: 2 }
    </style>
    <rect width="100%" height="100%" fill="#fff"/>
    \(body)</svg>

    """
  }

  // MARK: How a write spreads

  private mutating func drawSpread() {
    let (top, height) = (ForecastDrawing.top, ForecastDrawing.height)
    text(24, top - 16, "Nodes that hold a write, over time", "head")
    let spreads = forecast.spreads.filter(\.isComplete).map { $0.arrivals.map { $0.inSeconds * 1000 } }
    // Killed nodes do not come back, so all complete writes are on the same number of nodes.
    guard let nodes = spreads.map(\.count).min(), nodes > 0 else {
      let reason = forecast.stream == nil ? "No write was on all nodes in 30 s." : "Writes in a stream are not drawn."
      return text(ForecastDrawing.left, top + 24, reason)
    }
    let latest = spreads.compactMap(\.last).max() ?? 0
    let axis = Axis(to: max(latest, 0.1), from: ForecastDrawing.left, until: ForecastDrawing.right)
    drawAxis(axis, top: top, bottom: top + height, unit: "ms after the write")
    for share in [0, 0.25, 0.5, 0.75, 1] {
      let count = Int((Double(nodes) * share).rounded())
      let y = top + height * (1 - Double(count) / Double(nodes))
      line(ForecastDrawing.left, y, ForecastDrawing.right, y, "grid")
      text(ForecastDrawing.left - 8, y + 4, "\(count)", "end")
    }
    // For each number of nodes: when each write had reached so many.
    let columns = (0..<nodes).map { place in spreads.map { $0[place] }.sorted() }
    let curve = { (percent: Double) in
      columns.map { axis.place($0[min($0.count - 1, Int(Double($0.count) * percent / 100))]) }
    }
    band(from: curve(0), to: curve(100), "all")
    band(from: curve(5), to: curve(95), "most")
    body += "<path class=\"median\" d=\"\(steps(curve(50), isFirst: true))\"/>\n"
    legend(
      top + height + 40, [("median", "median"), ("most", "90 % of writes"), ("all", "all \(spreads.count) writes")])
  }

  /// The steps of a curve, one more node at each place.
  private func steps(_ places: [Double], isFirst: Bool) -> String {
    let (top, height) = (ForecastDrawing.top, ForecastDrawing.height)
    let start = isFirst ? "M\(number(ForecastDrawing.left)) \(number(top + height))" : ""
    return places.enumerated().reduce(into: start) { path, step in
      let y = top + height * (1 - Double(step.offset + 1) / Double(places.count))
      path += "H\(number(step.element))V\(number(y))"
    }
  }

  /// The area between two curves.
  private mutating func band(from early: [Double], to late: [Double], _ style: String) {
    let (top, height) = (ForecastDrawing.top, ForecastDrawing.height)
    var path = steps(early, isFirst: true)
    for (index, place) in late.enumerated().reversed() {
      let y = top + height * (1 - Double(index) / Double(late.count))
      path += "H\(number(place))V\(number(y))"
    }
    body += "<path class=\"\(style)\" d=\"\(path)Z\"/>\n"
  }

  // MARK: How members saw each other

  private var timelineTop: Double { ForecastDrawing.top + ForecastDrawing.height + 100 }
  private var timelineBottom: Double { timelineTop + Double(max(rows.count, 1)) * ForecastDrawing.rowSpacing }
  private var bottom: Double { timelineBottom + 72 }

  private mutating func drawTimeline() {
    text(24, timelineTop - 16, "How the others see each member, over time", "head")
    let axis = Axis(
      to: max(forecast.timeline.duration.inSeconds, 0.001), from: ForecastDrawing.left, until: ForecastDrawing.right,
      isRounded: false)
    drawAxis(axis, top: timelineTop, bottom: timelineBottom, unit: "seconds")
    if rows.isEmpty {
      body += "<rect class=\"alive\" x=\"\(number(axis.from))\" y=\"\(number(timelineTop + 2))\" "
      body += "width=\"\(number(axis.until - axis.from))\" height=\"\(number(ForecastDrawing.rowHeight))\"/>\n"
      text(ForecastDrawing.left - 8, timelineTop + 13, "all", "end")
    }
    for (index, row) in rows.enumerated() {
      drawRow(row, at: timelineTop + 2 + Double(index) * ForecastDrawing.rowSpacing, axis)
    }
    let left = forecast.timeline.rows.count - rows.count
    let note = left > 0 ? "(\(left) more members not drawn)" : "(members not drawn: alive to all)"
    legend(timelineBottom + 40, [("alive", "alive"), ("suspect", "suspect"), ("dead", "dead"), ("kill", "killed")])
    text(ForecastDrawing.right, timelineBottom + 50, note, "end")
  }

  /// One member: from above, the share of the others that consider it dead; below that, suspect.
  private mutating func drawRow(_ row: ForecastTimeline.Row, at y: Double, _ axis: Axis) {
    text(ForecastDrawing.left - 8, y + 11, "n\(row.node)", "end")
    rectangle(axis.from, axis.until, y, ForecastDrawing.rowHeight, "alive")
    for (index, point) in row.points.enumerated() {
      let isLast = index + 1 == row.points.count
      let end = isLast ? forecast.timeline.duration : row.points[index + 1].time
      let (from, until) = (axis.place(point.time.inSeconds), axis.place(end.inSeconds))
      let others = max(1, forecast.scenario.nodes - 1 - forecast.losses.count { $0.node != row.node && $0.time < end })
      let dead = min(1, Double(point.dead) / Double(others)) * ForecastDrawing.rowHeight
      let suspect = min(1, Double(point.suspect) / Double(others)) * ForecastDrawing.rowHeight
      rectangle(from, until, y, dead, "dead")
      // What happened at all is seen, however short it was and however few said it.
      let height = point.suspect == 0 ? 0 : min(max(suspect, 2), ForecastDrawing.rowHeight - dead)
      rectangle(from, max(until, from + 1), y + dead, height, "suspect")
    }
    for loss in forecast.losses where loss.node == row.node {
      let x = axis.place(loss.time.inSeconds)
      line(x, y - 2, x, y + ForecastDrawing.rowHeight + 2, "kill")
    }
  }

  // MARK: Elements

  private mutating func drawAxis(_ axis: Axis, top: Double, bottom: Double, unit: String) {
    for tick in axis.ticks {
      line(axis.place(tick), top, axis.place(tick), bottom, "grid")
      text(axis.place(tick), bottom + 16, Quantity.decimal(tick, places: 3, isTrimmed: true), "middle")
    }
    text(axis.until, bottom + 32, unit, "end")
  }

  private mutating func legend(_ y: Double, _ entries: [(style: String, name: String)]) {
    var x = ForecastDrawing.left
    for entry in entries {
      switch entry.style {
      case "median": line(x, y + 6, x + 14, y + 6, entry.style)
      case "kill": line(x + 7, y - 1, x + 7, y + 13, entry.style)
      default: rectangle(x, x + 14, y, 12, entry.style)
      }
      text(x + 20, y + 10, entry.name)
      // Seven pixels are a little more than an average letter of 12 px.
      x += 44 + Double(entry.name.count) * 7
    }
  }

  private mutating func rectangle(_ from: Double, _ until: Double, _ y: Double, _ height: Double, _ style: String) {
    guard height > 0, until > from else { return }
    body += "<rect class=\"\(style)\" x=\"\(number(from))\" y=\"\(number(y))\" width=\"\(number(until - from))\" "
    body += "height=\"\(number(height))\"/>\n"
  }

  private mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" "
    body += "y2=\"\(number(y2))\"/>\n"
  }

  /// All texts here are our own or made from numbers, so nothing needs escaping.
  private mutating func text(_ x: Double, _ y: Double, _ text: String, _ style: String = "") {
    body += "<text x=\"\(number(x))\" y=\"\(number(y))\"\(style.isEmpty ? "" : " class=\"\(style)\"")>\(text)</text>\n"
  }

  /// A hundredth of a pixel is finer than the eye.
  private func number(_ value: Double) -> String { Quantity.decimal(value, places: 2, isTrimmed: true) }
}

/// Maps values to places on a line.
private struct Axis {
  /// The ends in pixels.
  let from: Double
  let until: Double
  /// The value at the end; the beginning is 0.
  private let end: Double
  /// The distance between two marks.
  private let step: Double

  /// - Parameter isRounded: whether the end moves up to the next mark.
  init(to greatest: Double, from: Double, until: Double, isRounded: Bool = true) {
    self.from = from
    self.until = until
    // Eight marks leave room for their labels.
    step = Histogram.round(above: greatest / 8)
    end = isRounded ? (greatest / step).rounded(.up) * step : greatest
  }

  var ticks: [Double] { (0...Int((end / step + 0.001).rounded(.down))).map { Double($0) * step } }

  func place(_ value: Double) -> Double { from + (until - from) * min(value, end) / end }
}
