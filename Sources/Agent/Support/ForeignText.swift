// Text that others chose, made safe to show.
//
// A member's name, a notifier and a request's target are bytes from strangers. Shown as they are, a line break forges a
// line of the log, an escape sequence repaints the terminal, and a quote ends a JSON string. Each place that shows such
// text escapes it for its destination. Nothing is rejected for its spelling, so that people can trace what they see.

/// Ways to show text that somebody else chose.
package enum ForeignText {
  /// The most bytes of a foreign text that a sentence repeats. The sentence names the mistake and need not carry all of
  /// it.
  package static let shown = 64

  /// The most bytes of a host name (RFC 1035, section 2.3.4), which is shown whole.
  private static let hostName = 253

  /// For a line of text. Letters of any script stay, everything invisible becomes `\u{…}`, and a text of more than
  /// `limit` bytes ends in `…`.
  package static func visible(_ text: String, limit: Int = shown) -> String {
    let cut = prefix(text, bytes: limit)
    var result = ""
    for scalar in cut.unicodeScalars {
      if scalar == "\\" {
        result += "\\\\"
      } else if isVisible(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    return cut.utf8.count < text.utf8.count ? result + "…" : result
  }

  /// Like `visible`, for what may be as long as a host name: a seed, a member's name, a resolver's error.
  static func host(_ text: String) -> String { visible(text, limit: hostName) }

  /// A name among other words. A plain one stays as it is; others are quoted, so that no name reads like two entries of
  /// a list.
  static func name(_ name: String) -> String {
    let isPlain = !name.isEmpty && name.unicodeScalars.allSatisfy { isWord($0) }
    return isPlain ? host(name) : "\"\(host(name).replacing("\"", with: "\\\""))\""
  }

  /// Whether all of a text is visible: nothing in it ends a line or controls a terminal.
  package static func isVisible(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { isVisible($0) } }

  /// For a JSON string, with its quotes (RFC 8259, section 7).
  package static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      // Line and paragraph separators are legal in JSON, but end a line when it is read as JavaScript.
      case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": result += "\\u" + hex4(scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// For the value of a label in Prometheus' text format, without its quotes.
  package static func label(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The longest prefix of the text that has at most so many bytes of UTF-8 and ends between two scalars.
  package static func prefix(_ text: String, bytes limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var result = ""
    var size = 0
    for scalar in text.unicodeScalars {
      size += UTF8.width(scalar)
      guard size <= limit else { break }
      result.unicodeScalars.append(scalar)
    }
    return result
  }

  /// Whether a scalar is visible and changes nothing around it. Format characters can reverse text, and unassigned ones
  /// may do so tomorrow.
  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  /// What needs no quotes: letters, digits, and the characters of host names and addresses.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || ".-_:/@+[]".unicodeScalars.contains(scalar)
  }

  private static func hex4(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
