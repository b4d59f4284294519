// `unum health`: asks the node on this machine or in this container whether it is ready. The exit status is the answer.
//
// It is for whatever runs commands as health checks, Docker first of all: the image then needs no HTTP client beside the
// program. It asks over HTTP as any client would, so it also catches a node whose server hangs. Rejected: a file that the
// node touches (the image is read-only, and a node that hangs leaves it there).

import Agent
import ArgumentParser
import Gossip
import NIOCore
import NIOPosix
import Platform

/// Asks the local node's `/readyz`.
struct Health: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Ask the node on this machine whether it is ready.",
      discussion: "Prints one line. The exit status is 0 if the node is ready, and 1 if it is not or does not answer.")
  }

  /// Named like the node's own option, so that one environment serves both.
  @Option(
    help: ArgumentHelp(
      "Where the node serves HTTP [HTTP_ADDR; default: \(Setting.http.defaultText)]", valueName: "ip:port"))
  var http: String?

  func run() async throws {
    let target = try Health.target(flag: http, environment: System.environment)
    let finding = await Health.ask(target, within: Health.timeLimit)
    Terminal.say(finding.line)
    guard finding.isReady else { throw ExitCode.failure }
  }

  /// An answer takes a millisecond. Docker's check allows three seconds, and our own message beats being killed by it.
  private static let timeLimit: Duration = .seconds(2)
}

extension Health {
  /// The result of the check.
  package struct Finding: Equatable {
    package var isReady: Bool
    /// For people, without a newline.
    package var line: String
  }

  /// The address at which a node with this setting is reached from its own machine.
  package static func target(flag: String?, environment: [String: String]) throws(ConfigurationError) -> Address {
    let options = GivenOptions(flags: flag.map { [.http: $0] } ?? [:], environment: environment)
    let bound = try options.socket(.http, default: Address(ipv4: 0, port: DefaultPort.http))
    guard bound.port != 0 else {
      throw ConfigurationError(
        given: options.given(.http)?.description ?? "", problem: "with port 0 the node takes any free port",
        remedy: "give the port that its first log line names with --http")
    }
    // A socket bound to all addresses also listens on loopback, and one bound to `::` also takes IPv4.
    return bound.isUnspecified ? Address(ipv4: 0x7F00_0001, port: bound.port) : bound
  }

  /// Asks the node. It never takes much longer than the limit.
  static func ask(_ target: Address, within limit: Duration) async -> Finding {
    do {
      return try await withThrowingTaskGroup(of: Finding.self) { tasks in
        tasks.addTask { finding(from: try await exchange(target, within: limit)) }
        tasks.addTask {
          try await Task.sleep(for: limit)
          return Finding(isReady: false, line: "not ready: no answer from \(target) within \(limit)")
        }
        defer { tasks.cancelAll() }
        return try await tasks.next() ?? Finding(isReady: false, line: "not ready: nobody asked")
      }
    } catch let error as IOError where error.errnoCode == SystemError.connectionRefused.number {
      return Finding(isReady: false, line: "not ready: nobody listens at \(target)")
    } catch {
      return Finding(isReady: false, line: "not ready: \(target): \(ForeignText.visible("\(error)"))")
    }
  }

  /// Reads an HTTP answer: the status decides, and the first line of the body says why.
  package static func finding(from answer: String) -> Finding {
    let head = answer.prefix(while: { !$0.isNewline })
    let words = head.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return Finding(isReady: false, line: "not ready: the answer is not HTTP: \(ForeignText.visible(String(head)))")
    }
    let body = answer.firstRange(of: "\r\n\r\n").map { answer[$0.upperBound...] } ?? ""
    let reason = ForeignText.visible(String(body.prefix(while: { !$0.isNewline })))
    guard status != 200 else { return Finding(isReady: true, line: reason.isEmpty ? "ready" : reason) }
    return Finding(isReady: false, line: reason.isEmpty ? "not ready: status \(status)" : reason)
  }

  /// Sends the request and reads until the node closes.
  private static func exchange(_ target: Address, within limit: Duration) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(TimeAmount(limit))
      .connect(to: try SocketAddress(target)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(
        ByteBuffer(string: "GET /readyz HTTP/1.1\r\nHost: \(target)\r\nConnection: close\r\n\r\n"))
      var answer = ByteBuffer()
      for try await part in inbound {
        answer.writeImmutableBuffer(part)
        guard answer.readableBytes < maximumAnswer else { break }
      }
      return String(buffer: answer)
    }
  }

  /// The answer has some 200 bytes. Whatever sends more than this is not a node.
  private static let maximumAnswer = 4096
}
