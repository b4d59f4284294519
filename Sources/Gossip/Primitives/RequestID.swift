// The identity that matches an answer to its request. Rejected: a callback in the request, which no replay could
// compare.

/// Identifies one client's request, so that its answer finds it. The owner of the node chooses it; the node only
/// repeats it.
package struct RequestID: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}
