// What the program asks the operating system, apart from sockets. No Foundation: it would add 20 MB of character tables
// for two calls of the C library.

import Glibc

/// The process's surroundings.
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
}
