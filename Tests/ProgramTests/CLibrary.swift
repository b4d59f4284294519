// What the C libraries of Linux and of Darwin declare differently, so that the tests of the program compile on both.

import Foundation

/// The types of a socket, as `socket` takes them.
enum SocketType {
  #if canImport(Glibc)
    static let stream = Int32(SOCK_STREAM.rawValue)
    static let datagram = Int32(SOCK_DGRAM.rawValue)
  #else
    static let stream = Int32(SOCK_STREAM)
    static let datagram = Int32(SOCK_DGRAM)
  #endif
}

/// What `posix_spawn` takes, before it is initialised: a structure, or on Darwin a pointer to one.
enum SpawnArguments {
  #if canImport(Darwin)
    static var actions: posix_spawn_file_actions_t? { nil }
    static var attributes: posix_spawnattr_t? { nil }
  #else
    static var actions: posix_spawn_file_actions_t { unsafe posix_spawn_file_actions_t() }
    static var attributes: posix_spawnattr_t { posix_spawnattr_t() }
  #endif
}
