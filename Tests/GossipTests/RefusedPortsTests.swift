import Testing

@testable import Gossip

@Suite struct RefusedPortsTests {
  private static func stage(_ peers: Int) -> Stage {
    var stage = Stage()
    stage.join((1...peers).map { Peer($0) })
    stage.pass(.seconds(2))
    return stage
  }

  private static func untilQuiet(_ stage: inout Stage) {
    #expect(stage.pass(atMost: .seconds(8)) { $0.node.probe.attempt == nil })
  }

  /// The members that get notifies, and when.
  private static func notified(_ stage: inout Stage, for duration: Duration) -> [(at: Int, member: Address)] {
    stage.timeline(duration).compactMap { at, effect in
      if case .notify(.member(let member, _), _) = effect { (at, member) } else { nil }
    }
  }

  @Test func `a refused port lets a probe that is under way take its time, and ends no suspicion`() {
    var stage = Self.stage(5)
    stage.answering.removeFirst()
    #expect(stage.pass(atMost: .seconds(8)) { $0.node.probe.attempt?.target == Peer(1).address })
    stage.time = (stage.node.probe.attempt?.started.microseconds ?? 0) + 1
    #expect(stage.handle(.connectionRefused(Peer(1).address)).changes(of: Peer(1)) == [])
    let line = stage.timeline(.seconds(3)).flatMap { at, effect in [effect].changes(of: Peer(1)).map { (at, $0) } }
    #expect(line.map(\.1) == [.suspect, .dead])
    #expect(line.first?.0 == 350)
    // As without it, the suspicion takes its whole time.
    #expect((1_650...1_850).contains(line.last?.0 ?? 0), "\(line)")
    for _ in 0..<20 { #expect(stage.handle(.connectionRefused(Peer(1).address)).changes(of: Peer(1)) == []) }
  }

  @Test func `a live member whose answer is under way is not suspected for its port`() {
    var stage = Self.stage(5)
    #expect(stage.pass(atMost: .seconds(8)) { $0.node.probe.attempt?.target == Peer(1).address })
    #expect(stage.handle(.connectionRefused(Peer(1).address)).changes(of: Peer(1)) == [])
    #expect(stage.pass(.seconds(4)).changes(of: Peer(1)) == [])
    #expect(stage.node.counters.failedProbes == 0)
    #expect(stage.status.localHealth == 0)
  }

  @Test func `a refused port of a member that nobody probes is a reason to probe it at once, and only once`() {
    var stage = Self.stage(8)
    let refused = Event.connectionRefused(Peer(8).address)
    for isNews in [true, false, false] {
      Self.untilQuiet(&stage)
      #expect(stage.handle(refused).sent(.ping, to: Peer(8).address).count == (isNews ? 1 : 0))
      #expect(stage.pass(.seconds(2)).changes(of: Peer(8)) == [])
    }
    // A delivered notify makes the next refusal news, and so does another process.
    Self.untilQuiet(&stage)
    _ = stage.handle(.notifyDelivered(Peer(8).address))
    #expect(stage.handle(refused).sent(.ping, to: Peer(8).address).count == 1)
    Self.untilQuiet(&stage)
    var restarted = Peer(8)
    restarted.incarnation += 1
    stage.receive(from: restarted, rumours: [restarted.record()])
    #expect(stage.handle(refused).sent(.ping, to: Peer(8).address).count == 1)
    // It does not concern others' ports, nor our own.
    Self.untilQuiet(&stage)
    #expect(stage.handle(.connectionRefused(Peer(9).address)).sent.isEmpty)
    #expect(stage.handle(.connectionRefused(Peer(0).address)).sent.isEmpty)
  }

  @Test func `a refusal while another member is probed makes that member the next`() {
    var stage = Self.stage(8)
    #expect(stage.pass(atMost: .seconds(8)) { $0.node.probe.attempt.map { $0.target != Peer(8).address } ?? false })
    #expect(stage.handle(.connectionRefused(Peer(8).address)).sent.isEmpty)
    let ended = stage.pass(atMost: .seconds(1)) { $0.node.probe.attempt == nil }
    #expect(ended)
    #expect(stage.pass(atMost: .seconds(1)) { $0.node.probe.attempt != nil })
    #expect(stage.node.probe.attempt?.target == Peer(8).address)
  }

  @Test func `a suspect's refused port takes no probe from the others`() {
    var stage = Self.stage(5)
    stage.answering.removeFirst()
    stage.accuse(Peer(1), by: Peer(2))
    Self.untilQuiet(&stage)
    _ = stage.handle(.connectionRefused(Peer(1).address))
    #expect(stage.node.probe.attempt == nil)
  }

  @Test func `a member whose port refused is posted to after 10, 20, 40 seconds, and others meanwhile`() {
    var stage = Self.stage(2)
    var waits: [Int] = []
    for _ in 0..<9 {
      _ = stage.handle(.connectionRefused(Peer(1).address))
      var milliseconds = 0
      while milliseconds < 700_000 {
        let notified = Self.notified(&stage, for: .seconds(2))
        milliseconds += 2_000
        #expect(notified.contains { $0.member == Peer(2).address })
        if notified.contains(where: { $0.member == Peer(1).address }) { break }
      }
      waits.append(milliseconds / 1_000)
    }
    let expected = [10, 20, 40, 80, 160, 320, 600, 600, 600]
    #expect(zip(waits, expected).allSatisfy { ($1...$1 + 4).contains($0) }, "\(waits)")
    // After one delivery the node posts to it as usual.
    _ = stage.handle(.notifyDelivered(Peer(1).address))
    #expect(Self.notified(&stage, for: .seconds(20)).count { $0.member == Peer(1).address } == 10)
  }

  @Test func `of many ports that refuse as many are remembered as rest at once, the oldest dropped`() {
    var ports = RefusedPorts()
    let at = { (second: Int) in Instant(microseconds: Int64(second) * 1_000_000) }
    let areNews = (1...601).map { ports.refused(Peer($0).address, incarnation: 1, at: at(0)) }
    #expect(areNews.allSatisfy { $0 })
    #expect(!ports.isResting(Peer(1).address, incarnation: 1, at: at(1)))
    for number in 2...601 { #expect(ports.isResting(Peer(number).address, incarnation: 1, at: at(9))) }
    #expect(!ports.isResting(Peer(601).address, incarnation: 1, at: at(10)))
    #expect(!ports.isResting(Peer(601).address, incarnation: 2, at: at(1)))
  }

  @Test func `who hears that another process answers in place of the probed does not doubt itself`() throws {
    var stage = Self.stage(5)
    stage.answering.removeAll { $0 == Peer(1) }
    var probing: Sent?
    for _ in 0..<8_000 where probing == nil {
      probing = stage.pass(.milliseconds(1)).sent(.ping, to: Peer(1).address).first
    }
    let nonce = try #require(probing).message.nonce
    let effects = stage.receive(.misdirected, from: Peer(9), source: Peer(1).address, nonce: nonce)
    #expect(effects.changes(of: Peer(1)) == [.suspect])
    #expect(stage.status.localHealth == 0)
  }

  @Test func `a member that has no port for others is not posted to`() {
    var stage = Self.stage(2)
    var silent = Peer(1).record(incarnation: Peer(1).incarnation + 1)
    silent.httpPort = 0
    var peer = Peer(1)
    peer.incarnation += 1
    stage.receive(from: peer, rumours: [silent])
    let notified = Self.notified(&stage, for: .seconds(20))
    #expect(notified.count == 10)
    #expect(notified.allSatisfy { $0.member == Peer(2).address })
  }
}
