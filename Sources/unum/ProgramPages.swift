// Gives back the memory in which pages of the program are mapped that only its start needed.
//
// A start touches half of the program: relocations, options, metadata of types. The kernel maps those pages, and fifteen
// neighbours of each, and keeps them mapped for as long as the process runs, though running needs a third of them.
// Unmapped, they stay in the cache of files, from where what is used comes back without reading the disk, and the rest
// is the first that the machine takes when others need memory. Rejected: a smaller program (what is left is Swift's
// library and what ArgumentParser brings) and an order of functions by use, which would be a list of names to keep up.

import Glibc

/// The pages of files that this process maps and never writes: its code and constants, and those of its libraries.
enum ProgramPages {
  /// After the start, by when a node has joined; and then again, because each page of metrics or members brings some
  /// back. A round costs what it takes to map again what is used: about a hundred faults without disk, less than a
  /// millisecond. More often is time for nothing, more rarely is memory for nothing.
  private static let waits: (first: Duration, further: Duration) = (.seconds(5), .seconds(60))

  /// Releases again and again until the task is cancelled.
  static func keepReleasing() async {
    var wait = waits.first
    while (try? await Task.sleep(for: wait)) != nil {
      release()
      wait = waits.further
    }
  }

  /// Releases once. Does nothing where the list of mappings cannot be read.
  static func release() {
    for line in mappings().split(separator: UInt8(ascii: "\n")) {
      guard let range = clean(line), let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else {
        continue
      }
      // It fails for what is locked in memory, which somebody wants there.
      _ = unsafe madvise(start, Int(range.upperBound - range.lowerBound), MADV_DONTNEED)
    }
  }

  /// The range of a mapping that holds nothing but what the file holds, else nil. That is code; and what stands before
  /// the code at the start of a file: constants and tables for the loader. What the loader itself wrote and then made
  /// read-only comes later in the file, and is not there to be read again.
  ///
  /// The fields are those of proc_pid_maps(5): range, permissions, offset, device, inode, path.
  static func clean(_ line: ArraySlice<UInt8>) -> Range<UInt>? {
    let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5, omittingEmptySubsequences: true)
    guard fields.count == 6, fields[5].contains(UInt8(ascii: "/")) else { return nil }
    let permissions = String(decoding: fields[1], as: UTF8.self)
    let isStart = fields[2].allSatisfy { $0 == UInt8(ascii: "0") }
    guard permissions == "r-xp" || permissions == "r--p" && isStart else { return nil }
    let ends = fields[0].split(separator: UInt8(ascii: "-")).map {
      UInt(String(decoding: $0, as: UTF8.self), radix: 16)
    }
    guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
    return start..<end
  }

  private static func mappings() -> [UInt8] {
    let file = unsafe open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return [] }
    defer { close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(file, &piece, piece.count)
      guard count > 0 else { return text }
      text += piece[..<count]
    }
  }
}
