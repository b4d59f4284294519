// The two clocks of this machine, read together for each event.
//
// The boot-time clock runs on while the process or the whole machine is stopped, so that a node which slept through a
// night sees a stall, and not a cluster that fell silent.

package import Gossip
import Platform

/// Where an agent reads the time. A value, so that tests hand in their own.
package struct Clocks: Sendable {
  private let read: @Sendable () -> Now

  package init(_ read: @escaping @Sendable () -> Now) { self.read = read }

  /// Both clocks, now. About 40 ns each, without a system call.
  package func now() -> Now { read() }

  /// The machine's own.
  package static let system = Clocks {
    Now(
      monotonic: Instant(microseconds: SystemClock.sinceBoot),
      // A machine whose clock stands before 1970 is taken to be there; the core never believes less than its own
      // release date anyway.
      wall: UInt64(max(0, SystemClock.timeOfDay)))
  }
}
