import Testing

@testable import Gossip

@Suite struct RefutationTests {
  private static let settings = Settings()
  private func at(_ milliseconds: Int64) -> Instant { Instant(microseconds: milliseconds * 1000) }
  private static func record(_ incarnation: UInt64) -> Record { Peer(0).record(.suspect, incarnation: incarnation) }

  @Test func `an accusation is outbid at once, also in the first moment, and the next one a period later`() {
    var refutation = Refutation(at: at(0))
    refutation.note(Self.record(5), own: 5)
    #expect(refutation.take(at: at(0), Self.settings) == Self.record(5))
    refutation.note(Self.record(6), own: 6)
    #expect(refutation.deadline == at(400))
    #expect(refutation.take(at: at(399), Self.settings) == nil)
    #expect(refutation.take(at: at(400), Self.settings) == Self.record(6))
  }

  @Test func `accusations alone never double the wait, or loss would cost a live member its life`() {
    var refutation = Refutation(at: at(0))
    var times: [Int64] = []
    for millisecond in stride(from: Int64(0), to: 4_000, by: 10) {
      refutation.note(Self.record(5), own: 5)
      if refutation.take(at: at(millisecond), Self.settings) != nil { times.append(millisecond) }
    }
    #expect(times == Array(stride(from: 0, to: 4_000, by: 400)))
  }

  /// When the node answers in a fight, with one claim every so many milliseconds.
  private func answers(toClaimsEvery interval: Int64, until end: Int64) -> [Int64] {
    var refutation = Refutation(at: at(0))
    return stride(from: Int64(0), to: end, by: Int.Stride(interval)).filter { millisecond in
      refutation.note(Self.record(UInt64(10 + millisecond)), own: 5)
      return refutation.take(at: at(millisecond), Self.settings) != nil
    }
  }

  @Test func `claims that follow each other are outbid more and more rarely, down to once a minute`() {
    let times = answers(toClaimsEvery: 10, until: 400_000)
    let waits = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(waits.prefix(8) == [400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200])
    #expect(waits.dropFirst(8).allSatisfy { $0 == 60_000 })
    #expect(waits.count > 10)
  }

  @Test func `a twin that outbids us once a second costs no more than one that does so at once`() {
    #expect(answers(toClaimsEvery: 1_000, until: 3_600_000).count < 70)
  }

  @Test func `a minute of quiet ends a fight`() {
    var refutation = Refutation(at: at(0))
    var time: Int64 = 0
    for _ in 0..<6 {
      refutation.note(Self.record(UInt64(10 + time)), own: 5)
      while refutation.take(at: at(time), Self.settings) == nil { time += 10 }
    }
    time += 12_800 + 60_001
    refutation.note(Self.record(9), own: 5)
    #expect(refutation.take(at: at(time), Self.settings) != nil)
    refutation.note(Self.record(11), own: 5)
    #expect(refutation.deadline == at(time + 400))
  }

  @Test func `a fight delays no answer to an accusation`() {
    var refutation = Refutation(at: at(0))
    for time in [0, 400, 1_200] as [Int64] {
      refutation.note(Self.record(9), own: 5)
      #expect(refutation.take(at: at(time), Self.settings) != nil)
    }
    refutation.note(Self.record(9), own: 5)
    refutation.note(Self.record(5), own: 5)
    #expect(refutation.take(at: at(1_300), Self.settings) == Self.record(5))
  }

  @Test func `the highest of several records is the one that is outbid`() {
    var refutation = Refutation(at: at(0))
    for incarnation in [5, 9, 7] as [UInt64] { refutation.note(Self.record(incarnation), own: 5) }
    #expect(refutation.deadline == at(0))
    #expect(refutation.take(at: at(1), Self.settings) == Self.record(9))
    // It also outbids the accusation.
    #expect(refutation.deadline == .distantFuture)
  }

  @Test func `a record at the end of all incarnations does not hide an accusation that can be answered`() {
    var refutation = Refutation(at: at(0))
    refutation.note(Self.record(Wire.maximumIncarnation), own: 5)
    #expect(refutation.deadline == .distantFuture)
    refutation.note(Self.record(5), own: 5)
    refutation.note(Self.record(Wire.maximumIncarnation), own: 5)
    #expect(refutation.take(at: at(1), Self.settings) == Self.record(5))
  }

  @Test(arguments: [Record.State.suspect, .dead, .left])
  func `a node outbids whatever is said against it, and says so in its next datagrams`(state: Record.State) {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.pass(.seconds(1))
    let before = stage.own.incarnation
    var accusation = stage.own
    accusation.state = state
    let effects = stage.receive(from: Peer(1), rumours: [accusation])
    #expect(stage.own.incarnation == before + 1)
    #expect(stage.own.state == .alive)
    #expect(effects.told(of: stage.own.address).contains(stage.own))
    #expect(effects.reports == [.refuted(state.status, incarnation: before + 1)])
    #expect(stage.node.counters.refutations == 1)
    // After a suspicion or a death it doubts itself; a goodbye in its name says nothing about its health.
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
    let effects = stage.receive(from: Peer(1), rumours: [old])
    #expect(stage.own == before)
    #expect(effects.sent(.gossip, to: Peer(1).address).first?.message.rumours.first == before)
  }

  @Test func `a claim at the end of all incarnations is not outbid, and does not spend what refuting needs`() {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    let before = stage.own.incarnation
    for claim in [Wire.maximumIncarnation, Wire.maximumIncarnation - 1, Wire.maximumIncarnation / 2] {
      stage.receive(from: Peer(1), rumours: [Peer(0).record(incarnation: claim)])
      stage.pass(.seconds(1))
    }
    #expect(stage.own.incarnation == before)
    let accusation = Peer(0).record(.suspect, incarnation: before, accuser: Peer(1).address)
    stage.receive(from: Peer(1), rumours: [accusation])
    #expect(stage.own.incarnation == before + 1)
  }
}
