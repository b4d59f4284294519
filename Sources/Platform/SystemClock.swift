// The two clocks of the machine, in microseconds.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum SystemClock {
  /// Time since some moment, including the time in which the machine sleeps. Rejected: the clocks of the standard
  /// library (an existential and 128-bit arithmetic for one call into the kernel's shared page), and a clock that stops
  /// during suspend, while the others' suspicions of us go on.
  package static var sinceBoot: Int64 {
    #if canImport(Darwin)
      microseconds(CLOCK_MONOTONIC)
    #else
      microseconds(CLOCK_BOOTTIME)
    #endif
  }

  /// The time of day since 1970; negative if the machine's clock is before that.
  package static var timeOfDay: Int64 { microseconds(CLOCK_REALTIME) }

  private static func microseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // It fails only for clocks that do not exist. These exist on every Linux since 2.6.39 and on every macOS since 10.12.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
  }
}
