// The sizes of cluster that `unum simulate --trials` offers. They are apart from the other trials, because fifty nodes
// are the longest run of all, on one thread: a build that watches threads would take minutes over it and find nothing.

import Testing

@Suite struct SimulateSizesTests {
  @Test(arguments: [2, 3, 50])
  func `clusters of every size that is offered run`(nodes: Int) async throws {
    let run = try Running(["simulate", "--trials", "1", "--nodes", "\(nodes)", "--seconds", "1"])
    let outcome = try await run.outcome(within: .seconds(300))
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let lines = outcome.standardOutput.split(separator: "\n")
    #expect(lines.contains("Held           1 of 1"))
  }
}
