import Testing

@testable import Gossip

@Suite struct LeavingTests {
  private static func left(_ effects: [Effect]) -> [Int] {
    effects.compactMap { if case .left(let confirmed) = $0 { confirmed } else { nil } }
  }

  private static func stage(_ peers: Int, answering: Bool = true) -> Stage {
    var stage = Stage()
    if peers > 0 { stage.join((1...peers).map { Peer($0) }, answering: answering) }
    stage.pass(.milliseconds(300))
    return stage
  }

  @Test func `a node that is alone leaves at once`() {
    var stage = Self.stage(0)
    #expect(Self.left(stage.handle(.leaveRequested)) == [0])
  }

  @Test func `a node that knows none but the dead leaves at once`() {
    var stage = Self.stage(1)
    stage.answering = []
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(1))?.status == .dead })
    #expect(Self.left(stage.handle(.leaveRequested)) == [0])
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 3), (8, 3)])
  func `a node has left when three members, or all there are, know of it`(peers: Int, confirmed: Int) {
    var stage = Self.stage(peers)
    let first = stage.handle(.leaveRequested)
    #expect(Self.left(first) == [])
    #expect(first.sent(.ping).count == min(peers, 4))
    #expect(first.sent(.ping).allSatisfy { $0.message.rumours.first == stage.own && stage.own.state == .left })
    let rest = stage.timeline(.milliseconds(20))
    #expect(rest.compactMap { Self.left([$0.effect]).first } == [confirmed])
  }

  @Test func `a member that hears the goodbye often counts once, and is not told again`() {
    var stage = Self.stage(3)
    stage.answering = [Peer(1)]
    var effects = stage.handle(.leaveRequested)
    let rest = stage.timeline(.seconds(3))
    effects += rest.map(\.effect)
    #expect(
      rest.compactMap { entry in Self.left([entry.effect]).first.map { [entry.at, $0] } } == [[1_000, 1]])
    #expect(effects.sent(.ping, to: Peer(1).address).count == 1)
    #expect(effects.sent(.ping, to: Peer(2).address).count == 10)
  }

  @Test func `an answer to what was asked before the goodbye does not count for it`() throws {
    var stage = Self.stage(1, answering: false)
    let asked = try #require(stage.pass(.milliseconds(500)).sent(.ping, to: Peer(1).address).last)
    #expect(Self.left(stage.handle(.leaveRequested)) == [])
    #expect(Self.left(stage.receive(.ack, from: Peer(1), nonce: asked.message.nonce)) == [])
    #expect(Self.left(stage.pass(.seconds(3))) == [0])
  }

  @Test func `a node whom nobody hears stops after a second, having announced ten times`() {
    var stage = Self.stage(5, answering: false)
    var effects = stage.handle(.leaveRequested)
    let rest = stage.timeline(.seconds(3))
    #expect(rest.filter { !Self.left([$0.effect]).isEmpty }.map(\.at) == [1_000])
    effects += rest.filter { $0.at <= 1_000 }.map(\.effect)
    #expect(effects.sent(.ping).count == 40)
    #expect(Self.left(rest.map(\.effect)) == [0])
  }

  @Test func `a goodbye carries the last stamp, and says not ready`() {
    var stage = Self.stage(3)
    stage.pass(.seconds(2))
    _ = stage.handle(.setRequested(9, RequestID(1)))
    let effects = stage.handle(.leaveRequested)
    #expect(effects.sent(.ping).allSatisfy { $0.message.stamp == Stamp(generation: 1, value: 9) })
    #expect(effects.sent.allSatisfy { !$0.message.sender.isReady })
    #expect(stage.status.isLeaving)
  }

  @Test func `a leaving node outbids accusations with left, not with alive`() {
    var stage = Self.stage(3, answering: false)
    _ = stage.handle(.leaveRequested)
    var accusation = stage.own
    accusation.state = .suspect
    let before = stage.own
    // Of the same incarnation, left outranks it already: the accuser is told.
    #expect(stage.receive(from: Peer(1), rumours: [accusation]).told(of: before.address).contains(before))
    accusation.incarnation += 5
    stage.receive(from: Peer(1), rumours: [accusation])
    stage.pass(.milliseconds(900))
    #expect(stage.own.state == .left)
    #expect(stage.own.incarnation == accusation.incarnation + 1)
  }

  @Test func `a leaving node accuses nobody, contacts nobody and notifies nobody`() {
    var stage = Self.stage(3, answering: false)
    _ = stage.handle(.leaveRequested)
    let effects = stage.pass(.seconds(20))
    #expect(effects.reports.allSatisfy { if case .memberChanged = $0 { false } else { true } })
    #expect(effects.sent(.join).isEmpty)
    #expect(!effects.contains { if case .notify = $0 { true } else { false } })
  }

  @Test func `asking twice to leave leaves once`() {
    var stage = Self.stage(1)
    _ = stage.handle(.leaveRequested)
    _ = stage.handle(.leaveRequested)
    #expect(Self.left(stage.pass(.seconds(3))) == [1])
  }

  @Test func `a leaving node whose list is full keeps its own record`() {
    var stage = Stage { $0.maximumMembers = 5 }
    stage.join((1...4).map { Peer($0) }, answering: false)
    _ = stage.handle(.leaveRequested)
    stage.receive(from: Peer(1), rumours: [Peer(9).record()])
    #expect(stage.own.state == .left)
    #expect(stage.member(Peer(9)) == nil)
    #expect(stage.status.counters.dropped(.full) == 1)
  }

  @Test func `who accuses a member that said goodbye is told of it`() {
    var stage = Self.stage(3, answering: false)
    stage.receive(from: Peer(1), rumours: [Peer(1).record(.left)])
    for state in [Record.State.suspect, .dead] {
      let effects = stage.receive(from: Peer(2), rumours: [Peer(1).record(state, accuser: Peer(3).address)])
      #expect(effects.sent(.gossip, to: Peer(2).address).first?.message.rumours.first == Peer(1).record(.left))
    }
    // Who knows it already is not told again.
    let effects = stage.receive(from: Peer(2), rumours: [Peer(1).record(.left)])
    #expect(effects.sent(.gossip, to: Peer(2).address).isEmpty)
  }
}
