// Rules that somebody could once remove from the core without any test noticing. Each test was seen to fail without its
// rule.
//
// They check only what goes into a node and what comes out of it, and nothing inside, so that they hold however the
// core is divided into parts.

import Testing

@testable import Gossip

@Suite struct UnwatchedTests {
  private static func notifies(_ effects: [Effect]) -> Int {
    effects.count { if case .notify = $0 { true } else { false } }
  }

  @Test func `requests to ping others that nobody answered make room for later ones`() {
    var stage = Stage.settled(3)
    stage.answering.removeAll { $0 == Peer(2) }
    let request = Message.Body.pingRequest(target: Peer(2).address, deadline: 100)
    func isServed(_ asker: Peer = Peer(1)) -> Bool {
      let before = stage.status.counters.dropped(.flood)
      let pings = stage.receive(request, from: asker, nonce: 7).sent(.ping, to: Peer(2).address)
      return !pings.isEmpty && stage.status.counters.dropped(.flood) == before
    }
    // More is a flood. It takes nothing from others, and the node keeps nothing of it for longer than a few seconds.
    let served = (1...400).count { _ in isServed() }
    #expect((20...60).contains(served), "\(served) of 400")
    stage.pass(.milliseconds(100))
    #expect(!isServed())
    #expect(isServed(Peer(3)))
    // The node still pings it, or it would have died of its silence by then.
    stage.answering.append(Peer(2))
    stage.pass(.seconds(6))
    #expect(isServed())
  }

  @Test(arguments: [true, false])
  func `a failed probe of a suspect says nothing about our own health, that of a member alive does`(isSuspect: Bool) {
    var stage = Stage.settled(2) {
      $0.helpers = 0
      $0.suspicionMaximum = .seconds(60)
      $0.confirmations = 0
      $0.suspicionMinimum = .seconds(60)
    }
    stage.answering.removeAll { $0 == Peer(1) }
    if isSuspect { stage.accuse(Peer(1), by: Peer(2)) }
    #expect(stage.member(Peer(1))?.status == (isSuspect ? .suspect : .alive))
    #expect(stage.pass(atMost: .seconds(10)) { $0.status.counters.failedProbes == 1 })
    #expect(stage.member(Peer(1))?.status == .suspect)
    #expect(stage.status.localHealth == (isSuspect ? 0 : 1))
  }

  @Test func `a suspect that another says is dead has no more time than one that everybody accuses`() throws {
    var stage = Stage.settled(5)
    stage.answering.removeFirst()
    stage.accuse(Peer(1), by: Peer(2))
    let said = stage.receive(from: Peer(2), rumours: [Peer(1).record(.dead, accuser: Peer(2).address)])
    #expect(said.changes(of: Peer(1)) == [])
    #expect(stage.member(Peer(1))?.status == .suspect)
    let died = try #require(stage.timeline(.seconds(3)).first { [$0.effect].changes(of: Peer(1)) == [.dead] }).at
    #expect((500...600).contains(died), "\(died) ms")
  }

  @Test func `who speaks with a newer incarnation than it is known by is asked at once who it is`() throws {
    var stage = Stage.settled(3)
    var peer = Peer(1)
    peer.incarnation += 1_000
    let ping = try #require(stage.receive(from: peer).sent(.ping, to: peer.address).first)
    #expect(ping.message.sender.wantsIntroduction)
    // It says so of itself: an incarnation without a name and a port makes no record.
    #expect(stage.member(peer)?.incarnation == Peer(1).incarnation)
    stage.receive(.ack, from: peer, nonce: ping.message.nonce, rumours: [peer.record()])
    #expect(stage.member(peer)?.incarnation == peer.incarnation)
    #expect(stage.receive(from: peer).sent(.ping, to: peer.address).isEmpty)
  }

  @Test func `a member that we hold dead and another holds alive is asked at once, so that it can object`() throws {
    var stage = Stage.settled(3)
    stage.answering.removeAll { $0 == Peer(1) }
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(1))?.status == .dead })
    let contacts = stage.receive(from: Peer(2), rumours: [Peer(1).record()]).sent(.join, to: Peer(1).address)
    #expect(contacts.count == 1)
    #expect(stage.member(Peer(1))?.status == .dead)
    // The node tells it of the accusation; it outbids that, and is back.
    #expect(contacts.first?.message.rumours.contains { $0.address == Peer(1).address && $0.state == .dead } == true)
    var returned = Peer(1)
    returned.incarnation += 1
    let nonce = try #require(contacts.first).message.nonce
    stage.receive(.ack, from: returned, nonce: nonce, rumours: [returned.record()])
    #expect(stage.member(Peer(1))?.status == .alive)
  }

  @Test func `who slept for longer than others remember asks all whom it knew before, also without seeds`() {
    var stage = Stage.settled(5) { $0.tombstoneLifetime = .seconds(600) }
    stage.answering = []
    stage.time += 700_000_000
    var effects = stage.handle(.timePassed)
    #expect(stage.status.members.count == 1)
    effects += stage.pass(.seconds(60))
    #expect(Set(effects.sent(.join).map(\.to)) == Set((1...5).map { Peer($0).address }))
  }

  /// A node that joins again knows only Peer(1)'s address, and hears of it from a member. Peer(1) never answers.
  @Test func `who lives by hearsay alone stays in the book until it has answered`() throws {
    var stage = Stage.settled(2) { $0.tombstoneLifetime = .seconds(600) }
    stage.answering = []
    stage.time += 700_000_000
    _ = stage.handle(.timePassed)
    stage.join([Peer(2)])
    stage.receive(from: Peer(2), rumours: [Peer(1).record()])
    #expect(stage.member(Peer(1))?.status == .alive)
    #expect(stage.pass(atMost: .seconds(20)) { $0.member(Peer(1))?.status == .dead })
    #expect(!stage.pass(.seconds(30)).sent(.join, to: Peer(1).address).isEmpty)
  }

  @Test func `that another process answers counts only from the address that was asked`() throws {
    var stage = Stage()
    let contact = stage.receive(
      .join, from: Peer(1), source: Peer(2).address, nonce: 5, rumours: [Peer(1).record()],
      wantsIntroduction: true, padded: Wire.introductionSize)
    let ping = try #require(contact.sent(.ping, to: Peer(1).address).first)
    for source in [Peer(3).address, Peer(2).address, Peer(1).address.with(port: 7947)] {
      let forged = stage.receive(.misdirected, from: Peer(3), source: source, nonce: ping.message.nonce)
      #expect(forged.sent(.notice).isEmpty)
    }
    // Nor does the owner of an address deny itself.
    #expect(stage.receive(.misdirected, from: Peer(1), nonce: ping.message.nonce).sent(.notice).isEmpty)
    let real = stage.receive(.misdirected, from: Peer(3), source: Peer(1).address, nonce: ping.message.nonce)
    #expect(real.sent(.notice).map(\.to) == [Peer(2).address])
  }

  @Test func `a probe fails at once for a "not me" of the address that was asked, and for no other's`() throws {
    var stage = Stage.settled(5)
    stage.answering.removeAll { $0 == Peer(1) }
    var probing: Sent?
    for _ in 0..<8_000 where probing == nil {
      probing = stage.pass(.milliseconds(1)).sent(.ping, to: Peer(1).address).first
    }
    let nonce = try #require(probing).message.nonce
    for source in [Peer(9).address, Peer(2).address] {
      stage.receive(.misdirected, from: Peer(9), source: source, nonce: nonce)
      #expect(stage.member(Peer(1))?.status == .alive)
    }
    stage.receive(.misdirected, from: Peer(9), source: Peer(1).address, nonce: nonce)
    #expect(stage.member(Peer(1))?.status == .suspect)
  }

  @Test func `a stamp above what others accept by notify is not posted to them, but travels by datagram`() {
    var stage = Stage.settled(2)
    let ceiling = Ceiling(wall: stage.now.wall + 10_000_000, released: 0).forStrangers
    var peer = Peer(1)
    for (generation, isPosted) in [(ceiling - 60_000_000, true), (ceiling, false)] {
      peer.stamp = Stamp(generation: generation, value: 1)
      #expect(stage.receive(from: peer).published == [peer.stamp])
      // By the end of this time the clock has not reached it, for one; and long has, for the other.
      let effects = stage.pass(.seconds(5))
      #expect((Self.notifies(effects) > 0) == isPosted, "\(generation)")
      #expect(effects.sent.allSatisfy { $0.message.stamp == peer.stamp })
    }
    #expect(Self.notifies(stage.pass(.seconds(10))) > 0)
  }

  @Test func `a notify above the ceiling changes nothing and is answered with the ceiling`() {
    var stage = Stage.settled(2)
    let ceiling = Ceiling(wall: stage.now.wall, released: 0).forStrangers
    let above = stage.handle(.notified(Stamp(generation: ceiling + 1, value: 5), by: "liar", RequestID(1)))
    #expect(above.answers == [.aboveCeiling(ceiling)])
    #expect(above.published.isEmpty && stage.status.stamp == .initial)
    let highest = Stamp(generation: ceiling, value: 5)
    #expect(stage.handle(.notified(highest, by: "liar", RequestID(2))).answers == [.accepted(highest)])
  }

  @Test func `all addresses of a seed are asked`() {
    let addresses = (1...12).map { Peer($0).address }
    var stage = Stage { $0.seeds = ["service"] }
    var asked = Set(stage.handle(.resolved(seed: 0, addresses, failure: nil)).sent(.join).map(\.to))
    var looked = 1
    for _ in 0..<30_000 where asked.count < addresses.count {
      for effect in stage.pass(.milliseconds(1)) {
        if case .resolve = effect {
          looked += 1
          asked.formUnion(stage.handle(.resolved(seed: 0, addresses, failure: nil)).sent(.join).map(\.to))
        }
      }
    }
    #expect(asked == Set(addresses), "\(asked.count) after \(looked) look-ups")
  }

  @Test func `who left or died is listed for an hour, and then no more`() {
    var stage = Stage.settled(4)
    stage.answering.removeAll { [Peer(1), Peer(2)].contains($0) }
    stage.receive(from: Peer(1), rumours: [Peer(1).record(.left)])
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(2))?.status == .dead })
    stage.pass(.seconds(3_580))
    #expect(stage.status.members.map(\.status) == [.alive, .left, .dead, .alive, .alive])
    let forgotten = stage.pass(.seconds(35)).reports.count { if case .memberForgotten = $0 { true } else { false } }
    #expect(forgotten == 2)
    #expect(stage.status.members.map(\.address) == [0, 3, 4].map { Peer($0).address })
  }

  @Test(arguments: [1, 3])
  func `whoever is live is found among any number of those who left`(live: Int) {
    // Without neighbours, which are not chosen at random.
    var stage = Stage {
      $0.pushes = [.zero]
      $0.ringNeighbours = 0
    }
    let peers = (1...live).map { Peer(1000 * $0) }
    stage.join(peers)
    stage.pass(.seconds(2))
    for start in stride(from: 1, to: 400, by: 10) {
      stage.receive(from: peers[0], rumours: (start..<start + 10).map { Peer($0).record() })
      stage.receive(from: peers[0], rumours: (start..<start + 10).map { Peer($0).record(.left) })
    }
    stage.pass(.seconds(5))
    #expect(stage.status.members.count { $0.status == .left } == 400)
    #expect(stage.status.members.count { $0.status == .alive } == live + 1)
    var unfound = 0
    for value in 1...20 {
      let effects = stage.handle(.setRequested(Int64(value), RequestID(UInt64(value))))
      if !effects.sent.contains(where: { $0.message.stamp.value == value }) { unfound += 1 }
      stage.pass(.milliseconds(500))
    }
    #expect(unfound == 0)
  }
}
