// Decisions that depend on one condition each: of two moments the earlier, of two names the one that is held, of two reasons
// either.

import Testing

@testable import Gossip

@Suite struct SmallDecisionsTests {
  private let start = Instant(microseconds: 0)

  @Test func `of two relays the one that is due first sets the deadline, whichever was asked first`() {
    let context = DecisionTests.context(3)
    for deadlines in [[100, 300], [300, 100]] as [[UInt16]] {
      var relays = Relays()
      var outbox = Outbox()
      for (index, deadline) in deadlines.enumerated() {
        let asker = Peer(index + 1).address
        let refusal = relays.accept(
          Peer(3).address, for: asker, deadline: deadline, nonce: 1, context, into: &outbox)
        #expect(refusal == nil)
      }
      let share = Int64(100_000 * context.settings.nackShare)
      #expect(relays.deadline == start + .microseconds(share))
    }
  }

  @Test func `a difference is pulled at once from the member that was asked about it, from others later`() {
    let settings = Settings()
    let moment = start + .milliseconds(1)
    for (isOnRequest, at, isTime) in [
      (true, moment, true), (false, moment, false), (false, start + settings.mismatchGrace, true),
    ] {
      var antiEntropy = AntiEntropy(at: start, settings)
      let peer = Peer(1).address
      let first = antiEntropy.isTimeToPull(
        from: peer, isEqual: false, isOnRequest: false, at: start, settings)
      let second = antiEntropy.isTimeToPull(
        from: peer, isEqual: false, isOnRequest: isOnRequest, at: at, settings)
      #expect(!first && second == isTime)
    }
  }

  @Test func `each pull is counted once`() {
    var stage = Stage.settled(3)
    stage.digests[Peer(2).address] = 1
    let pulls = stage.pass(.seconds(20)).sent(.pull).count
    #expect(pulls > 0)
    #expect(stage.node.counters.pulls == UInt64(pulls))
  }

  @Test func `a stamp that nobody may believe makes no node ready`() throws {
    var stage = Stage { $0.seeds = ["seed"] }
    var seed = Peer(1)
    /// The seed answers our contact, or our next one.
    func answered(_ stage: inout Stage, _ effects: [Effect]) throws {
      let contact = try #require(effects.sent(.join, to: seed.address).last)
      stage.receive(.ack, from: seed, nonce: contact.message.nonce, rumours: [seed.record()])
    }
    let effects = stage.handle(.resolved(seed: 0, [seed.address], failure: nil)) + stage.pass(.milliseconds(10))
    seed.stamp = Stamp(generation: stage.node.context.ceiling.forMembers + 60_000_000, value: 1)
    try answered(&stage, effects)
    #expect(stage.node.counters.dropped(.stamp) == 1)
    #expect(stage.node.readinessState == .starting)
    seed.stamp = Stamp(generation: 7, value: 70)
    stage.receive(from: seed)
    #expect(stage.node.readinessState == .ready(.synchronised))
  }

  @Test(arguments: [(UInt64(0), MemberStatus.dead), (1, .replaced)])
  func `a dead address is replaced when its name lives elsewhere with a higher incarnation`(
    above: UInt64, status: MemberStatus
  ) {
    var stage = Stage.settled(3)
    let dead = Peer(1)
    stage.answering.removeAll { $0 == dead }
    let isDead = stage.pass(atMost: .seconds(20)) { $0.member(dead)?.status == .dead }
    #expect(isDead)
    var successor = Peer(4)
    successor.name = dead.name
    successor.incarnation = dead.incarnation + above
    stage.join([successor])
    #expect(stage.member(dead)?.status == status)
  }

  @Test func `what a member at the lowest address holds is taken up when our stamp is given up`() {
    let years: UInt64 = 3 * 365 * 86_400_000_000
    var stage = Stage(wall: Stage.wall + years, address: Peer(9).address)
    var right = Peer(1)
    right.stamp = Stamp(generation: 7, value: 70)
    stage.join([right])
    stage.pass(.seconds(2))
    let lie = Stamp(generation: stage.node.context.ceiling.forStrangers, value: 666)
    _ = stage.handle(.notified(lie, by: "liar", RequestID(1)))
    stage.wallAtStart = Stage.wall
    _ = stage.handle(.timePassed)
    #expect(stage.node.stamp == right.stamp)
  }

  @Test func `in a fight over our address we say nothing of ourselves until we may outbid`() {
    var stage = Stage.settled(2)
    for _ in 0..<6 {
      let claim = Peer(0).record(.suspect, incarnation: stage.own.incarnation + 1, accuser: Peer(1).address)
      stage.receive(from: Peer(1), rumours: [claim])
      let isOutbid = stage.pass(atMost: .seconds(60)) { $0.own.incarnation > claim.incarnation }
      #expect(isOutbid)
    }
    // Our last word has been passed on as often as news are.
    stage.pass(.seconds(4))
    let claim = Peer(0).record(.alive, incarnation: stage.own.incarnation + 1)
    let effects = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 5, rumours: [claim])
    #expect(effects.sent(.ack, to: Peer(1).address).count == 1)
    #expect(effects.told(of: Peer(0).address).isEmpty, "it is lower than what they believe, and helps nobody")
  }

  @Test func `the digest's number of changes moves with each member that goes`() throws {
    var members = try #require(Membership(of: (0...3).map { Peer($0).record() }))
    let before = members.changes
    members.remove(at: 2)
    #expect(members.changes != before)
  }

  @Test func `a record of ours that is no longer worth outbidding is let go`() {
    // Noted while it was ahead of ours, which has been raised since for another reason.
    var refutation = Refutation(at: start)
    let own = Peer(0).record(incarnation: 10)
    #expect(refutation.merge(Peer(0).record(.suspect, incarnation: 10), own: own) == .disputed)
    #expect(refutation.take(own: Peer(0).record(incarnation: 11), at: start, Settings()) == nil)
  }

  @Test func `whether our address leads to us is first looked at after a second`() {
    #expect(Reachability(at: start).deadline == start + .seconds(1))
  }
}
