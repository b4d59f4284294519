// What others claim as their address: where that would lead us, and whom it would let in.

import Testing

@testable import Gossip

@Suite struct AddressClaimsTests {
  /// Addresses on the node's own machine.
  private static let loopback = Address(ipv4: 0x7F00_0001, port: 7999)

  private static func claiming(_ address: Address) -> Peer {
    var peer = Peer(9)
    peer.address = address
    return peer
  }

  /// A join of full length that names this address but comes from that one.
  private static func contact(_ stage: inout Stage, claiming address: Address, from source: Address) -> [Effect] {
    let peer = claiming(address)
    return stage.receive(
      .join, from: peer, source: source, nonce: 5, rumours: [peer.record()], wantsIntroduction: true,
      padded: Wire.introductionSize)
  }

  @Test(arguments: [
    loopback, Address(high: 0, low: 1, port: 7999), Address(high: 0xFD00 << 48, low: 9, port: 7946),
  ])
  func `a claim from elsewhere to be on our machine, or in a family that we have not, sends nothing there`(
    claimed: Address
  ) {
    var stage = Stage { $0.reach = .ipv4 }
    stage.join([Peer(1)])
    let source = Peer(9).address
    let effects = Self.contact(&stage, claiming: claimed, from: source) + stage.pass(.seconds(2))
    #expect(effects.sent.allSatisfy { $0.to != claimed })
    #expect(stage.status.counters.dropped(.address) == 1)
    #expect(stage.status.members.count == 2)
    // The node answers at once, with the nonce of its join.
    let notices = effects.sent(.notice)
    #expect(notices.map(\.to) == [source] && notices.first?.message.nonce == 5)
    #expect(notices.first?.message.body == .notice(.unreachable))
  }

  @Test func `a node on our machine that is met over loopback may advertise a loopback address`() throws {
    var stage = Stage()
    let effects = Self.contact(&stage, claiming: Self.loopback, from: Self.loopback)
    let ping = try #require(effects.sent(.ping, to: Self.loopback).first)
    let peer = Self.claiming(Self.loopback)
    stage.receive(.ack, from: peer, nonce: ping.message.nonce, rumours: [peer.record()])
    #expect(stage.member(peer)?.status == .alive)
  }

  @Test func `whoever answers our contact from elsewhere can't name our machine either`() {
    var stage = Stage { $0.seeds = ["seed"] }
    let contact = stage.handle(.resolved(seed: 0, [Peer(2).address], failure: nil)).sent(.join)[0]
    let peer = Self.claiming(Self.loopback)
    var effects = stage.receive(
      .ack, from: peer, source: Peer(2).address, nonce: contact.message.nonce, rumours: [peer.record()])
    effects += stage.pass(.milliseconds(50))
    #expect(effects.sent.allSatisfy { $0.to != Self.loopback })
    #expect(stage.member(peer) == nil)
  }

  @Test func `in a flood no challenge goes to our own machine`() {
    var stage = Stage { $0.strangerRate = 1 }
    var effects: [Effect] = []
    for _ in 1...20 { effects += Self.contact(&stage, claiming: Self.loopback, from: Peer(9).address) }
    #expect(effects.sent.allSatisfy { $0.to != Self.loopback })
  }

  /// A member tells something implausible of another, so that we ask that one, and a stranger claims to be it.
  @Test(arguments: [false, true])
  func `a stranger's short claim does not cut short a question of our own`(isDisturbed: Bool) {
    var stage = Stage()
    stage.join([Peer(1)])
    let asked = stage.receive(from: Peer(1), rumours: [Peer(2).record(incarnation: Stage.wall + 172_800_000_000)])
    if isDisturbed { stage.receive(.gossip, from: Peer(2), source: Peer(9).address) }
    let pings = (asked + stage.pass(.seconds(2))).sent(.ping, to: Peer(2).address)
    #expect(pings.map(\.size) == [Wire.introductionSize, Wire.introductionSize, Wire.introductionSize])
  }

  @Test func `nobody is pinged for itself, and one member's requests leave others their places`() {
    let context = Stage().joined([Peer(1), Peer(2), Peer(3)]).node.context
    var (relays, outbox) = (Relays(), Outbox())
    func ask(_ asker: Int, for target: Int) -> DropReason? {
      relays.accept(
        Peer(target).address, for: Peer(asker).address, deadline: 350, nonce: 1, context, into: &outbox)
    }
    #expect(ask(1, for: 1) == .notMember)
    let accepted = (1...100).count { _ in ask(1, for: 2) == nil }
    #expect(accepted == Relays.perMember)
    #expect(ask(3, for: 2) == nil && ask(1, for: 3) == .flood)
  }
}

extension Stage {
  /// With these as members.
  fileprivate func joined(_ peers: [Peer]) -> Stage {
    var stage = self
    stage.join(peers)
    return stage
  }
}
