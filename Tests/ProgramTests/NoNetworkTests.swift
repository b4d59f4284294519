// A node on a machine that sends nothing: in a network namespace whose loopback interface is down.

import Foundation
import Testing

@Suite struct NoNetworkTests {
  /// Some containers forbid users their own namespaces.
  private static func isAllowed() async throws -> Bool {
    try await Running.run(["--user", "--map-root-user", "--net", "true"], program: "/usr/bin/unshare").status == 0
  }

  @Test(.enabled("namespaces are allowed") { (try? await isAllowed()) ?? false })
  func `a node that cannot send a datagram to itself says why, and goes on`() async throws {
    let unum = Running.products.appendingPathComponent("unum").path
    let node = try Running(
      [
        "--user", "--map-root-user", "--net", unum, "serve", "--bind", "0.0.0.0:0", "--advertise", "10.0.0.9:7946",
        "--http", "0.0.0.0:0",
      ], program: "/usr/bin/unshare")
    let text = try await eventually("the node is ready") {
      node.standardError.contains(" Ready: ") ? node.standardError : nil
    }
    let lines = text.split(separator: "\n")
    let line = try #require(lines.first { $0.contains("Cannot send a datagram to ourselves at 0.0.0.0:") })
    #expect(line.contains(" error ") && line.contains(" (Network is unreachable): check "), "\(text)")
    #expect(lines.count { $0.contains("Cannot send") } == 1)
  }
}
