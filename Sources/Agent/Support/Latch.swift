// A latch that opens once: all that "wait until it is over" needs.

import NIOConcurrencyHelpers

/// Waits for one event. Opening is idempotent and may happen on any thread; once it is open, waiting returns at once. It
/// ignores cancellation: whoever stops a node still wants it stopped properly.
package struct Latch: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = NIOLockedValueBox(State())

  package init() {}

  /// Whether it was opened.
  package var isOpen: Bool { state.withLockedValue { $0.isOpen } }

  /// Opens it.
  /// - Returns: whether this call opened it, for work that must be done only once.
  @discardableResult
  package func open() -> Bool {
    let (first, waiting) = state.withLockedValue { state in
      defer { state = State(isOpen: true) }
      return (!state.isOpen, state.waiting)
    }
    for continuation in waiting { continuation.resume() }
    return first
  }

  /// Returns when it is open.
  package func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLockedValue { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
