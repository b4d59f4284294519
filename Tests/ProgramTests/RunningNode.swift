// A node as a process, which tests query over HTTP with `curl`, the client that people use.

import Foundation
import Testing

/// `unum serve` on free loopback ports, with the addresses that its first line names.
final class RunningNode {
  let process: Running
  let name: String
  let gossip: String
  let http: String

  /// Starts a node, with these limits on open files if any, and waits for its start-up line.
  init(
    _ name: String, join: [String] = [], gossip: String = "127.0.0.1:0", advertise: String? = nil,
    http: String = "127.0.0.1:0", cluster: String = "program tests", options: [String] = [],
    openFiles: (soft: Int, hard: Int)? = nil
  ) async throws {
    self.name = name
    var program: String?
    var arguments = ["--name", name, "--join", join.joined(separator: ","), "--bind", gossip] + options
    if let advertise { arguments += ["--advertise", advertise] }
    if let openFiles {
      // The shell becomes the node, with the same process ID.
      let limits = "ulimit -Sn \(openFiles.soft) && ulimit -Hn \(openFiles.hard) && exec \"$0\" \"$@\""
      arguments = ["-c", limits, Running.products.appendingPathComponent("unum").path] + arguments
      program = "/bin/bash"
    }
    let process = try Running(
      arguments, environment: ["HTTP_ADDR": http, "CLUSTER_NAME": cluster], program: program)
    self.process = process
    let line = try await eventually("the start of \(name)") {
      let said = process.standardError
      if !process.isRunning { throw Missed(what: "\(name) ended: \(said)", limit: .zero) }
      return said.firstMatch(of: /at (?<gossip>\S+) .*, HTTP (?<http>\S+), cluster/)
    }
    self.gossip = String(line.gossip)
    self.http = String(line.http)
  }

  /// The body of the answer, or nil if there was no good answer.
  func get(_ path: String) async throws -> String? { try await Running.curl("http://\(http)\(path)") }

  /// The members that this node lists: names and statuses.
  func members() async throws -> [String: String] {
    struct List: Decodable {
      struct Member: Decodable {
        var name: String
        var status: String
      }
      var members: [Member]
    }
    guard let text = try await get("/members?format=json") else { return [:] }
    let list = try JSONDecoder().decode(List.self, from: Data(text.utf8))
    return Dictionary(list.members.map { ($0.name, $0.status) }) { first, _ in first }
  }
}
