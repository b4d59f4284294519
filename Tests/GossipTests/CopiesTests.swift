// What a node shows of others' copies is what they said themselves, in the listed incarnation.

import Testing

@testable import Gossip

@Suite struct CopiesTests {
  private static let written = Stamp(generation: 1, value: 7)

  /// A node that holds a write, and three members. It knows that the first holds it too.
  private static func stage() -> Stage {
    var stage = Stage { $0.pushes = [] }
    stage.join([Peer(1), Peer(2), Peer(3)], answering: false)
    stage.pass(.milliseconds(1_600))
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.time += 10
    stage.receive(from: current())
    return stage
  }

  private static func current() -> Peer {
    var peer = Peer(1)
    peer.stamp = written
    return peer
  }

  @Test func `a datagram that was overtaken takes nothing back`() {
    var stage = Self.stage()
    stage.receive(from: Peer(1))
    #expect(stage.member(Peer(1))?.convergence == .current)
    #expect(stage.member(Peer(1))?.stamp == Self.written)
  }

  @Test func `what an earlier life held says nothing of the next`() {
    var stage = Self.stage()
    var restarted = Peer(1)
    restarted.incarnation += 1_000
    stage.receive(from: Peer(2), rumours: [restarted.record()])
    #expect(stage.member(Peer(1))?.incarnation == restarted.incarnation)
    #expect(stage.member(Peer(1))?.convergence == .unheard)
    // The network held this up.
    stage.receive(from: Self.current())
    #expect(stage.member(Peer(1))?.convergence == .unheard)
    stage.receive(from: restarted)
    #expect(stage.member(Peer(1))?.convergence == .behind)
  }

  @Test func `what a life says that is not listed yet says nothing of the one that is`() {
    var stage = Self.stage()
    var restarted = Peer(2)
    restarted.incarnation += 1_000
    restarted.stamp = Self.written
    stage.receive(from: restarted)
    #expect(stage.member(Peer(2))?.incarnation == Peer(2).incarnation)
    #expect(stage.member(Peer(2))?.convergence == .unheard)
  }

  /// Behind a port mapping it answers from an address at which it cannot be asked.
  @Test func `who answers from elsewhere is told what it lacks where it was asked`() {
    var stage = Self.stage()
    let elsewhere = Address(ipv4: 0xCB00_7101, port: 40_000)
    guard let asked = stage.pass(.milliseconds(450)).sent(.ping).last,
      let peer = (1...3).map({ Peer($0) }).first(where: { $0.address == asked.to })
    else {
      Issue.record("no member is probed")
      return
    }
    let effects = stage.receive(.ack, from: peer, source: elsewhere, nonce: asked.message.nonce)
    #expect(effects.sent(.gossip, to: peer.address).count == 1)
    #expect(effects.sent.allSatisfy { $0.to != elsewhere })
    #expect(stage.member(peer)?.lastHeard == .zero)
  }

  @Test func `what another process says in a member's name says nothing of the member`() {
    var stage = Self.stage()
    // Another process now has this address, and answers as if it were this member.
    stage.accuse(Peer(3), by: Peer(2))
    let effects = stage.pass(.seconds(6))
    guard let contact = effects.sent(.join, to: Peer(3).address).last else {
      Issue.record("a dead member is not contacted")
      return
    }
    var false2 = Peer(2)
    false2.stamp = Self.written
    stage.receive(.ack, from: false2, source: Peer(3).address, nonce: contact.message.nonce)
    #expect(stage.member(Peer(2))?.convergence != .current)
  }
}
