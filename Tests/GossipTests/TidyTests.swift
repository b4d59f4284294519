// Rules that grep can check. A rule that nobody checks is a wish.

import FoundationEssentials
import Testing

@Suite struct TidyTests {
  /// A source file: its path in the tree and its lines.
  struct File {
    var path: String
    var lines: [Substring]
  }

  static let root = #filePath.components(separatedBy: "/Tests/")[0]

  static func files(in folder: String) -> [File] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
    return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
      guard let text = try? String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8) else { return nil }
      return File(path: "\(folder)/\(name)", lines: text.split(separator: "\n", omittingEmptySubsequences: false))
    }
  }

  /// The code of a line, without its comment and without the contents of its strings.
  static func code(_ line: Substring) -> String {
    var (code, isText, last) = ("", false, Character(" "))
    for character in line {
      if character == "\"" && last != "\\" { isText.toggle() }
      if character == "/" && last == "/" && !isText {
        code.removeLast()
        return code
      }
      if !isText { code.append(character) }
      last = character
    }
    return code
  }

  /// Expects that no line in these files meets the condition.
  static func expectNone(
    _ folder: String, _ what: String, in part: (Substring) -> String = code,
    at location: SourceLocation = #_sourceLocation,
    where isWrong: (String) -> Bool
  ) {
    let files = files(in: folder)
    #expect(files.count > 0, "no files in \(folder)")
    for file in files {
      for (number, line) in file.lines.enumerated() where isWrong(part(line)) {
        Issue.record("\(what): \(file.path):\(number + 1): \(line)", sourceLocation: location)
      }
    }
  }

  @Test func `the core imports nothing`() {
    Self.expectNone("Sources/Gossip", "an import") { $0.contains("import ") }
  }

  @Test func `the core has no dictionary and no set, whose order differs in every process`() {
    let isCollection = { (code: String) in
      code.contains("Dictionary") || code.contains("Set<") || code.contains("Set(") || code.contains("[:]")
        || code.contains(/\[[A-Z]\w* ?: ?[A-Z]\w*\]/)
    }
    #expect(isCollection("let x: [Address: Int]") && isCollection("Set<Int>()") && !isCollection("[Int](repeating: 0)"))
    Self.expectNone("Sources/Gossip", "an unordered collection", where: isCollection)
  }

  @Test func `the core asks no clock, no global randomness and no scheduler`() {
    let words = [
      "Clock", ".random(in", ".shuffled()", ".randomElement", "Hasher", "hashValue", "async ", "await ", "Task",
    ]
    Self.expectNone("Sources/Gossip", "not pure") { code in
      words.contains { code.contains($0) } && !code.contains("effectiveClock") && !code.contains("latestClock")
    }
  }

  @Test func `nothing in the sources imports Foundation`() {
    Self.expectNone("Sources", "Foundation") { $0.contains("import Foundation") }
  }

  @Test func `nothing in the sources is left to be done`() {
    let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    Self.expectNone("Sources", "left to be done", in: { String($0) }) { line in words.contains { line.contains($0) } }
  }

  @Test func `nothing in the sources unwraps by force or hides from the checker`() {
    let isForced = { (code: String) in
      code.contains(/[\w\)\]]!([.,\)\] ]|$)/) || code.contains("try!") || code.contains("as!")
        || code.contains("@unchecked") || code.contains("nonisolated(unsafe)")
    }
    #expect(isForced("let a = b!") && isForced("c()!.d") && isForced("try! e()") && isForced("i! != j"))
    #expect(!isForced("if !f, g != h {") && !isForced("k!=l"))
    Self.expectNone("Sources", "by force", where: isForced)
  }

  @Test func `no file has 400 lines or more`() {
    for file in Self.files(in: "Sources") + Self.files(in: "Tests") {
      #expect(file.lines.count < 400, "\(file.path) has \(file.lines.count)")
    }
  }

  @Test func `no function has 50 lines or more`() {
    let files = Self.files(in: "Sources")
    #expect(files.count > 30)
    for file in files {
      for (number, line) in file.lines.enumerated() {
        let code = Self.code(line)
        guard code.contains(/(^|\s)(func|init\??)[ \(]/), !code.contains("}") else { continue }
        // A function ends with the first brace at its own indentation; the formatter sees to that.
        let end = String(line.prefix { $0 == " " }) + "}"
        guard let last = file.lines[number...].firstIndex(where: { $0 == end || $0.hasPrefix(end + " ") }) else {
          continue
        }
        #expect(last - number < 50, "\(file.path):\(number + 1) has \(last - number + 1) lines")
      }
    }
  }

  @Test func `every file of the core says at its top what it is`() {
    for file in Self.files(in: "Sources/Gossip") {
      #expect(file.lines.first?.hasPrefix("// ") == true, "\(file.path) opens with \(file.lines.first ?? "")")
    }
  }
}
