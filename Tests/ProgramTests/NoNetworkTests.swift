// A node on a machine that sends nothing: in a network namespace whose loopback interface is down.

import Foundation
import Testing

@Suite struct NoNetworkTests {
  /// Namespaces of a user's own are forbidden in some containers.
  private static func isAllowed() async throws -> Bool {
    try await Running.run(["--user", "--map-root-user", "--net", "true"], program: "/usr/bin/unshare").status == 0
  }

  @Test(.enabled("namespaces are allowed") { (try? await isAllowed()) ?? false })
  func `a node that cannot send a datagram to itself says why and does not start`() async throws {
    let unum = Running.products.appendingPathComponent("unum").path
    let outcome = try await Running.run(
      ["--user", "--map-root-user", "--net", unum, "serve", "--bind", "0.0.0.0:0"], program: "/usr/bin/unshare")
    #expect(outcome.status == 1)
    let line = try #require(outcome.complaints.first)
    #expect(line.hasPrefix("unum: UDP address 0.0.0.0:"), "\(outcome.standardError)")
    #expect(line.contains(" cannot send a datagram to itself: Network is unreachable; "), "\(outcome.standardError)")
    #expect(line.contains("--bind (BIND_ADDR)"), "\(outcome.standardError)")
    #expect(outcome.complaints.count == 1)
  }
}
