// The two clocks of this machine, read together for each event.
//
// The boot-time clock runs on while the process or the whole machine is stopped, so that a node that slept through a
// night sees a stall, and not a silent cluster.

package import Gossip
import Platform

/// Where an agent reads the time. It is a value, so that tests can pass their own.
package struct Clocks: Sendable {
  private let read: @Sendable () -> Now

  package init(_ read: @escaping @Sendable () -> Now) { self.read = read }

  /// Both clocks, now. About 40 ns each, without a system call.
  package func now() -> Now { read() }

  /// The machine's clocks.
  package static let system = Clocks {
    Now(
      monotonic: Instant(microseconds: SystemClock.sinceBoot),
      // If a machine's clock is before 1970, 1970 it is. The core never goes below its own release date anyway.
      wall: UInt64(max(0, SystemClock.timeOfDay)))
  }
}
