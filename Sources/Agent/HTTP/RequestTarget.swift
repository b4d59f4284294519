// Takes a request's target apart, into the segments of the path and the few parameters.
//
// Everything is decoded once, here, so that no route ever sees a percent sign. Rejected: a URL type, which accepts and
// normalises far more than an interface of seven routes needs, and brings Foundation.

/// The path and query of a request.
struct RequestTarget {
  /// The decoded segments of the path; `/set/5` has two, `/set/` has `set` and an empty one.
  private(set) var segments: [String]
  private var parameters: [(name: String, value: String)]

  /// Takes a target apart, in origin form (`/get?x=y`) or absolute form (`http://host/get`), which a server must accept
  /// too (RFC 9112, section 3.2.2). Nil for every other form.
  init?(_ target: String) {
    guard let origin = RequestTarget.originForm(target) else { return nil }
    let (path, query) = RequestTarget.split(origin, at: "?")
    segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
      RequestTarget.decoded($0, plusIsSpace: false)
    }
    parameters = (query ?? "").split(separator: "&").map { pair in
      let (name, value) = RequestTarget.split(pair, at: "=")
      return (
        RequestTarget.decoded(name, plusIsSpace: true), RequestTarget.decoded(value ?? "", plusIsSpace: true)
      )
    }
  }

  /// The first parameter with this name.
  func parameter(_ name: String) -> String? {
    parameters.first { $0.name == name }?.value
  }

  /// The part from the path on, without a fragment: no client should send one, and it is not part of a name.
  private static func originForm(_ target: String) -> Substring? {
    let (whole, _) = split(target[...], at: "#")
    if whole.hasPrefix("/") { return whole }
    let scheme = whole.prefix(7)
    guard scheme.lowercased() == "http://" else { return nil }
    let rest = whole.dropFirst(7)
    guard let path = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
      return "/"
    }
    return rest[path...].hasPrefix("/") ? rest[path...] : "/" + rest[path...]
  }

  private static func split(_ text: Substring, at separator: Unicode.Scalar) -> (Substring, Substring?) {
    // Bytes, not characters: a combining mark behind the separator must not hide it.
    let separator = UInt8(truncatingIfNeeded: separator.value)
    guard let index = text.utf8.firstIndex(of: separator) else { return (text, nil) }
    return (text[..<index], text[text.utf8.index(after: index)...])
  }

  /// Undoes percent-encoding; a percent sign that encodes nothing stays. In queries a plus is a space, as in forms.
  private static func decoded(_ text: Substring, plusIsSpace: Bool) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let (value, after) = hexPair(rest) {
        bytes.append(value)
        rest = after
      } else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hexPair(_ text: Substring.UTF8View.SubSequence) -> (UInt8, Substring.UTF8View.SubSequence)? {
    let digits = text.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 2 else { return nil }
    return (UInt8(digits[0] * 16 + digits[1]), text.dropFirst(2))
  }
}
