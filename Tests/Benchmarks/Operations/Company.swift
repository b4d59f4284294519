// Many whole nodes in one process that ask for little: the company in which one node under default settings is measured.
//
// A thousand nodes under default settings on the machine of the one that is measured would take all of its time. These
// are the same nodes with slow tickers: they answer at once whatever they are asked, and seldom ask. Rejected: sockets
// that only repeat acks, which would have to pretend to a list of members for the measured node to learn it.

import Agent
import Glibc
import Gossip
import Logging
import NIOPosix

enum Company {
  /// Starts so many nodes, says where the first one is, and stays until the standard input ends.
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
      // In small groups: a node takes a hundred strangers a second, and whom it missed would ask again much later.
      if number % group == 0, let first = agents.first { try await wait(until: number + 1, areKnownTo: first) }
    }
    guard let first = agents.first else { return }
    // Each pulls the list from others from time to time, so who is known to the first is soon known to all.
    try await wait(until: count, areKnownTo: first)
    print("gossip on 127.0.0.1:\(first.datagramAddress.port)")
    fflush(nil)
    while readLine() != nil {}
  }

  /// Looks a hundred times a second, two minutes at most: all join within half a minute.
  private static func wait(until count: Int, areKnownTo first: Agent) async throws {
    for _ in 0..<12_000 where first.status().members.count < count { try await Task.sleep(for: .milliseconds(10)) }
    let known = first.status().members.count
    guard known >= count else { fatalError("\(known) of \(count) members are known after two minutes") }
  }

  /// How many join at once; more would be faster by seconds, until the seed refuses some.
  private static let group = 20

  /// A twenty-fifth of the packets of the defaults, and patience with a machine on which a thousand nodes run.
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
