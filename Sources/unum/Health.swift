// `unum health`: asks the node of this machine or container whether it is ready, and says so by its exit status.
//
// For whatever runs health checks by running commands, Docker first of all: an image then needs no HTTP client beside
// the program. It asks over HTTP as any client would, so that it also finds a node whose server hangs. Rejected: a file
// that the node touches (the image is read-only, and a node that hangs leaves it there).

import Agent
import ArgumentParser
import Gossip
import NIOCore
import NIOPosix
import Platform

/// Asks `/readyz` of the node here.
struct Health: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: "Ask the node on this machine whether it is ready.",
      discussion: "Prints one line; the exit status is 0 when it is ready, and 1 when it is not or does not answer.")
  }

  /// The name is the node's own option, so that one environment serves both.
  @Option(help: ArgumentHelp("Where the node serves HTTP [HTTP_ADDR; default: 0.0.0.0:8080]", valueName: "ip:port"))
  var http: String?

  func run() async throws {
    let target = try Health.target(flag: http, environment: System.environment)
    let finding = await Health.ask(target, within: Health.patience)
    Terminal.say(finding.line)
    guard finding.isReady else { throw ExitCode.failure }
  }

  /// An answer takes a millisecond. Docker's check allows three seconds, and an own sentence is better than its kill.
  private static let patience: Duration = .seconds(2)
}

extension Health {
  /// What was found out.
  package struct Finding: Equatable {
    package var isReady: Bool
    /// For people, without the line's end.
    package var line: String
  }

  /// Where the node that has this setting is reached from its own machine.
  package static func target(flag: String?, environment: [String: String]) throws(ConfigurationError) -> Address {
    let options = Options(flags: flag.map { [.http: $0] } ?? [:], environment: environment)
    let bound = try options.socket(.http, default: Address(ipv4: 0, port: DefaultPort.http))
    guard bound.port != 0 else {
      throw ConfigurationError(
        given: options.given(.http)?.description ?? "", problem: "the node takes any free port",
        remedy: "give the one that it found, which its first line names, by --http")
    }
    // A socket bound to all addresses is on loopback too, and one bound to `::` takes IPv4.
    return bound.isUnspecified ? Address(ipv4: 0x7F00_0001, port: bound.port) : bound
  }

  /// Asks, and never takes much longer than the limit.
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

  /// What an HTTP answer says: its status decides, the first line of its body says why.
  package static func finding(from answer: String) -> Finding {
    let head = answer.prefix(while: { !$0.isNewline })
    let words = head.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return Finding(isReady: false, line: "not ready: it speaks no HTTP: \(ForeignText.visible(String(head)))")
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

  /// The answer has some 200 bytes; whoever sends more than this is no node.
  private static let maximumAnswer = 4096
}
