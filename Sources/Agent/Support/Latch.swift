// A door that opens once: what "wait until it is over" needs, and no more.

import NIOConcurrencyHelpers

/// Waits for one moment. Opening is idempotent and may happen on any thread; waiting ends at once when it is open. It
/// pays no heed to cancellation: whoever stops a node still wants it stopped properly.
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
  /// - Returns: whether this call did, for what must be done only once.
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
