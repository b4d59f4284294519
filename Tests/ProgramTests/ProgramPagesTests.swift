// What is given back is clean, and comes back when it is used.

import Glibc
import Testing

@testable import unum

@Suite struct ProgramPagesTests {
  private func clean(_ line: String) -> Range<UInt>? { ProgramPages.clean(Array(line.utf8)[...]) }

  @Test(arguments: [
    "55f10a415000-55f10b610000 r-xp 011fb000 fe:00 1234 /usr/bin/unum",
    "55f10a415000-55f10b610000 r--p 00000000 fe:00 1234                       /usr/bin/with a space",
  ])
  func `code and what stands before it in a file is clean`(line: String) {
    #expect(clean(line) == 0x55f1_0a41_5000..<0x55f1_0b61_0000)
  }

  @Test(arguments: [
    // Written, by the loader or by us.
    "55f10a415000-55f10b610000 rw-p 00000000 fe:00 1234 /usr/bin/unum",
    "55f10a415000-55f10b610000 r--p 011fb000 fe:00 1234 /usr/bin/unum",
    // Of no file.
    "7f403ac44000-7f403ad9a000 r-xp 00000000 00:00 0", "7ffef1bd8000-7ffef1bda000 r-xp 00000000 00:00 0  [vdso]",
    // Shared with others.
    "7f403ac44000-7f403ad9a000 r--s 00000000 fe:00 1234 /usr/share/locale",
    // No line of the list.
    "", "r-xp", "x-y r-xp 0 0 0 /a", "2-1 r-xp 0 0 0 /a", "1 r-xp 0 0 0 /a",
  ])
  func `everything else stays`(line: String) { #expect(clean(line) == nil) }

  @Test func `after a release fewer pages of files are resident, and everything works as before`() throws {
    let before = try #require(residentFilePages())
    ProgramPages.release()
    #expect(try #require(residentFilePages()) < before)
  }

  /// The third number of proc_pid_statm(5).
  private func residentFilePages() -> Int? {
    let file = unsafe open("/proc/self/statm", O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 256)
    let count = unsafe read(file, &text, text.count)
    guard count > 0 else { return nil }
    let numbers = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
    return numbers.count > 2 ? Int(numbers[2]) : nil
  }
}
