import Testing

@testable import Gossip

@Suite struct RefutationTests {
  private static let settings = Settings()
  private func at(_ milliseconds: Int64) -> Instant { Instant(microseconds: milliseconds * 1000) }
  private static func record(_ incarnation: UInt64) -> Record { Peer(0).record(.suspect, incarnation: incarnation) }

  @Test func `an accusation is outbid at once after quiet`() {
    var refutation = Refutation(at: at(0), Self.settings)
    refutation.note(Self.record(5))
    #expect(refutation.take(at: at(1_000), Self.settings) == Self.record(5))
    #expect(refutation.take(at: at(1_000), Self.settings) == nil)
  }

  @Test func `accusations that follow at once are outbid more and more rarely, down to once a minute`() {
    var refutation = Refutation(at: at(0), Self.settings)
    var times: [Int64] = []
    for millisecond in stride(from: Int64(10_000), to: 400_000, by: 10) {
      refutation.note(Self.record(UInt64(millisecond)))
      if refutation.take(at: at(millisecond), Self.settings) != nil { times.append(millisecond) }
    }
    let waits = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(waits.prefix(8) == [400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200])
    #expect(waits.dropFirst(8).allSatisfy { $0 == 60_000 })
    #expect(waits.count > 10)
  }

  @Test func `after quiet the wait is a period again`() {
    var refutation = Refutation(at: at(0), Self.settings)
    var time: Int64 = 10_000
    for _ in 0..<6 {
      refutation.note(Self.record(UInt64(time)))
      while refutation.take(at: at(time), Self.settings) == nil { time += 10 }
    }
    time += 100_000
    refutation.note(Self.record(UInt64(time)))
    #expect(refutation.take(at: at(time), Self.settings) != nil)
    refutation.note(Self.record(UInt64(time)))
    #expect(refutation.take(at: at(time + 399), Self.settings) == nil)
    #expect(refutation.take(at: at(time + 400), Self.settings) != nil)
  }

  @Test func `the highest of several records is the one that is outbid`() {
    var refutation = Refutation(at: at(0), Self.settings)
    for incarnation in [5, 9, 7] as [UInt64] { refutation.note(Self.record(incarnation)) }
    #expect(refutation.deadline == at(0))
    #expect(refutation.take(at: at(1), Self.settings) == Self.record(9))
    #expect(refutation.deadline == .distantFuture)
  }

  @Test(arguments: [Record.State.suspect, .dead, .left])
  func `a node outbids whatever is said against it, and says so in its next datagrams`(state: Record.State) {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.pass(.seconds(1))
    let before = stage.own.incarnation
    var accusation = stage.own
    accusation.state = state
    let effects = stage.hear(from: Peer(1), rumours: [accusation])
    #expect(stage.own.incarnation == before + 1)
    #expect(stage.own.state == .alive)
    #expect(effects.told(of: stage.own.address).contains(stage.own))
    #expect(effects.reports == [.refuted(state.status, incarnation: before + 1)])
    #expect(stage.node.counters.refutations == 1)
    // It doubts itself after a suspicion or a death; a goodbye in its name says nothing about its health.
    #expect(stage.status.localHealth == (state == .left ? 0 : 1))
  }

  @Test func `an old accusation of ourselves costs no new incarnation, and is answered with what we are`() {
    var stage = Stage()
    stage.join([Peer(1)])
    stage.pass(.seconds(1))
    var old = stage.own
    old.state = .dead
    old.incarnation -= 1
    let before = stage.own
    let effects = stage.hear(from: Peer(1), rumours: [old])
    #expect(stage.own == before)
    #expect(effects.sent(.gossip, to: Peer(1).address).first?.message.rumours.first == before)
  }
}
