// Finds where one request's head ends, and whether it is too long.
//
// NIO's decoder takes all bytes that it gets. It cannot say where in them a request began or how long its line was, and
// it cannot stop behind it. So each head is measured here first, and handed over alone. The scanner decides nothing
// else: the decoder says what a head means, and if the two disagree about its end, the request is refused. Rejected:
// limits on what was decoded, which see neither padding nor a head that has not ended yet.

/// Finds the end of one head in bytes that arrive piece by piece. Call `scan` again with the same bytes once there are
/// more.
struct HeadScanner {
  enum Finding: Equatable {
    /// The head has not ended.
    case incomplete
    /// It ends after so many bytes, including the empty line and leading empty lines.
    case complete(length: Int)
    /// The request line is longer than allowed.
    case lineTooLong
    /// The fields are longer than allowed.
    case fieldsTooLong
    /// A request cannot begin like this.
    case malformed
  }

  private let lineLimit: Int
  private let fieldsLimit: Int
  /// How many bytes have been scanned without an end.
  private(set) var scanned = 0
  /// Where the current line begins.
  private var lineStart = 0
  /// Where the fields begin; nil within the request line.
  private var fieldsStart: Int?

  init(limits: HTTPLimits) {
    lineLimit = limits.requestLine
    fieldsLimit = limits.fields
  }

  /// Forgets the head, for the next one.
  mutating func reset() {
    scanned = 0
    lineStart = 0
    fieldsStart = nil
  }

  /// Scans the bytes from the start of the request, and skips those that it scanned before.
  mutating func scan(_ bytes: Span<UInt8>) -> Finding {
    while scanned < bytes.count {
      let byte = bytes[scanned]
      if fieldsStart == nil, scanned == lineStart, !HeadScanner.canBegin(byte) { return .malformed }
      scanned += 1
      guard byte == UInt8(ascii: "\n") else { continue }
      if let finding = endLine(bytes) { return finding }
    }
    return overLimit ?? .incomplete
  }

  /// At a line feed, which has just been passed.
  private mutating func endLine(_ bytes: Span<UInt8>) -> Finding? {
    let length = scanned - 1 - lineStart
    let isEmpty = length == 0 || length == 1 && bytes[lineStart] == UInt8(ascii: "\r")
    lineStart = scanned
    if let overLimit { return overLimit }
    if isEmpty, fieldsStart != nil { return .complete(length: scanned) }
    // Empty lines before a request must be ignored (RFC 9112, section 2.2); they count as part of its line.
    if !isEmpty, fieldsStart == nil { fieldsStart = scanned }
    return nil
  }

  private var overLimit: Finding? {
    if let fieldsStart {
      if fieldsStart > lineLimit { return .lineTooLong }
      return scanned - fieldsStart > fieldsLimit ? .fieldsTooLong : nil
    }
    return scanned > lineLimit ? .lineTooLong : nil
  }

  /// Methods are words in capitals, and line ends may precede them. Otherwise the server would wait in vain for the
  /// rest of anything else, such as the start of a TLS session.
  private static func canBegin(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
    default: false
    }
  }
}
