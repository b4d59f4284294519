// Many whole nodes in one process that seldom probe, as company for one node with default settings that is measured.
//
// A thousand nodes with default settings would take all the time of the machine. These are the same nodes with slow
// tickers: they answer everything at once, but seldom ask. Rejected: sockets that only repeat acks, which would have to
// fake a list of members for the measured node to learn.

import Agent
import Glibc
import Gossip
import Logging
import NIOPosix

enum Company {
  /// Starts so many nodes, prints the address of the first one, and runs until standard input ends.
  static func keep(_ count: Int) async throws {
    let udp = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let http = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loopback = Address(ipv4: 0x7F00_0001, port: 0)
    var agents: [Agent] = []
    for number in 0..<count {
      let seeds = agents.first.map { ["127.0.0.1:\($0.datagramAddress.port)"] } ?? []
      let configuration = AgentConfiguration(
        bind: loopback, http: loopback, advertise: loopback, name: "c\(number)", seeds: seeds, settings: slow())
      agents.append(
        try await Agent.start(
          configuration: configuration, version: "0", udp: udp, http: http,
          logger: Logger(label: "company") { _ in SwiftLogNoOpLogHandler() }))
      // In small groups, because a node admits a hundred strangers a second, and one that it missed tries again much
      // later.
      if number % group == 0, let first = agents.first { try await wait(until: number + 1, areKnownTo: first) }
    }
    guard let first = agents.first else { return }
    // Each pulls the list from others from time to time, so all soon know whom the first one knows.
    try await wait(until: count, areKnownTo: first)
    print("gossip on 127.0.0.1:\(first.datagramAddress.port)")
    fflush(nil)
    while readLine() != nil {}
  }

  /// Checks a hundred times a second, for two minutes at most. All join within half a minute.
  private static func wait(until count: Int, areKnownTo first: Agent) async throws {
    for _ in 0..<12_000 where first.status().members.count < count { try await Task.sleep(for: .milliseconds(10)) }
    let known = first.status().members.count
    guard known >= count else { fatalError("\(known) of \(count) members are known after two minutes") }
  }

  /// How many join at once. With more, it would be faster by seconds, until the seed refuses some.
  private static let group = 20

  /// A twenty-fifth of the default packets, and more patience with a machine that runs a thousand nodes.
  private static func slow() -> Settings {
    var settings = Settings()
    (settings.period, settings.notifyInterval) = (.seconds(10), .seconds(3600))
    (settings.suspicionMinimum, settings.suspicionMaximum) = (.seconds(60), .seconds(120))
    (settings.pushRate, settings.pushBurst) = (2, 4)
    (settings.pullInterval, settings.pageTimeout) = (.seconds(10), .seconds(5))
    settings.reportInterval = .zero
    return settings
  }
}
