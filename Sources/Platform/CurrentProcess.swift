// The environment of the process, and what the system allows it.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum CurrentProcess {
  /// An environment variable; nil if it is not set.
  package static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The machine's host name; empty if it has none that fits.
  package static var hostName: String {
    // Linux allows 64 bytes (HOST_NAME_MAX), macOS 255, plus a terminating zero.
    var buffer = [CChar](repeating: 0, count: 256)
    let result = unsafe gethostname(&buffer, buffer.count)
    guard result == 0, let end = buffer.firstIndex(of: 0) else { return "" }
    return String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The number of processors that can be used; at least one.
  package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Opens `/dev/null` at each of the three standard descriptors that is closed (`unum >&-`). Otherwise the first
  /// socket or timer would get that number, and the log would be written into it. Reads find nothing there, and writes
  /// fail.
  package static func occupyStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // `open` returns the lowest free descriptor, which is this one.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// Lets a client that closes its connection, or a log reader that goes away, fail one write and not end the process.
  package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

  /// Ends the process, after the handlers that are registered for its end.
  package static func end(_ status: Int32) -> Never { exit(status) }

  /// Ends the process at once, even if something hangs.
  package static func endAtOnce(_ status: Int32) -> Never { _exit(status) }

  /// Raises the soft limit of open files to the hard one, and returns the new limit.
  ///
  /// The usual soft limit of 1,024 is there for programs that call `select`, which nothing here does. Connections alone
  /// may be that many.
  package static func raiseOpenFiles() -> Int {
    #if canImport(Glibc)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard unsafe getrlimit(files, &limit) == 0 else { return usualOpenFiles }
    var raised = limit
    raised.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, mostOpenFiles))
    let isRaised = unsafe setrlimit(files, &raised) == 0
    return Int(clamping: isRaised ? raised.rlim_cur : limit.rlim_cur)
  }

  /// The kernel's own maximum. On Darwin the hard limit is unlimited, but this is not.
  private static var mostOpenFiles: rlim_t {
    #if canImport(Darwin)
      rlim_t(OPEN_MAX)
    #else
      .max
    #endif
  }

  /// The default of Linux.
  private static let usualOpenFiles = 1024
}
