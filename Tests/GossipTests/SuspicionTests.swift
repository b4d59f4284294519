import Testing

@testable import Gossip

@Suite struct SuspicionTests {
  private static let start = Instant(microseconds: 0)

  private static func suspicion(accusers: Int, isConfirmed: Bool = false, multiplier: Double = 1) -> Suspicion {
    var suspicion = Suspicion(
      of: Peer(1).address, incarnation: 1, accuser: Peer(2).address, isConfirmed: isConfirmed, unanswered: 0,
      timeoutMultiplier: multiplier, firstPing: .zero, at: start)
    for number in 1..<max(accusers, 1) { _ = suspicion.confirm(by: Peer(2 + number).address, wanted: 8) }
    return suspicion
  }

  private static func milliseconds(_ suspicion: Suspicion, wanted: Int = 2) -> Int64 {
    (suspicion.expiry(wanted: wanted, Settings()) - start).microseconds / 1000
  }

  @Test func `the time to refute shrinks with the logarithm of the confirmations`() {
    // Lifeguard's formula with 1.4 s, 0.5 s and two confirmations: 1400 - 900 * log(c + 1) / log(3).
    #expect(Self.milliseconds(Self.suspicion(accusers: 1)) == 1_400)
    #expect(Self.milliseconds(Self.suspicion(accusers: 2)) == 832)
    #expect(Self.milliseconds(Self.suspicion(accusers: 3)) == 500)
    #expect(Self.milliseconds(Self.suspicion(accusers: 8)) == 500)
  }

  @Test func `where nobody can confirm, the time is the minimum`() {
    #expect(Self.milliseconds(Self.suspicion(accusers: 1), wanted: 0) == 500)
  }

  @Test func `a death that others declared confirms fully, and a slow member has more time`() {
    #expect(Self.milliseconds(Self.suspicion(accusers: 1, isConfirmed: true)) == 500)
    #expect(Self.milliseconds(Self.suspicion(accusers: 1, multiplier: 2.5)) == 3_500)
  }

  @Test func `only the first distinct accusers are news`() {
    var suspicion = Self.suspicion(accusers: 1)
    #expect(suspicion.confirm(by: Peer(2).address, wanted: 2) == false)
    #expect(suspicion.confirm(by: Peer(3).address, wanted: 2) == true)
    #expect(suspicion.confirm(by: Peer(3).address, wanted: 2) == false)
    #expect(suspicion.confirm(by: Peer(4).address, wanted: 2) == true)
    #expect(suspicion.confirm(by: Peer(5).address, wanted: 2) == false)
    #expect(suspicion.accusers == [2, 3, 4].map { Peer($0).address })
  }

  @Test func `a ping counts as unanswered when its time is over, and any answer forgives all`() {
    var suspicion = Self.suspicion(accusers: 1)
    suspicion.pingWentUnanswered()
    #expect(suspicion.unanswered == 0)
    for expected in 1...3 {
      suspicion.pinged(interval: .milliseconds(100), at: Self.start)
      suspicion.pingWentUnanswered()
      #expect(suspicion.unanswered == expected)
    }
    suspicion.pinged(interval: .milliseconds(100), at: Self.start)
    suspicion.answered()
    suspicion.pingWentUnanswered()
    #expect(suspicion.unanswered == 0)
  }

  /// Five peers that answer. Then the first falls silent.
  private static func silent() -> Stage {
    var stage = Stage()
    stage.join((1...5).map { Peer($0) })
    stage.pass(.seconds(2))
    stage.answering.removeFirst()
    return stage
  }

  /// Milliseconds until the first peer's next change.
  private static func change(_ stage: inout Stage, to status: MemberStatus) -> Int? {
    stage.timeline(.seconds(4)).first { [$0.effect].changes(of: Peer(1)) == [status] }?.at
  }

  @Test(arguments: [(0, 1_400...1_500), (1, 832...932), (2, 500...600)])
  func `a silent suspect is dead when its time is over`(confirmations: Int, expected: ClosedRange<Int>) throws {
    var stage = Self.silent()
    #expect(stage.pass(atMost: .seconds(5)) { $0.member(Peer(1))?.status == .suspect })
    for number in 2..<2 + confirmations { stage.accuse(Peer(1), by: Peer(number)) }
    let died = try #require(Self.change(&stage, to: .dead))
    #expect(expected.contains(died), "\(died) ms")
    #expect(stage.node.counters.deaths == 1)
  }

  @Test func `one accuser that many tell of is one accuser`() throws {
    var stage = Self.silent()
    stage.accuse(Peer(1), by: Peer(2))
    var effects: [Effect] = []
    for teller in 3...5 {
      effects += stage.receive(from: Peer(teller), rumours: [Peer(1).record(.suspect, accuser: Peer(2).address)])
    }
    #expect(stage.node.suspicions[Peer(1).address]?.accusers == [Peer(2).address])
    #expect(effects.told(of: Peer(1).address).allSatisfy { $0.accuser == Peer(2).address })
    // With our own missed pings that makes two, not enough for the shortest time.
    let died = try #require(Self.change(&stage, to: .dead))
    #expect(died > 700, "\(died) ms")
  }

  @Test func `who accused an earlier life is told as an accuser of that life and of no later one`() {
    var stage = Stage { $0.pushes = [] }
    stage.join((1...5).map { Peer($0) }, answering: false)
    var effects = stage.accuse(Peer(1), by: Peer(2))
    #expect(stage.member(Peer(1))?.status == .suspect)
    var refuted = Peer(1)
    refuted.incarnation += 1
    effects += stage.receive(from: refuted, rumours: [refuted.record()])
    #expect(stage.member(Peer(1))?.status == .alive)
    effects += stage.accuse(refuted, by: Peer(3))
    #expect(stage.member(Peer(1))?.status == .suspect)
    for nonce in 1...30 as ClosedRange<UInt64> {
      effects += stage.receive(.ping(target: Peer(0).address), from: Peer(4), nonce: nonce)
    }
    let accusations = effects.told(of: Peer(1).address).filter {
      $0.state == .suspect && $0.incarnation == refuted.incarnation
    }
    #expect(!accusations.isEmpty)
    #expect(accusations.allSatisfy { $0.accuser == Peer(3).address })
  }

  @Test func `a suspect that answers our pings is never declared dead, whoever accuses it`() {
    var stage = Stage()
    stage.join((1...5).map { Peer($0) })
    for number in 2...4 { stage.accuse(Peer(1), by: Peer(number)) }
    let effects = stage.pass(.seconds(60))
    #expect(effects.changes(of: Peer(1)) == [])
    #expect(stage.member(Peer(1))?.status == .suspect)
    // Each ping tells it so, so that it can refute.
    #expect(effects.sent(.ping, to: Peer(1).address).allSatisfy { $0.message.rumours.first?.state == .suspect })
  }

  @Test func `a death is declared by nobody's word but after four own pings`() throws {
    var stage = Self.silent()
    let accused = stage.receive(from: Peer(2), rumours: [Peer(1).record(.dead, accuser: Peer(2).address)])
    #expect(accused.changes(of: Peer(1)) == [.suspect])
    let line = stage.timeline(.seconds(3))
    let died = try #require(line.first { [$0.effect].changes(of: Peer(1)) == [.dead] }?.at)
    let pings = line.filter { $0.at < died && ![$0.effect].sent(.ping, to: Peer(1).address).isEmpty }
    #expect((500...600).contains(died), "\(died) ms")
    #expect(pings.count >= Settings().pingsBeforeDeath)
  }

  @Test func `a hearer whose own four pings stayed unanswered confirms the suspicion`() throws {
    var stage = Self.silent()
    let target = Peer(1).address
    stage.accuse(Peer(1), by: Peer(2))
    // With a single accuser, the other members would have to wait 1.4 s.
    let line = stage.timeline(.seconds(2))
    let own = line.first { event in
      [event.effect].told(of: target).contains { $0.state == .suspect && $0.accuser == Peer(0).address }
    }
    let confirmed = try #require(own).at
    #expect((400...500).contains(confirmed), "\(confirmed) ms")
    #expect(stage.node.counters.failedProbes <= 1)
    let died = try #require(line.first { [$0.effect].changes(of: Peer(1)) == [.dead] }).at
    #expect(died < 1_100, "\(died) ms")
  }

  @Test func `a hearer whom the suspect answers confirms nothing`() {
    var stage = Stage()
    stage.join((1...5).map { Peer($0) })
    var effects = stage.accuse(Peer(1), by: Peer(2))
    effects += stage.pass(.seconds(10))
    #expect(!effects.told(of: Peer(1).address).contains { $0.accuser == Peer(0).address })
  }

  @Test func `a suspect that refutes is alive again at once, and the suspicion is forgotten`() {
    var stage = Self.silent()
    #expect(stage.pass(atMost: .seconds(5)) { $0.member(Peer(1))?.status == .suspect })
    var peer = Peer(1)
    peer.incarnation += 1
    #expect(stage.receive(from: peer, rumours: [peer.record()]).changes(of: peer) == [.alive])
    #expect(stage.node.suspicions.isEmpty)
  }

  /// The name and the port of a restarted process arrive together with its incarnation.
  @Test(arguments: [Record.State.suspect, .dead])
  func `a member accused in its next life is listed with that life's name and port`(state: Record.State) {
    for accusedBefore in [false, true] {
      var stage = Stage()
      stage.join((1...5).map { Peer($0) })
      if accusedBefore { stage.accuse(Peer(1), by: Peer(2)) }
      var peer = Peer(1)
      peer.name = "next"
      var record = peer.record(state, incarnation: peer.incarnation + 1, accuser: Peer(3).address)
      record.httpPort = 9090
      let effects = stage.receive(from: Peer(3), rumours: [record])
      let held = stage.member(peer)
      #expect(held?.status == .suspect && held?.incarnation == record.incarnation)
      #expect(held?.name == "next" && held?.httpPort == 9090)
      // The node relays it as it heard it.
      let told = effects.told(of: peer.address).last { $0.incarnation == record.incarnation }
      #expect(told?.name == "next" && told?.httpPort == 9090)
    }
  }

  @Test(arguments: [Record.State.suspect, .dead, .left])
  func `within a life nobody's word changes a name or a port`(state: Record.State) {
    var stage = Stage()
    stage.join((1...5).map { Peer($0) })
    var record = Peer(1).record(state, accuser: state == .left ? nil : Peer(3).address)
    record.name = "another"
    record.httpPort = 9090
    stage.receive(from: Peer(3), rumours: [record])
    let held = stage.member(Peer(1))
    #expect(held?.status == (state == .left ? .left : .suspect))
    #expect(held?.name == "p1" && held?.httpPort == 8080)
  }
}
