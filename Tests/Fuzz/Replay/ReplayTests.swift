// Every test run feeds the corpus to the fuzzer's entry functions, so that bugs once found stay fixed.

import FoundationEssentials
import Testing

@Suite struct ReplayTests {
  private static let corpus = #filePath.components(separatedBy: "/Replay/")[0] + "/Corpus"

  @Test(arguments: FuzzTarget.allCases)
  func `every input of the corpus keeps the rules`(target: FuzzTarget) throws {
    let folder = "\(Self.corpus)/\(target.rawValue)"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names.count >= 10, "a corpus of \(names.count) inputs for \(target.rawValue)")
    for name in names {
      let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
      #expect(throws: Never.self, "\(target.rawValue)/\(name)") { try target.run(Array(bytes)) }
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `inputs without a byte, with one, and with many of one keep the rules`(target: FuzzTarget) throws {
    try target.run([])
    for byte in UInt8.min...UInt8.max {
      try target.run([byte])
      try target.run(Array(repeating: byte, count: 100))
    }
  }
}
