// More figures, deadlines and limits of a node that somebody could once change without any test noticing.

import Testing

@testable import Gossip

@Suite struct UnwatchedMomentsTests {
  private let start = Instant(microseconds: 0)

  @Test func `a newcomer of whom only an accusation is known is told as accused by its accuser`() {
    var stage = Stage()
    stage.join([Peer(1)])
    let told = stage.receive(from: Peer(1), rumours: [Peer(2).record(.suspect, accuser: Peer(3).address)])
    let reasons = told.reports.compactMap {
      if case .memberChanged(_, Peer(2).address, _, .suspect, let reason) = $0 { reason } else { nil }
    }
    #expect(reasons == [.told(by: Peer(3).address)])
  }

  @Test func `a death that we hear of is told as its accuser's word, or as the teller's where nobody is named`() {
    for (accuser, teller) in [(Peer(3).address, Peer(3).address), (nil, Peer(1).address)] as [(Address?, Address)] {
      var stage = Stage()
      stage.join([Peer(1), Peer(2), Peer(3)])
      let told = stage.receive(from: Peer(1), rumours: [Peer(2).record(.dead, accuser: accuser)])
      let reasons = told.reports.compactMap {
        if case .memberChanged(_, Peer(2).address, _, .suspect, let reason) = $0 { reason } else { nil }
      }
      #expect(reasons == [.told(by: teller)])
    }
  }

  @Test func `where no member pings us, three are asked in quick succession, and then one every five seconds`() {
    var reachability = Reachability(at: start)
    var gaps: [Int64] = []
    for _ in 1...6 {
      let due = reachability.deadline
      reachability.looked(asking: true, at: due)
      gaps.append((reachability.deadline - due).microseconds / 1_000_000)
    }
    #expect(gaps == [1, 1, 1, 5, 5, 5])
  }

  /// An answer with our nonce may come from another address than the one we asked. That does not prove that anybody at
  /// that address wants what we send there.
  @Test func `who answers a contact from where nobody was asked is told no more than it sent`() {
    var stage = Stage { $0.seeds = ["seed"] }
    let peers = (1...6).map { number in
      var peer = Peer(number)
      peer.name = String(repeating: "n", count: 60)
      return peer
    }
    stage.join(peers)
    // Claims without names, all out of date: for each, it should hear what we hold.
    let claims = peers.dropFirst().map { peer in
      var claim = peer.record(.suspect, incarnation: peer.incarnation - 1)
      claim.name = ""
      return claim
    }
    let contact = stage.handle(.resolved(seed: 0, [Peer(9).address], failure: nil)).sent(.join)[0]
    let elsewhere = Address(ipv4: 0xCB00_7101, port: 40_000)
    let answer = peers[0].message(.ack, nonce: contact.message.nonce, rumours: claims)
    let size = Wire.encode(answer, cluster: Stage.cluster).count
    let effects = stage.receive(.ack, from: peers[0], source: elsewhere, nonce: contact.message.nonce, rumours: claims)
    let told = effects.sent.filter { $0.to == elsewhere }
    #expect(!told.isEmpty)
    #expect(told.allSatisfy { $0.size <= size }, "\(told.map(\.size)) bytes for \(size)")
  }

  @Test func `a datagram from an address that nobody can have is counted, and so is nothing before any came`() {
    var stage = Stage()
    #expect(Message.Kind.allCases.allSatisfy { stage.status.counters.datagrams($0, .received) == 0 })
    stage.receive(from: Peer(1), source: Peer(1).address.with(port: 0))
    #expect(stage.status.counters.dropped(.address) == 1)
    #expect(stage.status.counters.datagrams(.gossip, .received) == 1)
  }

  @Test func `a round of probes that ends goes on with the next in the same moment`() {
    var stage = Stage { $0.probesInOrder = false }
    stage.join([Peer(1)])
    stage.pass(.seconds(1))
    let pings = stage.timeline(.seconds(8)).filter { ![$0.effect].sent(.ping, to: Peer(1).address).isEmpty }
    #expect(pings.count == 20, "\(pings.map(\.at))")
  }

  @Test func `it is shown how long ago a member was heard`() throws {
    var stage = Stage()
    stage.join([Peer(1)], answering: false)
    stage.time += 300_000
    let heard = try #require(stage.member(Peer(1))?.lastHeard)
    #expect(heard == .milliseconds(300))
  }

  @Test func `a member that comes to an end with an incarnation no clock reaches stays no longer than any other`() {
    var stage = Stage { $0.tombstoneLifetime = .seconds(20) }
    var peer = Peer(1)
    peer.incarnation = Stage.wall + 400 * 86_400_000_000
    stage.join([Peer(2), peer])
    #expect(stage.member(peer)?.status == .alive)
    stage.receive(from: peer, rumours: [peer.record(.left)])
    #expect(stage.member(peer)?.status == .left)
    stage.pass(.seconds(30))
    #expect(stage.member(peer) == nil)
  }

  @Test func `who is claimed by a newer process at its own address is told nothing`() throws {
    var stage = Stage()
    var newer = Peer(1)
    let contact = stage.receive(
      .join, from: newer, nonce: 7, rumours: [newer.record()], wantsIntroduction: true, padded: Wire.introductionSize)
    let ping = try #require(contact.sent(.ping, to: newer.address).first)
    newer.incarnation += 1
    let answered = stage.receive(.ack, from: newer, nonce: ping.message.nonce, rumours: [newer.record()])
    #expect(answered.sent(.notice).isEmpty)
    #expect(stage.member(newer)?.incarnation == newer.incarnation)
  }

  @Test func `after a long sleep a member with the lowest address is asked as well`() {
    var stage = Stage { $0.tombstoneLifetime = .seconds(600) }
    var lowest = Peer(1)
    lowest.address = Address(ipv4: 0x0900_0001, port: 7946)
    stage.join([lowest, Peer(2)])
    stage.pass(.seconds(2))
    stage.answering = []
    stage.time += 700_000_000
    let effects = stage.handle(.timePassed) + stage.pass(.seconds(30))
    #expect(Set(effects.sent(.join).map(\.to)) == [lowest.address, Peer(2).address])
  }

  @Test func `a summary of thirty-two members lists all, whoever changed`() {
    var stage = Stage()
    stage.join((1...31).map { Peer($0) })
    let summaries = stage.pass(.seconds(12)).reports.compactMap {
      if case .summary(let members, _, _) = $0 { members.count } else { nil }
    }
    #expect(!summaries.isEmpty && summaries.allSatisfy { $0 == 32 }, "\(summaries)")
  }

  @Test func `a summary that is wanted more often than once a second comes after each change`() {
    var stage = Stage { $0.reportInterval = .milliseconds(300) }
    stage.pass(.milliseconds(1_000))
    stage.join([Peer(1)])
    let summaries = stage.timeline(.seconds(1)).filter {
      if case .report(.summary) = $0.effect { true } else { false }
    }
    #expect(summaries.map(\.at) == [200, 500, 800])
  }

  @Test func `a node waits for whichever comes first, being alone or its first writes`() {
    var settings = Settings()
    settings.seeds = ["seed"]
    var gate = ReadinessGate(at: start, settings)
    let (alone, writes) = (start + settings.joinTimeout, start + settings.firstStampTimeout)
    #expect(gate.deadline == alone && gate.writesGoOnAt == writes)
    #expect(gate.advance(at: alone - .microseconds(1)) == nil)
    #expect(gate.advance(at: alone) == .alone)
    #expect(gate.deadline == .distantFuture)
    // And a node with a waiting write has the earlier deadline of the two.
    var stage = Stage { $0.seeds = ["seed"] }
    _ = stage.handle(.setRequested(5, RequestID(1)))
    let answered = stage.timeline(settings.joinTimeout).first { if case .answer = $0.effect { true } else { false } }
    #expect(answered?.at == Int(settings.firstStampTimeout.microseconds / 1_000))
  }

  @Test func `an answer to an accused member names the accusation though it came from another address`() {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.accuse(Peer(1), by: Peer(2))
    let mapped = Peer(1).address.with(port: 9999)
    let sent = stage.receive(.ping(target: Peer(0).address), from: Peer(1), source: mapped, nonce: 5, padded: 200).sent
    let accusations = sent.filter { $0.to == mapped }.flatMap(\.message.rumours)
    #expect(accusations.contains { $0.address == Peer(1).address && $0.state == .suspect })
  }

  @Test func `any number of confirmations shortens a suspicion, and none makes it end in a trap`() {
    let settings = Settings()
    var suspicion = Suspicion(
      of: Peer(1).address, incarnation: 1, accuser: Peer(1).address, isConfirmed: false, unanswered: 0,
      timeoutMultiplier: 1,
      firstPing: .zero, at: start)
    for number in 2...40 { _ = suspicion.confirm(by: Peer(number).address, wanted: 100) }
    #expect(suspicion.expiry(wanted: 100, settings) >= start + settings.suspicionMinimum)
  }
}
