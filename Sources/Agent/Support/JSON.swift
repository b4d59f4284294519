// Writes the little JSON that is needed here. Nothing reads any.
//
// Members keep their order, so that answers are the same bytes each time. Rejected: Codable, whose encoder is in
// Foundation and reorders keys.

package import Gossip

/// Pieces of JSON (RFC 8259) as text.
package enum JSON {
  /// An object whose members' values are already JSON.
  package static func object(_ members: [(String, String)]) -> String {
    "{" + members.map { "\(string($0.0)):\($0.1)" }.joined(separator: ",") + "}"
  }

  /// An array whose elements are already JSON.
  package static func array(_ elements: [String]) -> String {
    "[" + elements.joined(separator: ",") + "]"
  }

  package static func string(_ text: String) -> String { ForeignText.json(text) }

  /// An integer, exact; `null` for nil.
  package static func integer(_ number: (some BinaryInteger)?) -> String {
    number.map { String($0) } ?? "null"
  }

  /// A time in milliseconds with three decimals; `null` for nil.
  package static func milliseconds(_ duration: Duration?) -> String {
    duration.map { $0.inMilliseconds } ?? "null"
  }

  /// `{"value":42,"generation":0}`.
  package static func stamp(_ stamp: Stamp) -> String {
    object([("value", integer(stamp.value)), ("generation", integer(stamp.generation))])
  }
}

extension Duration {
  /// Milliseconds with three decimals, such as `1.204`. It uses integers, because doubles print as many digits as they
  /// please.
  var inMilliseconds: String {
    let magnitude = microseconds.magnitude
    let fraction = String(magnitude % 1000)
    let sign = microseconds < 0 ? "-" : ""
    return "\(sign)\(magnitude / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }
}
