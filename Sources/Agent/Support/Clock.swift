// The two clocks of this machine, read together for each event.
//
// The boot-time clock runs on while the process or the whole machine is stopped, so that a node which slept through a
// night sees a stall, and not a cluster that fell silent. Rejected: CLOCK_MONOTONIC (it stands still in suspend, when
// the others' suspicions of us did not) and the standard library's clocks (an existential and 128-bit arithmetic for
// what is one call into the vDSO).

import Glibc
package import Gossip

/// Where an agent reads the time. A value, so that tests hand in their own.
package struct Clocks: Sendable {
  private let read: @Sendable () -> Now

  package init(_ read: @escaping @Sendable () -> Now) { self.read = read }

  /// Both clocks, now. About 40 ns each, without a system call.
  package func now() -> Now { read() }

  /// The machine's own.
  package static let system = Clocks {
    Now(
      monotonic: Instant(microseconds: microseconds(CLOCK_BOOTTIME)),
      // A machine whose clock stands before 1970 is taken to be there; the core never believes less than its own
      // release date anyway.
      wall: UInt64(max(0, microseconds(CLOCK_REALTIME))))
  }

  private static func microseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // It fails only for clocks that do not exist; these two do on every Linux since 2.6.39.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
