// The relay itself: what it passes and what it blocks, with a real node behind it and a peer that the test plays.

import Testing

@Suite struct RelayTests {
  /// The value that the node holds, after a notify to it through the relay in the name of the other.
  private func value(
    of node: RunningNode, afterNotify value: Int, _ generation: Int, through relay: Relay
  ) async throws -> String? {
    let port = relay.http[1].split(separator: ":").last ?? ""
    _ = try await Running.curl("http://127.0.0.1:\(port)/notify/\(value)/\(generation)?notifier=n0")
    return try await node.get("/get")
  }

  @Test func `a cut in either direction keeps notifies away, and nothing else does`() async throws {
    let relay = try Relay(names: ["n0", "n1"], number: 15)
    let node = try await RunningNode(
      "n1", gossip: relay.listening[1], advertise: relay.advertised[1], http: relay.http[1])
    #expect(try await value(of: node, afterNotify: 5, 1, through: relay) == "5")
    for cut in [Cut(side: [0]), Cut(side: [1]), Cut(side: [0], isOneWay: true), Cut(side: [1], isOneWay: true)] {
      relay.cut(cut)
      #expect(try await value(of: node, afterNotify: 6, 2, through: relay) == "5", "\(cut)")
      relay.cut(Cut(side: []))
    }
    #expect(try await value(of: node, afterNotify: 7, 3, through: relay) == "7")
    relay.cut(Cut(side: [0], sparesHTTP: true))
    #expect(try await value(of: node, afterNotify: 8, 4, through: relay) == "8")
    #expect(relay.notifiesPassed == 3)
  }

  @Test func `a cut is between a side and the others, and passes one way where it is one way`() {
    let whole = Cut(side: [0, 1])
    #expect(whole.stops(from: 0, to: 2) && whole.stops(from: 2, to: 0))
    #expect(!whole.stops(from: 0, to: 1) && !whole.stops(from: 2, to: 3))
    let half = Cut(side: [0, 1], isOneWay: true)
    #expect(half.stops(from: 0, to: 2) && !half.stops(from: 2, to: 0) && !half.stops(from: 0, to: 1))
    #expect(!Cut(side: []).stops(from: 0, to: 1))
  }
}
