// The links between documents and the file names in them must lead somewhere.

import Foundation
import Testing

@Suite struct DocumentLinksTests {
  @Test func `every document of the tree is among those that are tested`() {
    #expect(Document.tree().filter { $0.hasSuffix(".md") }.sorted() == Document.paths.sorted())
  }

  @Test func `every link leads to a file that is there, and to a heading that it has`() throws {
    var count = 0
    for document in try Document.all() {
      for link in document.links where !link.hasPrefix("https://") {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let folder = (document.path as NSString).deletingLastPathComponent
        let joined = parts[0].isEmpty ? document.path : (folder as NSString).appendingPathComponent(parts[0])
        let path = ("/" + joined as NSString).standardizingPath.dropFirst()
        count += 1
        guard Document.exists(String(path)) else {
          Issue.record("\(document.path): \(link) leads nowhere")
          continue
        }
        guard parts.count == 2 else { continue }
        let anchors = try Document(String(path)).anchors
        #expect(anchors.contains(parts[1]), "\(document.path): \(link)")
      }
    }
    #expect(count >= 40)
  }

  /// Every page can be reached from the first one.
  @Test func `every document is linked from another`() throws {
    let linked = Set(
      try Document.all().flatMap { document in
        document.links.map { link in
          let folder = (document.path as NSString).deletingLastPathComponent
          let path = link.split(separator: "#", omittingEmptySubsequences: false)[0]
          return String(("/\(folder)/\(path)" as NSString).standardizingPath.dropFirst())
        }
      })
    #expect(Set(Document.paths).subtracting(linked).subtracting(["README.md"]) == [])
  }

  @Test func `every path that a document mentions is there`() throws {
    var count = 0
    for document in try Document.all() {
      let paths = document.text.matches(of: /`((?:Sources|Tests|deploy|\.ci|\.github)\/[\w\/.-]+)(?: [^`]*)?`/)
      for path in paths.map({ String($0.output.1) }) {
        count += 1
        #expect(Document.exists(path), "\(document.path): \(path)")
      }
    }
    #expect(count >= 20)
  }

  /// A file may move into another folder, but a name that no file has is stale.
  @Test func `every Swift file that a document names is there`() throws {
    let known = Set(Document.tree().map { String($0.split(separator: "/").last ?? "") })
    for document in try Document.all() where document.path != "Tests/SimulationTests/LEDGER.md" {
      for name in document.text.matches(of: /`(?:[\w]+\/)*(\w+\.swift)`/).map({ String($0.output.1) }) {
        #expect(known.contains(name), "\(document.path): \(name)")
      }
    }
  }
}
