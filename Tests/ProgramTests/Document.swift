// Reads the documents of the tree as a person does: commands, their output, sections, tables and links.

import Foundation
import Testing

/// One Markdown file.
struct Document {
  /// The path from the root of the tree.
  let path: String
  let text: String
  let blocks: [Block]

  /// The text between two fences.
  struct Block {
    /// `sh` for commands, `console` for commands and their output, `text` for output alone.
    var language: String
    var lines: [String]

    /// The commands in it.
    var commands: [String] {
      switch language {
      case "sh": lines.map(Block.uncommented).filter { !$0.isEmpty }
      case "console": lines.filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
      default: []
      }
    }

    /// In a console, each command with its output.
    var exchanges: [(command: String, output: [String])] {
      lines.reduce(into: []) { found, line in
        if line.hasPrefix("$ ") {
          found.append((String(line.dropFirst(2)), []))
        } else if !found.isEmpty {
          found[found.count - 1].output.append(line)
        }
      }
    }

    private static func uncommented(_ line: String) -> String {
      let end = line.hasPrefix("#") ? line.startIndex : line.range(of: "  #")?.lowerBound ?? line.endIndex
      return line[..<end].trimmingCharacters(in: .whitespaces)
    }
  }

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every document. A test compares this list with the tree, so that none is forgotten.
  static let paths = [
    ".github/CONTRIBUTING.md", ".github/SECURITY.md", "CHANGELOG.md", "README.md", "Sources/Agent/README.md",
    "Sources/Gossip/README.md", "Sources/Simulation/README.md", "Tests/Benchmarks/README.md", "Tests/Fuzz/README.md",
    "Tests/Mutation/README.md", "Tests/README.md", "Tests/SimulationTests/LEDGER.md", "deploy/README.md",
  ]

  static func all() throws -> [Document] { try paths.map(Document.init) }

  /// Any file of the tree, as text.
  static func file(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).standardizedFileURL.path)
  }

  /// Every file of the tree, without the history and the products of builds.
  static func tree() -> [String] {
    guard let files = FileManager.default.enumerator(atPath: root.path) else { return [] }
    var found: [String] = []
    while let path = files.nextObject() as? String {
      if path == ".git" || path.hasPrefix(".build") {
        files.skipDescendants()
      } else {
        found.append(path)
      }
    }
    return found
  }

  init(_ path: String) throws {
    self.path = path
    text = try Document.file(path)
    var blocks: [Block] = []
    var isInside = false
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        if !isInside { blocks.append(Block(language: String(line.dropFirst(3)), lines: [])) }
        isInside.toggle()
      } else if isInside {
        blocks[blocks.count - 1].lines.append(line)
      }
    }
    self.blocks = blocks
  }

  /// Every command in the document.
  var commands: [String] { blocks.flatMap(\.commands) }

  /// The text from a heading that begins like this to the next of the same rank or above.
  func section(_ heading: String) throws -> String {
    let start = try #require(text.range(of: "\n\(heading)"), "\(path) has no \(heading)")
    let rank = heading.prefix { $0 == "#" }.count
    let rest = text[start.upperBound...]
    let ends = (1...rank).compactMap { rest.range(of: "\n\(String(repeating: "#", count: $0)) ")?.lowerBound }
    return String(rest[..<(ends.min() ?? rest.endIndex)])
  }

  /// The rows of the tables in a part of a document, without heads, as cells without backticks.
  static func rows(_ part: String) -> [[String]] {
    let lines = part.components(separatedBy: "\n")
    return lines.indices.filter { index in
      lines[index].hasPrefix("| ") && !lines[index].hasPrefix("|-")
        && !(index + 1 < lines.count && lines[index + 1].hasPrefix("|-"))
    }.map { index in
      lines[index].replacing("`", with: "").split(separator: "|", omittingEmptySubsequences: false)
        .dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  /// The text outside of code blocks.
  private var prose: String {
    var isInside = false
    let lines = text.components(separatedBy: "\n").filter { line in
      if line.hasPrefix("```") { isInside.toggle() }
      return !isInside && !line.hasPrefix("```")
    }
    return lines.joined(separator: "\n").replacing(/`[^`\n]*`/, with: "`")
  }

  /// The targets of its links, as they are written.
  var links: [String] { prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) } }

  /// The anchors that a link may name behind `#`: its headings, as repository sites spell them.
  var anchors: Set<String> {
    let headings = text.components(separatedBy: "\n").filter { $0.hasPrefix("#") }
    return Set(
      headings.map { heading in
        heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
          .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
          .replacing(" ", with: "-")
      })
  }
}
