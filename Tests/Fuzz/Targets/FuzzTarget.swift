// The entry functions of the fuzzer, by name: bytes in, a broken rule or nothing out.
//
// A rule is broken by throwing and not by a trap, so that the same functions serve libFuzzer, which wants a crash, and
// `swift test`, which wants to go on with the next file of the corpus. A trap in the code under test is a finding in
// either. Rejected: one program for each target. They would differ in one line, and each links for a minute.

/// What can be fuzzed. The raw value names it on the command line, in the corpus and in the crashes kept.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// Any bytes as a datagram.
  case decoder
  /// Datagrams decoded and encoded again, and the other way.
  case roundtrip
  /// A node, a history of events and its clocks.
  case node
  /// Pages of members and queues of rumours.
  case pages
  /// Bytes of a client on one connection.
  case http
  /// Options, variables, hosts and addresses.
  case options

  /// Runs the code under test on these bytes.
  package func run(_ bytes: [UInt8]) throws(BrokenRule) {
    switch self {
    case .decoder: try fuzzDecoder(bytes)
    case .roundtrip: try fuzzRoundTrip(bytes)
    case .node: try fuzzNode(bytes)
    case .pages: try fuzzPages(bytes)
    case .http: try fuzzHTTP(bytes)
    case .options: try fuzzOptions(bytes)
    }
  }
}

/// Something that must never be, and was.
package struct BrokenRule: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// States a rule.
func expect(_ isSo: Bool, _ rule: @autoclosure () -> String) throws(BrokenRule) {
  if !isSo { throw BrokenRule(rule()) }
}
