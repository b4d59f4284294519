// `unum health` with a node, with nobody, and with something that is not a node.

import Agent
import Foundation
import Gossip
import Testing

@testable import unum

@Suite struct HealthTests {
  @Test func aNodeIsAskedWhereItListens() throws {
    let loopback = Address(ipv4: 0x7F00_0001, port: 8080)
    #expect(try Health.target(flag: nil, environment: [:]) == loopback)
    #expect(try Health.target(flag: nil, environment: ["HTTP_ADDR": ""]) == loopback)
    #expect(try Health.target(flag: nil, environment: ["HTTP_ADDR": ":9000"]) == loopback.with(port: 9000))
    #expect(try Health.target(flag: nil, environment: ["HTTP_ADDR": "[::]:9000"]) == loopback.with(port: 9000))
    #expect("\(try Health.target(flag: nil, environment: ["HTTP_ADDR": "10.0.0.1:80"]))" == "10.0.0.1:80")
    #expect("\(try Health.target(flag: "[fd00::1]:81", environment: ["HTTP_ADDR": "x"]))" == "[fd00::1]:81")
    #expect("\(try Health.target(flag: nil, environment: ["HTTP_ADDR": "[::1]:80"]))" == "[::1]:80")
  }

  @Test func anAddressThatCannotBeAskedIsAWrongOption() throws {
    for text in ["nonsense", "10.0.0.300", "127.0.0.1:0"] {
      #expect(throws: ConfigurationError.self) { try Health.target(flag: text, environment: [:]) }
      #expect(throws: ConfigurationError.self) { try Health.target(flag: nil, environment: ["HTTP_ADDR": text]) }
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nready: it is\n", true, "ready: it is"),
    ("HTTP/1.1 200 OK\r\n\r\n", true, "ready"),
    ("HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready: starting\n", false, "not ready: starting"),
    ("HTTP/1.1 404 Not Found\r\n\r\n", false, "not ready: status 404"),
    ("HTTP/1.1 200 OK\r\n\r\nready\u{1B}[2J\n", true, "ready\\u{1B}[2J"),
    ("SSH-2.0-OpenSSH\r\n", false, "not ready: the answer is not HTTP: SSH-2.0-OpenSSH"),
    ("HTTP/1.1 20", false, "not ready: status 20"),
    ("HTTP/1.1", false, "not ready: the answer is not HTTP: HTTP/1.1"),
    ("", false, "not ready: the answer is not HTTP: "),
  ])
  func theStatusDecidesAndTheBodySaysWhy(answer: String, isReady: Bool, line: String) {
    #expect(Health.finding(from: answer) == Health.Finding(isReady: isReady, line: line))
  }

  @Test func aReadyNodeIsHealthyBothByOptionAndByEnvironment() async throws {
    let node = try await RunningNode("healthy")
    _ = try await eventually("readiness") { try await node.get("/readyz") }
    for (flags, environment) in [(["--http", node.http], [:]), ([], ["HTTP_ADDR": node.http])] {
      let outcome = try await Running.run(["health"] + flags, environment: environment)
      #expect(outcome.status == 0)
      #expect(outcome.standardOutput.hasPrefix("ready: "))
      #expect(outcome.standardOutput.split(separator: "\n").count == 1)
      #expect(outcome.standardError.isEmpty)
    }
  }

  @Test func nobodyThereIsUnhealthyInOneLine() async throws {
    // A port that was free just now: bound, read and closed.
    let port = try Listener().port
    let outcome = try await Running.run(["health", "--http", "127.0.0.1:\(port)"])
    #expect(outcome.status == 1)
    #expect(outcome.standardOutput == "not ready: nobody listens at 127.0.0.1:\(port)\n")
    #expect(outcome.standardError.isEmpty)
  }

  @Test func whoTakesTheConnectionAndSaysNothingIsUnhealthyInTime() async throws {
    let listener = try Listener()
    let begun = ContinuousClock.now
    let outcome = try await Running.run(["health", "--http", "127.0.0.1:\(listener.port)"])
    #expect(outcome.status == 1)
    #expect(outcome.standardOutput.contains("no answer from 127.0.0.1:\(listener.port) within 2"))
    #expect(ContinuousClock.now - begun >= .seconds(2))
  }
}

/// A socket for which the kernel accepts connections, and that never says anything.
private final class Listener {
  private let descriptor = socket(AF_INET, SocketType.stream, 0)
  let port: UInt16

  init() throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(descriptor, generic, size) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, generic, &size) == 0
      }
    }
    try #require(isBound)
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}
