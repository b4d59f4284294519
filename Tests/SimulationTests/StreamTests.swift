// Writes in a stream: how many are lost, how long they take, and what they cost.
//
// The budget of pushes was chosen from a curve (`Tests/Benchmarks/streams.csv`). This prints it, in some minutes of one
// core: `CURVE=1 swift test -c release -Xswiftc -enable-testing --filter StreamTests`.

import Foundation
import Gossip
import Simulation
import Testing

@SimulationThread @Suite struct StreamTests {
  /// A few hundred writes from one client, each on a random node.
  private func stream(
    _ hosts: Int, perSecond rate: Double, writes: Int = 300, loss: Double = 0, _ settings: Settings = Settings()
  ) throws -> WriteStream {
    var conditions = Conditions.lan
    conditions.loss = loss
    return try Experiment(hosts: hosts, conditions: conditions, settings: settings).stream(writes, perSecond: rate)
  }

  @Test(arguments: [(5, 20.0), (20, 30), (50, 80)])
  func `at fifty writes a second none is lost, and each is on all nodes in milliseconds`(
    hosts: Int, milliseconds: Double
  ) throws {
    let found = try stream(hosts, perSecond: 50)
    #expect(found.accepted == 300 && found.lost == 0 && found.told == 0 && found.unfinished == 0)
    #expect(found.convergence.percentile(99) < milliseconds, "\(found.convergence)")
  }

  /// The next round of pushes reaches the nodes that one round misses.
  @Test func `a tenth of all datagrams lost costs few writes`() throws {
    let found = try stream(20, perSecond: 50, loss: 0.1)
    #expect(found.lostShare <= 0.01 && found.unfinished == 0, "\(found)")
  }

  @Test(arguments: [5, 20])
  func `at two hundred writes a second at most one of fifty is lost`(hosts: Int) throws {
    let found = try stream(hosts, perSecond: 200)
    #expect(found.lostShare <= 0.02, "\(found)")
    #expect(found.told <= found.lost)
  }

  /// A write takes longer to arrive than the next one to start, so nearly all are lost; but nobody is flooded.
  @Test func `ten thousand writes a second cost what the limit allows, and all agree when they end`() throws {
    let found = try stream(5, perSecond: 10_000, writes: 10_000)
    let settings = Settings()
    let limit = settings.pushRate + settings.pushBurst + settings.replyRate + settings.replyBurst
    // And fifty for the probes and what is answered to them.
    #expect(found.sent.packets < Double(limit + 50), "\(found.sent.packets)")
    #expect(found.lost > 0 && found.told <= found.lost && found.unfinished == 0)
  }

  /// The purpose of neighbours: random members alone miss one node of fifty in each first round.
  @Test func `pushes to random members alone lose more`() throws {
    var settings = Settings()
    settings.ringNeighbours = 0
    let random = try stream(20, perSecond: 200, writes: 1_000, settings)
    let mixed = try stream(20, perSecond: 200, writes: 1_000)
    #expect(random.lost > mixed.lost, "\(random.lost) and \(mixed.lost)")
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["CURVE"] != nil))
  func `the curve of rate, size, loss and bytes`() throws {
    print("fanout,neighbours,pushes a second,nodes,loss,writes a second,lost,median ms,99 % ms,packets,bytes")
    for (fanout, neighbours, rate) in [(4, 0, 100), (4, 0, 800), (4, 1, 800), (4, 2, 800), (3, 2, 600), (2, 2, 400)] {
      var settings = Settings()
      (settings.fanout, settings.ringNeighbours, settings.pushRate) = (fanout, neighbours, rate)
      for hosts in [5, 20, 50] {
        for loss in [0, 0.2] {
          for writes in [10.0, 50, 200, 1000] {
            let found = try stream(hosts, perSecond: writes, writes: Int(min(writes, 200)) * 10, loss: loss, settings)
            let figures = [
              found.lostShare, found.convergence.median, found.convergence.percentile(99), found.sent.packets,
              found.sent.bytes,
            ]
            let text = figures.map { String(format: "%.4g", $0) }.joined(separator: ",")
            print("\(fanout),\(neighbours),\(rate),\(hosts),\(loss),\(Int(writes)),\(text)")
          }
        }
      }
    }
  }
}
