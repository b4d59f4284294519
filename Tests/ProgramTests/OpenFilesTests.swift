// A node and the number of files that the system lets it open.

import Foundation
import Testing

@Suite struct OpenFilesTests {
  @Test func aNodeRaisesItsSoftLimitOfOpenFilesToTheHardOne() async throws {
    let node = try await RunningNode("raised", openFiles: (soft: 200, hard: 300))
    let limits = try String(contentsOfFile: "/proc/\(node.process.pid)/limits", encoding: .utf8)
    #expect(limits.contains(/Max open files +300 +300/), "\(limits)")
  }

  @Test func aSoftLimitThatCanBeRaisedKeepsNoNodeFromStarting() async throws {
    let node = try await RunningNode("low", openFiles: (soft: 20, hard: 300))
    let limits = try String(contentsOfFile: "/proc/\(node.process.pid)/limits", encoding: .utf8)
    #expect(limits.contains(/Max open files +300 +300/), "\(limits)")
  }

  @Test(arguments: [["serve"], ["local", "--nodes", "2"]])
  func aProcessThatMayOpenHardlyAnyFilesSaysSoAndDoesNotStart(_ arguments: [String]) async throws {
    for limit in [12, 20, 63] {
      let script = "ulimit -Sn \(limit) && ulimit -Hn \(limit) && exec \"$0\" \"$@\""
      let unum = Running.products.appendingPathComponent("unum").path
      let outcome = try await Running.run(["-c", script, unum] + arguments, program: "/bin/bash")
      #expect(outcome.status == 1)
      #expect(
        outcome.standardError.contains(
          "this process may open \(limit) files, and a node needs at least 64; raise the limit"),
        "\(outcome.standardError)")
    }
  }

  @Test func aNodeThatMayOpenFewFilesRefusesConnectionsInWordsAndServesOn() async throws {
    // 300 files make 172 connections and 128 other files.
    let node = try await RunningNode("full", openFiles: (soft: 200, hard: 300))
    let port = try #require(node.http.split(separator: ":").last)
    let crowd = try Running(
      [
        "-c",
        """
        exec 10<>/dev/tcp/127.0.0.1/\(port)
        for i in $(seq 2 172); do exec {one}<>/dev/tcp/127.0.0.1/\(port); done
        for i in $(seq 60); do exec {last}<>/dev/tcp/127.0.0.1/\(port); done
        cat <&$last
        printf 'GET /get HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' >&10
        cat <&10
        echo; echo all
        read -r -u $one
        """,
      ], program: "/bin/bash")
    _ = try await eventually("the crowd is answered") { crowd.standardOutput.contains("all") ? true : nil }
    #expect(crowd.standardOutput.contains("503 "), "\(crowd.standardOutput) \(crowd.standardError)")
    #expect(crowd.standardOutput.contains("This node has 172 connections open, which is its limit."))
    #expect(crowd.standardOutput.contains("200 OK"), "who was admitted is served")
    crowd.send(SIGKILL)
    _ = try await eventually("room again") { try await node.get("/get") == "42" ? true : nil }
  }
}
