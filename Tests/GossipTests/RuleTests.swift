// Rules of the protocol that no single part shows, each named after what it prevents. Those that are stories, such as
// death by hearsay and the heal after forgetting, are transcripts.

import Testing

@testable import Gossip

@Suite struct RuleTests {
  @Test func `two runs of one seed are the same, byte for byte`() {
    func run(seed: UInt64) -> [Effect] {
      var stage = Stage(seed: seed)
      var effects = stage.join((1...9).map { Peer($0) })
      effects += stage.pass(.seconds(2))
      stage.answering.removeFirst()
      effects += stage.handle(.setRequested(4, RequestID(1)))
      return effects + stage.pass(.seconds(5))
    }
    #expect(run(seed: 5) == run(seed: 5))
    #expect(run(seed: 5) != run(seed: 6))
  }

  @Test func `confirmations are passed on, though the order of claims calls them known`() {
    var stage = Stage.settled(8)
    let peers = stage.answering
    stage.answering = []
    stage.accuse(peers[0], by: peers[1])
    stage.pass(.milliseconds(50))
    for (accuser, isNews) in [(2, true), (3, true), (4, false), (2, false)] {
      let effects = stage.accuse(peers[0], by: peers[accuser]) + stage.pass(.milliseconds(15))
      let told = effects.sent(.gossip).flatMap(\.message.rumours)
      let isPassedOn = told.contains { $0.accuser == peers[accuser].address && $0.address == peers[0].address }
      #expect(isPassedOn == isNews, "accuser \(accuser)")
    }
  }

  @Test func `an accuser who is not alive confirms nothing`() {
    var stage = Stage.settled(5)
    stage.accuse(Peer(1), by: Peer(2))
    let stranger = Peer(99).address
    stage.receive(from: Peer(3), rumours: [Peer(1).record(.suspect, accuser: stranger)])
    #expect(stage.node.suspicions[Peer(1).address]?.accusers == [Peer(2).address])
  }

  @Test func `an old accusation is answered with what we hold, or it would go round for ever`() {
    var stage = Stage.settled(3)
    var refuted = Peer(1)
    refuted.incarnation += 1
    stage.receive(from: refuted, rumours: [refuted.record()])
    stage.pass(.seconds(1))
    for state in [Record.State.suspect, .dead, .left] {
      let effects = stage.receive(from: Peer(2), rumours: [Peer(1).record(state)])
      let answer = effects.sent(.gossip, to: Peer(2).address).first?.message.rumours.first
      #expect(answer == refuted.record(), "\(state)")
      #expect(effects.changes(of: Peer(1)) == [])
    }
    #expect(stage.receive(from: Peer(2), rumours: [Peer(1).record(.alive)]).sent(.gossip).isEmpty)
  }

  @Test func `an incarnation that no clock can have reached is asked about, not believed`() {
    let limit = Stage.wall + 86_400_000_000
    for state in Record.State.allCases {
      var stage = Stage.settled(3)
      let future = Peer(1).record(state, incarnation: limit + 60_000_000)
      let effects = stage.receive(from: Peer(2), rumours: [future])
      #expect(stage.member(Peer(1))?.incarnation == Peer(1).incarnation)
      #expect(stage.member(Peer(1))?.status == .alive)
      #expect(effects.sent(.ping, to: Peer(1).address).count == 1)
      #expect(stage.node.counters.dropped(.incarnation) == 1)
      #expect(effects.told(of: Peer(1).address).allSatisfy { $0.incarnation == Peer(1).incarnation })
    }
    // A little ahead only means that a clock runs fast.
    var stage = Stage.settled(3)
    stage.receive(from: Peer(2), rumours: [Peer(1).record(.alive, incarnation: limit - 1)])
    #expect(stage.member(Peer(1))?.incarnation == limit - 1)
  }

  @Test func `a member's own word about its incarnation is limited only by 2^62`() {
    var stage = Stage.settled(3)
    var peer = Peer(1)
    peer.incarnation = Wire.maximumIncarnation
    stage.receive(from: peer, rumours: [peer.record()])
    #expect(stage.member(peer)?.incarnation == Wire.maximumIncarnation)
  }

  @Test func `a forged goodbye is told to the accused, who can object`() {
    var stage = Stage.settled(5)
    let effects = stage.receive(from: Peer(2), rumours: [Peer(1).record(.left)])
    let ping = effects.sent(.ping, to: Peer(1).address).first
    #expect(ping?.message.rumours.first == Peer(1).record(.left))
    // Whoever says it of itself needs no asking.
    #expect(stage.receive(from: Peer(3), rumours: [Peer(3).record(.left)]).sent(.ping, to: Peer(3).address).isEmpty)
  }

  @Test func `in a large cluster sixteen tell the accused of a goodbye, not everybody`() {
    var told = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      var stage = Stage(seed: seed)
      stage.join([Peer(1), Peer(2)], answering: false)
      for start in [3, 23, 43] {
        stage.receive(from: Peer(2), rumours: (start..<min(start + 20, 64)).map { Peer($0).record() })
      }
      told += stage.receive(from: Peer(2), rumours: [Peer(1).record(.left)]).sent(.ping, to: Peer(1).address).count
    }
    // Sixteen of sixty-four: a quarter of forty.
    #expect((4...18).contains(told), "\(told)")
  }

  @Test func `a notify that was delivered over HTTP forgives a suspect its silence once`() {
    func death(afterNotifies count: Int) -> Int {
      var stage = Stage.settled(5)
      stage.answering.removeFirst()
      _ = stage.pass(atMost: .seconds(5)) { $0.member(Peer(1))?.status == .suspect }
      for millisecond in 1...8_000 {
        if stage.pass(.milliseconds(1)).changes(of: Peer(1)) == [.dead] { return millisecond }
        // The first comes just before the suspect's time is over, and then one after every ping.
        let since = millisecond - 1_350
        if since >= 0, since.isMultiple(of: 100), since / 100 < count {
          _ = stage.handle(.notifyDelivered(Peer(1).address))
        }
      }
      return .max
    }
    // Four pings follow it, after the one in flight: half a second, however many notifies are delivered.
    #expect((1_400...1_500).contains(death(afterNotifies: 0)))
    #expect((1_750...1_900).contains(death(afterNotifies: 1)))
    #expect(death(afterNotifies: 60) == death(afterNotifies: 1))
  }

  @Test func `a suspect that answers a datagram may be forgiven by a notify again`() {
    var suspicion = Suspicion(
      of: Peer(1).address, incarnation: 1, accuser: nil, isConfirmed: true, unanswered: 4, timeoutMultiplier: 1,
      firstPing: .zero, at: Instant(microseconds: 0))
    suspicion.answeredNotify()
    #expect(suspicion.unanswered == 0)
    for expected in [1, 0] {
      suspicion.pinged(interval: .milliseconds(100), at: Instant(microseconds: 0))
      suspicion.pingWentUnanswered()
      suspicion.answeredNotify()
      #expect(suspicion.unanswered == expected)
      suspicion.answered()
    }
  }

  @Test func `the accused is told in the next packet to it`() {
    var stage = Stage.settled(5)
    stage.accuse(Peer(1), by: Peer(2))
    for effect in stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 3).sent(.ack) {
      #expect(effect.message.rumours.first == Peer(1).record(.suspect, accuser: Peer(2).address))
    }
  }

  @Test func `two processes that fight over one address cost a rumour a minute in the end`() {
    var (one, other) = (Stage.settled(2), Stage(seed: 2, wall: Stage.wall + 5))
    other.join([Peer(1), Peer(2)])
    other.pass(.seconds(2))
    for minute in 1...6 {
      let before = one.node.counters.refutations + other.node.counters.refutations
      for _ in 0..<600 {
        // The others tell each of the two what they hold of it, which is what the other one said last.
        one.pass(.milliseconds(100))
        other.pass(.milliseconds(100))
        let (first, second) = (one.own, other.own)
        if second.incarnation > first.incarnation { one.receive(from: Peer(1), rumours: [second]) }
        if first.incarnation > second.incarnation { other.receive(from: Peer(1), rumours: [first]) }
      }
      let rumours = one.node.counters.refutations + other.node.counters.refutations - before
      #expect(rumours <= (minute < 4 ? 20 : 4), "\(rumours) in minute \(minute)")
    }
    #expect(one.node.counters.refutations > 5 && other.node.counters.refutations > 5)
  }

  @Test func `no notify that is accepted can make the value unwritable`() {
    var generator = Generator(seed: 4)
    let ceiling = Ceiling(wall: Stage.wall, released: Settings().released).forStrangers
    var stage = Stage()
    stage.pass(.seconds(2))
    let top = Ceiling(wall: stage.now.wall, released: Settings().released).forStrangers
    let generations =
      [0, 1, ceiling - 1, top, top + 1, top + 2, 1 << 53, .max] + (0..<40).map { _ in generator.next() >> 8 }
    for generation in generations {
      let stamp = Stamp(generation: generation, value: .max)
      let answer = stage.handle(.notified(stamp, by: "liar", RequestID(1))).answers
      #expect(answer == [generation <= top ? .accepted(stamp) : .aboveCeiling(top)], "\(generation)")
      let written = stage.handle(.setRequested(1, RequestID(2))).answers
      #expect(written == [.accepted(stage.node.stamp)])
      #expect(stage.node.stamp.value == 1)
    }
    #expect(stage.node.counters.dropped(.notify) > 10)
  }

  @Test func `a stamp of a member above the ceiling for members is as if not sent`() {
    var stage = Stage.settled(2)
    var liar = Peer(1)
    liar.stamp = Stamp(generation: stage.node.context.ceiling.forMembers + 1, value: 1)
    #expect(stage.receive(from: liar).published == [])
    #expect(stage.node.counters.dropped(.stamp) == 1)
    liar.stamp.generation -= 1
    #expect(stage.receive(from: liar).published == [liar.stamp])
    // Here our own sets end until the clock has moved on: with a clear answer, and no trap.
    #expect(stage.handle(.setRequested(1, RequestID(1))).answers == [.aboveCeiling(liar.stamp.generation)])
    stage.pass(.seconds(1))
    #expect(stage.handle(.setRequested(1, RequestID(1))).answers == [.accepted(stage.node.stamp)])
  }

  @Test func `hostile bytes cost a counter each, and at most a header of ten bytes`() {
    var stage = Stage.settled(2)
    let before = stage.status
    var generator = Generator(seed: 9)
    for length in 0..<1_300 {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let effects = stage.handle(.received(bytes, from: Peer(1).address))
      #expect(effects.isEmpty || effects == [.send(Header(cluster: Stage.cluster).bytes, to: Peer(1).address)])
    }
    #expect(stage.status.members.map(\.address) == before.members.map(\.address))
    #expect(DropReason.allCases.reduce(0) { $0 + stage.node.counters.dropped($1) } == 1_300)
  }

  @Test func `people are told of an own write within a second, not only of what peers wrote`() {
    var stage = Stage.settled(2)
    let isSummary = { (report: Report) in if case .summary = report { true } else { false } }
    #expect((0..<6_000).contains { _ in stage.pass(.milliseconds(1)).reports.contains(where: isSummary) })
    stage.pass(.milliseconds(1_100))
    var effects = stage.handle(.setRequested(77, RequestID(1)))
    effects += stage.pass(.milliseconds(1_000))
    #expect(effects.reports.contains(where: isSummary))
  }
}
