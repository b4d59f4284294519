// Times and shares as a trace writes them.

internal import Gossip

extension Instant {
  /// `12.345678`: seconds since the run began.
  var inWords: String {
    let fraction = String(microseconds % 1_000_000)
    return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }
}

extension Duration {
  /// `0.3 s`.
  var inWords: String { "\(inSeconds.withoutZero) s" }
}

extension Double {
  /// A share of one, to a hundredth of a percent: `12.5 %`.
  var inPercent: String { "\(((self * 10_000).rounded() / 100).withoutZero) %" }

  /// Without `.0`.
  fileprivate var withoutZero: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
