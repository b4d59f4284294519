// Who is who: what strangers get, and what it takes to become a member.

import Testing

@testable import Gossip

@Suite struct VerificationTests {
  private static func notices(_ effects: [Effect]) -> [(to: Address, body: Message.Body, nonce: UInt64)] {
    effects.sent(.notice).map { ($0.to, $0.message.body, $0.message.nonce) }
  }

  @Test func `a newcomer is a member after it acked our nonce at its own address`() throws {
    var stage = Stage()
    let asked = stage.receive(
      .join, from: Peer(1), nonce: 5, rumours: [Peer(1).record()], wantsIntroduction: true,
      padded: Wire.introductionSize)
    #expect(stage.member(Peer(1)) == nil)
    let ping = try #require(asked.sent(.ping, to: Peer(1).address).first)
    stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce &+ 1, rumours: [Peer(1).record()])
    #expect(stage.member(Peer(1)) == nil)
    let effects = stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce, rumours: [Peer(1).record()])
    #expect(stage.member(Peer(1))?.status == .alive)
    #expect(
      effects.reports.contains(.memberChanged(name: "p1", Peer(1).address, from: nil, to: .alive, because: .joined)))
  }

  /// Our answers reach it, so that it lists us, and may ping us while we still ask at the address that it claims.
  @Test(arguments: [[], [6, 7, 8]] as [[UInt64]])
  func `a member that advertises a dead address gets into no list, and is told, whether it pings us meanwhile or not`(
    pings: [UInt64]
  ) {
    var stage = Stage()
    var liar = Peer(1)
    let source = liar.address
    liar.address = Address(ipv4: 0x0A63_6363, port: 7946)
    var effects = stage.receive(
      .join, from: liar, source: source, nonce: 5, rumours: [liar.record()], wantsIntroduction: true,
      padded: Wire.introductionSize)
    for nonce in pings {
      effects += stage.pass(.milliseconds(70))
      effects += stage.receive(.ping(target: Peer(0).address), from: liar, source: source, nonce: nonce)
    }
    effects += stage.pass(.seconds(3))
    #expect(stage.status.members.count == 1)
    // The node asks three times at the claimed address, and then tells the address from which the claim came.
    #expect(effects.sent(.ping, to: liar.address).count == 3)
    let notices = Self.notices(effects)
    #expect(notices.map(\.to) == [source])
    #expect(notices.first?.body == .notice(.unreachable) && notices.first?.nonce == 5)
  }

  @Test func `a newcomer that advertises a member's address does not replace it, and is told`() throws {
    var stage = Stage()
    stage.join([Peer(1)])
    var liar = Peer(1)
    liar.incarnation += 77
    liar.name = "liar"
    let contact = stage.receive(
      .join, from: liar, source: Peer(2).address, nonce: 5, rumours: [liar.record()], wantsIntroduction: true,
      padded: Wire.introductionSize)
    let ping = try #require(contact.sent(.ping, to: Peer(1).address).first)
    let effects = stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce, rumours: [Peer(1).record()])
    #expect(stage.member(Peer(1))?.name == "p1")
    #expect(stage.member(Peer(1))?.incarnation == Peer(1).incarnation)
    #expect(Self.notices(effects).map(\.to) == [Peer(2).address])
    #expect(Self.notices(effects).first?.body == .notice(.taken))
  }

  @Test func `a newcomer whose address another process answers with "not me" is told that it is taken`() throws {
    var stage = Stage()
    let contact = stage.receive(
      .join, from: Peer(1), source: Peer(2).address, nonce: 5, rumours: [Peer(1).record()],
      wantsIntroduction: true, padded: Wire.introductionSize)
    let ping = try #require(contact.sent(.ping, to: Peer(1).address).first)
    let effects = stage.receive(.misdirected, from: Peer(3), source: Peer(1).address, nonce: ping.message.nonce)
    #expect(Self.notices(effects).first?.body == .notice(.taken))
    #expect(stage.member(Peer(1)) == nil)
  }

  @Test func `of a node's own address nobody else is told to be the owner`() throws {
    var stage = Stage()
    var impostor = Peer(0)
    impostor.incarnation = stage.own.incarnation - 5
    let effects = stage.receive(
      .join, from: impostor, source: Peer(2).address, nonce: 5, rumours: [impostor.record()],
      wantsIntroduction: true, padded: Wire.introductionSize)
    #expect(Self.notices(effects).map(\.to) == [Peer(2).address])
    #expect(stage.own.incarnation == Stage.wall)
  }

  @Test func `who is told by the owner of the address that it is taken, reports it`() {
    // The notice names our own advertised address as its sender.
    var stage = Stage { $0.seeds = ["seed"] }
    let contact = stage.handle(.resolved(seed: 0, [Peer(5).address], failure: nil)).sent(.join)[0]
    var owner = Peer(0)
    owner.incarnation = stage.own.incarnation - 5
    let effects = stage.receive(.notice(.taken), from: owner, source: Peer(5).address, nonce: contact.message.nonce)
    #expect(effects.reports == [.advertisedAddressRefused(by: Peer(5).address, .taken)])
    // A notice that answers no contact of ours is worth nothing.
    #expect(stage.receive(.notice(.taken), from: owner, source: Peer(5).address, nonce: 99).reports == [])
  }

  @Test func `a claim that did not pay with a long datagram makes us ask its address once, and tell nobody`() {
    for (body, padded, isSelf, pings) in [
      (Message.Body.gossip, 0, false, 1), (.join, 0, false, 1), (.join, Wire.introductionSize, false, 3),
      (.gossip, 0, true, 1),
    ] {
      var stage = Stage()
      let source = isSelf ? Peer(1).address : Peer(90).address
      var effects = stage.receive(body, from: Peer(1), source: source, nonce: 5, padded: padded)
      effects += stage.pass(.seconds(2))
      #expect(effects.sent(.ping, to: Peer(1).address).count == pings, "\(body) of \(padded) bytes")
      #expect(effects.sent(.notice).count == (padded > 0 ? 1 : 0))
    }
  }

  @Test func `a short claim draws one short ping, and the long one only when that is answered`() throws {
    var stage = Stage()
    var effects = stage.receive(.gossip, from: Peer(1))
    effects += stage.pass(.seconds(2))
    let pings = effects.sent(.ping, to: Peer(1).address)
    #expect(pings.count == 1)
    #expect(pings.allSatisfy { $0.size <= 80 })
    // The address is real and says so. Now the node asks who it is, and it becomes a member.
    var other = Stage()
    let short = other.receive(.gossip, from: Peer(2)).sent(.ping, to: Peer(2).address)
    let ping = try #require(short.first)
    let long = other.receive(.ack, from: Peer(2), nonce: ping.message.nonce).sent(.ping, to: Peer(2).address)
    #expect(long.map(\.size) == [Wire.introductionSize])
    let asked = try #require(long.first)
    other.receive(.ack, from: Peer(2), nonce: asked.message.nonce, rumours: [Peer(2).record()])
    #expect(other.member(Peer(2))?.status == .alive)
  }

  @Test func `a node that advertises the address of its own seed finds out that it is another's`() throws {
    var stage = Stage { $0.seeds = ["seed"] }
    let resolved = stage.handle(.resolved(seed: 0, [Peer(0).address], failure: nil))
    let contact = try #require(resolved.sent(.join, to: Peer(0).address).first)
    #expect(stage.status.readiness == nil)
    var owner = Peer(0)
    owner.incarnation = stage.own.incarnation + 5
    let effects = stage.receive(.notice(.taken), from: owner, source: owner.address, nonce: contact.message.nonce)
    #expect(effects.reports == [.advertisedAddressRefused(by: owner.address, .taken)])
    #expect(stage.status.readiness == nil)
  }

  /// Every request that a stranger can send, at its smallest and padded.
  private static let questions: [(Message.Body, Int)] = [
    (.ping(target: Peer(0).address), 0), (.ping(target: Peer(3).address), 0),
    (.ping(target: Peer(0).address), Wire.introductionSize),
    (.join, 0), (.join, Wire.introductionSize), (.pull(after: nil, buckets: .init(repeating: 1, count: 128)), 0),
    (.pull(after: nil, buckets: .init(repeating: 1, count: 128)), 1184), (.gossip, 0), (.ack, 0), (.nack, 0),
    (.pingRequest(target: Peer(2).address, deadline: 200), 0), (.notice(.taken), 0), (.page(more: true), 0),
  ]

  @Test(arguments: questions.indices)
  func `what a stranger is answered is no larger than what it sent, or we would be a reflector`(index: Int) {
    let (body, padded) = Self.questions[index]
    var stage = Stage()
    stage.join((2...40).map { Peer($0) }, answering: false)
    stage.accuse(Peer(3), by: Peer(2))
    stage.pass(.milliseconds(50))
    for wantsIntroduction in [false, true] {
      // The datagram only claims to come from a third party's address.
      var message = Peer(99).message(body, nonce: 5)
      message.sender.wantsIntroduction = wantsIntroduction
      message.paddedSize = padded
      let bytes = Wire.encode(message, cluster: Stage.cluster)
      let source = Peer(90).address
      let answered = stage.handle(.received(bytes, from: source)).sent.filter { $0.to == source }
      #expect(answered.reduce(0) { $0 + $1.size } <= bytes.count)
      #expect(answered.count <= 1)
    }
  }

  @Test func `strangers are answered a hundred times a second, and the rest is a counter`() {
    var stage = Stage()
    let effects = (0..<1_000).flatMap { number in stage.receive(.join, from: Peer(10 + number % 200), nonce: 1) }
    #expect(effects.sent(.ack).count == 100)
    #expect(stage.node.counters.dropped(.flood) == 900)
    #expect(stage.node.verifications.count <= Verifications.Queue.unknown.capacity)
    stage.time += 1_000_000
    #expect(stage.receive(.join, from: Peer(5), nonce: 1).sent(.ack).count == 1)
  }

  @Test func `nothing that a stranger says is merged, neither its stamp nor its rumours`() {
    var stage = Stage()
    stage.join([Peer(2)])
    var stranger = Peer(1)
    stranger.stamp = Stamp(generation: 1_000, value: 1)
    for body in [Message.Body.gossip, .ping(target: Peer(0).address), .join, .ack, .page(more: false)] {
      let accusations = [Peer(2).record(.dead), Peer(3).record(), stage.own]
      stage.receive(body, from: stranger, nonce: 1, rumours: accusations)
      // Nor what somebody says in a member's name from another address.
      var forged = Peer(2)
      forged.stamp = stranger.stamp
      stage.receive(body, from: forged, source: Peer(66).address, nonce: 1, rumours: accusations)
    }
    #expect(stage.node.stamp == .initial)
    #expect(stage.status.members.map(\.status) == [.alive, .alive])
  }

  /// An address, our own, what our socket can send to, and whether the node accepts a member's word for it.
  private static let told: [(Address, Address, Settings.Reach, Bool)] = {
    let (lan, loopback) = (Address(ipv4: 0x0A00_0009, port: 7946), Address(ipv4: 0x7F00_0001, port: 7946))
    let (ipv6, loopback6) = (Address(high: 0xFD00 << 48, low: 9, port: 7946), Address(high: 0, low: 1, port: 7946))
    let (own, ownLoopback) = (Peer(0).address, Address(ipv4: 0x7F00_0001, port: 9000))
    return [
      (lan, own, .both, true), (lan, own, .ipv4, true), (lan, own, .ipv6, false), (lan, ownLoopback, .ipv4, true),
      (loopback, own, .both, false), (loopback6, own, .both, false), (loopback, ownLoopback, .ipv4, true),
      (loopback6, ownLoopback, .both, true), (ipv6, own, .both, true), (ipv6, own, .ipv6, true),
      (ipv6, own, .ipv4, false), (loopback6, ownLoopback, .ipv4, false),
    ]
  }()

  @Test(arguments: told.indices, [Record.State.alive, .suspect])
  func `of an address that we can't reach no member is believed`(index: Int, state: Record.State) {
    let (address, own, reach, isTaken) = Self.told[index]
    var stage = Stage(address: own) { $0.reach = reach }
    // The speaker is of our socket's address family.
    var teller = Peer(1)
    if reach == .ipv6 { teller.address = Address(high: 0xFD00 << 48, low: 1, port: 7946) }
    stage.join([teller])
    var peer = Peer(2)
    peer.address = address
    let effects = stage.receive(
      from: teller, rumours: [peer.record(state, accuser: state == .alive ? nil : teller.address)])
    #expect((stage.member(peer) != nil) == isTaken)
    #expect(stage.node.counters.dropped(.address) == (isTaken ? 0 : 1))
    if !isTaken { #expect(effects.sent.allSatisfy { $0.to != address }) }
    // Nor does the node ask it because of an incarnation that no clock can have reached.
    let absurd = peer.record(incarnation: 1 << 60)
    #expect(stage.receive(from: teller, rumours: [absurd]).sent(.ping, to: address).isEmpty == !isTaken)
  }

  @Test func `a member at a loopback address that speaks for itself from there is one`() {
    var stage = Stage()
    var peer = Peer(1)
    peer.address = Address(ipv4: 0x7F00_0001, port: 7946)
    stage.join([peer])
    #expect(stage.member(peer)?.status == .alive)
    // And then it accepts what others say of it.
    stage.join([Peer(2)])
    stage.accuse(peer, by: Peer(2))
    #expect(stage.member(peer)?.status == .suspect)
  }

  @Test func `indirect pings go to members and for members only, or we would ping anyone for anyone`() {
    var stage = Stage()
    stage.join([Peer(1)], answering: false)
    let victim = Peer(50).address
    let refused = stage.node.counters.dropped(.notMember)
    let byStranger = stage.receive(.pingRequest(target: Peer(1).address, deadline: 100), from: Peer(9), nonce: 1)
    #expect(byStranger.sent(.ping, to: Peer(1).address).isEmpty)
    let ofStranger = stage.receive(.pingRequest(target: victim, deadline: 100), from: Peer(1), nonce: 1)
    #expect(ofStranger.sent.filter { $0.to == victim }.isEmpty)
    // The node tells the member that asked, or that would take our silence for its own fault.
    #expect(ofStranger.sent(.nack, to: Peer(1).address).map(\.message.nonce) == [1])
    #expect(stage.node.counters.dropped(.notMember) == refused + 1)
  }

  @Test func `a ping is answered "not me" by every process but the one that it names`() {
    var stage = Stage()
    stage.join([Peer(1)], answering: false)
    for peer in [Peer(1), Peer(9)] {
      let other = stage.receive(.ping(target: Peer(7).address), from: peer, nonce: 4).sent
      #expect(other.filter { $0.message.nonce == 4 }.map(\.message.body) == [.misdirected])
      let own = stage.receive(.ping(target: Peer(0).address), from: peer, nonce: 4).sent
      #expect(own.filter { $0.message.nonce == 4 }.map(\.message.body) == [.ack])
    }
  }

  @Test func `our own packets coming back change nothing and are not answered`() {
    var stage = Stage()
    stage.join([Peer(1)])
    stage.pass(.seconds(2))
    let sent = stage.handle(.setRequested(5, RequestID(1))) + stage.pass(.seconds(2))
    let before = stage.status.members
    for case .send(let bytes, _) in sent {
      let effects = stage.handle(.received(bytes, from: Peer(0).address))
      #expect(effects.sent.isEmpty)
    }
    #expect(stage.status.members.map(\.incarnation) == before.map(\.incarnation))
    #expect(stage.status.members.count == 2)
  }
}
