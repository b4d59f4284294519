// What the program asks the operating system, apart from sockets. No Foundation: it would add 20 MB of character tables
// for a few calls of the C library.

import Agent
import Glibc

/// The process's surroundings, and what they allow it.
enum System {
  /// The variables that stand for options, as far as they are set.
  static var environment: [String: String] {
    var environment: [String: String] = [:]
    for setting in Setting.allCases {
      guard let value = unsafe getenv(setting.variable) else { continue }
      environment[setting.variable] = unsafe String(cString: value)
    }
    return environment
  }

  /// The machine's own name; empty when it has none that fits.
  static var hostName: String {
    // Linux allows 64 bytes (HOST_NAME_MAX) and the end.
    var buffer = [CChar](repeating: 0, count: 65)
    let result = unsafe gethostname(&buffer, buffer.count)
    guard result == 0, let end = buffer.firstIndex(of: 0) else { return "" }
    return String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Puts something at each of the three standard descriptors that nobody gave (`unum >&-`), which would else be the first
  /// socket or timer: the log would be written into that. What stands there can be read, as empty, and refuses writes.
  static func occupyStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is the one that is looked at.
      _ = unsafe open("/dev/null", O_RDONLY)
    }
  }

  /// The processors that are there to be used; at least one.
  static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// As `raiseOpenFiles`, and refuses to go on with so few that no node could run.
  static func openFilesOfANode() throws -> Int {
    let allowed = raiseOpenFiles()
    guard allowed >= StartError.leastOpenFiles else { throw StartError.tooFewFiles(allowed: allowed) }
    return allowed
  }

  /// Allows this process as many open files as the system lets it have, and says how many these are.
  ///
  /// The usual soft limit of 1,024 is there for programs that call `select`, which nothing here does; connections alone
  /// may be as many.
  static func raiseOpenFiles() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return usualOpenFiles }
    var raised = limit
    raised.rlim_cur = limit.rlim_max
    let isRaised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0
    return Int(clamping: isRaised ? raised.rlim_cur : limit.rlim_cur)
  }

  /// What Linux allows a process that nobody told otherwise.
  private static let usualOpenFiles = 1024
}
