// The queue between the code that logs and a descriptor that may block.

import Gossip
import NIOConcurrencyHelpers
import NIOPosix
package import Platform

/// Writes lines to a descriptor in order, from its own thread, and drops what does not fit.
package final class LogWriter: Sendable {
  private struct State {
    var queue: [String] = []
    /// Bytes in the queue or being written.
    var bytes = 0
    var isWriting = false
    var dropped: UInt64 = 0
    /// Of those, the ones that no line has reported yet.
    var untold: UInt64 = 0
  }

  private let descriptor: Descriptor
  private let capacity: Int
  private let state = NIOLockedValueBox(State())
  private let thread = NIOThreadPool(numberOfThreads: 1)

  /// The most bytes that may wait: some 8,000 lines, an hour of a quiet node. More would say more about an hour that
  /// nobody watched, and cost that much memory.
  private static let standardCapacity = 1 << 20

  /// Standard error, for the whole program.
  package static let standardError = LogWriter(descriptor: .standardError)

  /// - Parameters:
  ///   - descriptor: the caller keeps it open and closes it.
  ///   - capacity: bytes that may wait; a megabyte by default.
  package init(descriptor: Descriptor, capacity: Int? = nil) {
    self.descriptor = descriptor
    self.capacity = capacity ?? LogWriter.standardCapacity
    thread.start()
  }

  /// Lines dropped since the start.
  package var dropped: UInt64 { state.withLockedValue { $0.dropped } }

  /// Queues a line with its newline. It never waits.
  package func write(_ line: String) {
    let mustStart = state.withLockedValue { state -> Bool in
      guard state.bytes + line.utf8.count <= capacity else {
        state.dropped += 1
        state.untold += 1
        return false
      }
      state.queue.append(line)
      state.bytes += line.utf8.count
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard mustStart else { return }
    thread.submit { [self] in
      if $0 == .active { drain() }
    }
  }

  /// The number of lines dropped since the last call, once there is room to say so; otherwise nil.
  func takeUntold() -> UInt64? {
    state.withLockedValue { state in
      guard state.untold > 0, state.bytes <= capacity / 2 else { return nil }
      defer { state.untold = 0 }
      return state.untold
    }
  }

  /// Waits until everything written before this call is out, but no longer than this: a stuck reader must not keep a
  /// program alive that wants to end.
  /// - Returns: whether everything is out.
  @discardableResult
  package func flush(within limit: Duration) -> Bool {
    // The thread does one thing after another, so this comes after everything in the queue.
    let isOut = ConditionLock(value: false)
    thread.submit { _ in
      isOut.lock()
      isOut.unlock(withValue: true)
    }
    guard isOut.lock(whenValue: true, timeoutSeconds: limit.inSeconds) else { return false }
    isOut.unlock()
    return true
  }

  /// Ends the thread after its current write, for writers that do not live as long as the program.
  package func close() { thread.shutdownGracefully { _ in } }

  /// On the writing thread.
  private func drain() {
    while let batch = takeBatch() {
      // What cannot be written at all is lost; there is nowhere to complain.
      try? descriptor.put(batch.joined())
      let size = batch.reduce(0) { $0 + $1.utf8.count }
      state.withLockedValue { $0.bytes -= size }
    }
  }

  private func takeBatch() -> [String]? {
    state.withLockedValue { state in
      guard !state.queue.isEmpty else {
        state.isWriting = false
        return nil
      }
      defer { state.queue = [] }
      return state.queue
    }
  }
}
