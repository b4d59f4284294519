// What an answer is known by. Rejected: a callback in the request, which no replay could compare.

/// Names one client's request, so that its answer finds it. Chosen by whoever owns the node; the node only repeats it.
package struct RequestID: Hashable, Sendable {
  package var number: UInt64
  package init(_ number: UInt64) { self.number = number }
}
