// Scenarios with every effect written beside its command, so that a change of behaviour shows as a diff to review.
//
// `REWRITE=1 swift test --filter Transcript` rewrites them to what happens now.

import FoundationEssentials
import Testing

@Suite struct TranscriptTests {
  private static let folder = TidyTests.root + "/Tests/GossipTests/Scenarios"
  private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    .filter { $0.hasSuffix(".txt") }.sorted()

  @Test(arguments: names)
  func `a transcript is what happens`(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let expected = try String(contentsOfFile: path, encoding: .utf8)
    let actual = Transcript.rewritten(expected)
    if ProcessInfo.processInfo.environment["REWRITE"] != nil {
      try actual.write(toFile: path, atomically: true, encoding: .utf8)
    } else if actual != expected {
      let lines = actual.split(separator: "\n", omittingEmptySubsequences: false)
        .difference(from: expected.split(separator: "\n", omittingEmptySubsequences: false))
      let changes = lines.map { change in
        switch change {
        case .remove(let line, let text, _): "\(line + 1): -\(text)"
        case .insert(let line, let text, _): "\(line + 1): +\(text)"
        }
      }
      Issue.record("\(name) differs:\n\(changes.prefix(20).joined(separator: "\n"))")
    }
  }

  @Test func `there are transcripts, each short enough to be read`() throws {
    #expect(Self.names.count >= 8)
    for name in Self.names {
      let text = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
      #expect(text.split(separator: "\n").count <= 80, "\(name)")
    }
  }
}
