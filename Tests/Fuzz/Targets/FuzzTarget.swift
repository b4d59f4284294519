// The entry functions of the fuzzer, by name: bytes in, a broken rule or nothing out.
//
// A broken rule throws and does not trap, so that the same functions serve libFuzzer, which wants a crash, and `swift
// test`, which wants to go on with the next file of the corpus. A trap in the code under test is a finding in both.
// Rejected: one program for each target. They would differ in one line, and each takes a minute to link.

/// The targets. The raw value names one on the command line, in the corpus and in the directory of crashes.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// Any bytes as a datagram.
  case decoder
  /// Datagrams that are decoded and encoded again, and messages that are encoded and decoded.
  case roundtrip
  /// A node, a history of events and its clocks.
  case node
  /// Pages of members and queues of rumours.
  case pages
  /// Bytes that a client sends on one connection.
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

/// Something happened that must never happen.
package struct BrokenRule: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// States a rule.
func expect(_ isSo: Bool, _ rule: @autoclosure () -> String) throws(BrokenRule) {
  if !isSo { throw BrokenRule(rule()) }
}
