// The process's surroundings, and what they allow it.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum CurrentProcess {
  /// A variable of the environment; nil when it is not set.
  package static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// The machine's own name; empty when it has none that fits.
  package static var hostName: String {
    // Linux allows 64 bytes (HOST_NAME_MAX), macOS 255, and the end.
    var buffer = [CChar](repeating: 0, count: 256)
    let result = unsafe gethostname(&buffer, buffer.count)
    guard result == 0, let end = buffer.firstIndex(of: 0) else { return "" }
    return String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The processors that are there to be used; at least one.
  package static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Puts something at each of the three standard descriptors that nobody gave (`unum >&-`), which would else be the first
  /// socket or timer: the log would be written into that. What stands there can be read, as empty, and refuses writes.
  package static func occupyStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is the one that is looked at.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// Makes a client that closed its connection, or a log reader that went away, an error of one write and not the end.
  package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

  /// Ends the process after what is registered to run at its end.
  package static func end(_ status: Int32) -> Never { exit(status) }

  /// Ends the process at once, whatever hangs.
  package static func endAtOnce(_ status: Int32) -> Never { _exit(status) }

  /// Allows this process as many open files as the system lets it have, and says how many these are.
  ///
  /// The usual soft limit of 1,024 is there for programs that call `select`, which nothing here does; connections alone
  /// may be as many.
  package static func raiseOpenFiles() -> Int {
    #if canImport(Glibc)
      let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let files = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard unsafe getrlimit(files, &limit) == 0 else { return usualOpenFiles }
    var raised = limit
    raised.rlim_cur = min(limit.rlim_max, mostOpenFiles)
    let isRaised = unsafe setrlimit(files, &raised) == 0
    return Int(clamping: isRaised ? raised.rlim_cur : limit.rlim_cur)
  }

  /// What the kernel refuses to go beyond, whatever the hard limit says: on Darwin that is unlimited, and this is not.
  private static var mostOpenFiles: rlim_t {
    #if canImport(Darwin)
      rlim_t(OPEN_MAX)
    #else
      .max
    #endif
  }

  /// What Linux allows a process that nobody told otherwise.
  private static let usualOpenFiles = 1024
}
