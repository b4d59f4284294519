import Testing

@testable import Gossip

@Suite struct RumoursTests {
  private static func claim(_ number: Int) -> Rumours.Claim {
    Rumours.Claim(address: Peer(number).address, incarnation: 1, state: .alive)
  }

  /// The numbers of the peers in one datagram with room for so many.
  private static func take(
    _ rumours: inout Rumours, room: Int = 100, transmissions: Int = 3, stale: Set<Int> = []
  ) -> [Int] {
    var left = room
    let records = rumours.take(
      transmissions: transmissions,
      record: { claim in
        let number = Int(truncatingIfNeeded: claim.address.low & 0xFF)
        return stale.contains(number) ? nil : Peer(number).record()
      },
      fits: { _ in
        left -= 1
        return left >= 0
      })
    return records.map { Int(truncatingIfNeeded: $0.address.low & 0xFF) }
  }

  private static func rumours(_ numbers: ClosedRange<Int>, limit: Int = 1000) -> Rumours {
    var rumours = Rumours()
    for number in numbers { rumours.add(claim(number), limit: limit) }
    return rumours
  }

  @Test func `each rumour is sent as often as asked and then no more`() {
    for transmissions in 1...5 {
      var rumours = Self.rumours(1...3)
      for _ in 0..<transmissions { #expect(Self.take(&rumours, transmissions: transmissions) == [1, 2, 3]) }
      #expect(Self.take(&rumours, transmissions: transmissions) == [])
      #expect(rumours.count == 0)
    }
  }

  @Test func `the least-sent rumours go first`() {
    var rumours = Self.rumours(1...4)
    #expect(Self.take(&rumours, room: 2) == [1, 2])
    #expect(Self.take(&rumours, room: 2) == [3, 4])
    #expect(Self.take(&rumours, room: 3) == [1, 2, 3])
    rumours.add(Self.claim(5), limit: 1000)
    #expect(Self.take(&rumours, room: 2) == [5, 4])
  }

  @Test func `every rumour has its turn, however few fit`() {
    var rumours = Self.rumours(1...9)
    var sent: [Int: Int] = [:]
    for _ in 0..<27 { for number in Self.take(&rumours, room: 1) { sent[number, default: 0] += 1 } }
    #expect(sent == Dictionary(uniqueKeysWithValues: (1...9).map { ($0, 3) }))
  }

  @Test func `a claim that is no longer believed is dropped instead of sent`() {
    var rumours = Self.rumours(1...3)
    #expect(Self.take(&rumours, stale: [2]) == [1, 3])
    #expect(rumours.count == 2)
    #expect(Self.take(&rumours) == [1, 3])
  }

  @Test func `a datagram without room sends nothing and loses nothing`() {
    var rumours = Self.rumours(1...3)
    #expect(Self.take(&rumours, room: 0) == [])
    #expect(rumours.count == 3)
  }

  @Test func `where there are too many rumours, the most-sent are given up`() {
    var rumours = Self.rumours(1...3, limit: 3)
    #expect(Self.take(&rumours, room: 1) == [1])
    rumours.add(Self.claim(4), limit: 3)
    #expect(rumours.count == 3)
    #expect(Self.take(&rumours) == [2, 3, 4])
  }

  @Test func `the number of transmissions grows with the logarithm of the cluster`() {
    // 2 * ceil(log2(n + 1)) for a cluster of n with the node itself.
    for (peers, expected) in [(1, 4), (2, 4), (3, 6), (6, 6), (7, 8), (14, 8), (15, 10)] {
      var stage = Stage { $0.pushes = [] }
      stage.join((1...peers).map { Peer($0) }, answering: false)
      stage.node.rumours = Rumours()
      let peer = Peer(1)
      stage.node.rumours.add(
        Rumours.Claim(address: peer.address, incarnation: peer.incarnation, state: .alive), limit: 100)
      var sent = 0
      for _ in 0..<30 {
        sent += stage.receive(.ping(target: Peer(0).address), from: peer, nonce: 9).told(of: peer.address).count
      }
      #expect(sent == expected, "\(peers) peers")
    }
  }
}
