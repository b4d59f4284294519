// Compares bytes as fast as the C library.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum Memory {
  /// Whether both places hold the same bytes. Each must have at least `count`.
  package static func isEqual(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, count: Int) -> Bool {
    unsafe memcmp(one, other, count) == 0
  }
}
