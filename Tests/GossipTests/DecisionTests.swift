// What each part decides, without a node: whom a probe asks and how it ends, when a suspicion ends, whom a push goes to.

import Testing

@testable import Gossip

@Suite struct DecisionTests {
  /// What a part may read in a cluster of so many other peers, so long after the start.
  static func context(_ peers: Int, at time: Duration = .zero, _ change: (inout Settings) -> Void = { _ in })
    -> Context
  {
    var settings = Settings()
    change(&settings)
    let start = Instant(microseconds: 0)
    let records = (0...peers).map { Peer($0).record() }
    guard let members = Membership(of: records) else { preconditionFailure("no members") }
    return Context(
      identity: Identity(address: Peer(0).address, name: "p0", httpPort: 8080), settings: settings,
      now: Now(monotonic: start + time, wall: Stage.wall), members: members)
  }

  private static func asked(_ outbox: Outbox) -> [(to: Address, purpose: PendingRequests.Purpose?)] {
    (0..<outbox.count).compactMap { index in
      guard case .datagram(let datagram) = outbox[index] else { return nil }
      return (datagram.destination, datagram.purpose)
    }
  }

  // MARK: Probe

  /// Runs a probe through so many milliseconds, one by one.
  private static func course(
    of probe: inout Probe, _ milliseconds: Range<Int>, peers: Int = 5,
    _ each: (inout Probe, Int, [(to: Address, purpose: PendingRequests.Purpose?)]) -> Void = { _, _, _ in }
  ) -> Probe.Failure? {
    var generator = Generator(seed: 1)
    for millisecond in milliseconds {
      var outbox = Outbox()
      let context = context(peers, at: .milliseconds(millisecond)) { $0.probesInOrder = false }
      if let failure = probe.advance(context, using: &generator, into: &outbox) { return failure }
      each(&probe, millisecond, asked(outbox))
    }
    return nil
  }

  @Test func `a probe pings four times and asks three helpers twice, and then its target has failed`() throws {
    var probe = Probe(at: Instant(microseconds: 0))
    var pings: [Int] = []
    var requests: [Int] = []
    var target: Address?
    let failure = Self.course(of: &probe, 0..<400) { probe, millisecond, sent in
      target = probe.attempt?.target
      for (to, purpose) in sent {
        if purpose == .probe, to == target { pings.append(millisecond) } else { requests.append(millisecond) }
      }
    }
    #expect(pings == [0, 70, 140, 210])
    #expect(requests == [100, 100, 100, 200, 200, 200])
    #expect(failure == Probe.Failure(target: try #require(target), pings: 4))
    // We have heard nobody before, so the fault is hardly ours.
    #expect(probe.localHealth == 0 && probe.attempt == nil)
  }

  @Test func `an answer ends a probe without a verdict, and takes a doubt about ourselves away`() {
    var probe = Probe(at: Instant(microseconds: 0))
    probe.worsenHealth(by: 2, Settings())
    let failure = Self.course(of: &probe, 0..<300) { probe, millisecond, _ in
      guard millisecond == 80, let target = probe.attempt?.target else { return }
      probe.answered(by: target, Settings())
    }
    #expect(failure == nil && probe.localHealth == 1 && probe.attempt == nil)
  }

  @Test func `another process at the address fails the probe at once, or makes it the next`() throws {
    let context = Self.context(5) { $0.probesInOrder = false }
    var probe = Probe(at: Instant(microseconds: 0))
    _ = Self.course(of: &probe, 0..<1)
    let target = try #require(probe.attempt?.target)
    let other = try #require((1...5).map { Peer($0).address }.first { $0 != target })
    #expect(probe.anotherAnswered(for: other, context) == nil)
    #expect(probe.anotherAnswered(for: target, context) == Probe.Failure(target: target, pings: 1))
    _ = Self.course(of: &probe, 400..<402)
    #expect(probe.attempt?.target == other)
  }

  @Test func `whoever leaves probes nobody`() {
    var probe = Probe(at: Instant(microseconds: 0))
    probe.stop()
    var sent = 0
    _ = Self.course(of: &probe, 0..<2_000) { _, _, datagrams in sent += datagrams.count }
    #expect(sent == 0)
  }

  // MARK: Suspicion

  @Test(arguments: [0, 1, 2, 3])
  func `a suspicion ends the sooner the more members confirm it, and never before four pings`(accusers: Int) {
    var (suspicions, generator) = (Suspicions(), Generator(seed: 1))
    var context = Self.context(8)
    let member = context.members[context.members.index(of: Peer(1).address)!]
    suspicions.begin(
      of: member, incarnation: member.incarnation, Suspicions.Accusation(accuser: Peer(2).address, isOurs: true),
      context,
      using: &generator)
    let news = (0..<accusers).map { suspicions.confirm(Peer(1).address, by: Peer(3 + $0).address, context) }
    #expect(news.map { $0 != nil } == [true, true, false].prefix(accusers).map { $0 })
    var (pings, expired) = (0, 0)
    for millisecond in 0..<2_000 where expired == 0 {
      var outbox = Outbox()
      context = Self.context(8, at: .milliseconds(millisecond))
      let verdicts = suspicions.advance(context, into: &outbox)
      pings += outbox.count
      if verdicts.expired == [Peer(1).address] { expired = millisecond }
    }
    #expect(pings >= 4)
    // It falls from the maximum to the minimum with the logarithm of the confirmations, rounded up to the next ping.
    #expect(expired == [1_400, 900, 500, 500][accusers], "\(expired)")
  }

  @Test func `a suspect that answers is not declared dead, however long it is accused`() {
    var (suspicions, generator) = (Suspicions(), Generator(seed: 1))
    let context = Self.context(3)
    let member = context.members[context.members.index(of: Peer(1).address)!]
    suspicions.begin(
      of: member, incarnation: member.incarnation, Suspicions.Accusation(isConfirmed: true), context, using: &generator)
    for millisecond in 0..<5_000 {
      var outbox = Outbox()
      let verdicts = suspicions.advance(Self.context(3, at: .milliseconds(millisecond)), into: &outbox)
      #expect(verdicts == Suspicions.Verdicts())
      if outbox.count > 0 { suspicions.answered(Peer(1).address) }
    }
  }

  // MARK: Push

  @Test func `a write goes to two neighbours and two others that lack it, and to nobody who has it`() {
    var generator = Generator(seed: 1)
    let stamp = Stamp(generation: 1, value: 7)
    for holders in 0...9 {
      var context = Self.context(9)
      for holder in 0..<holders {
        let index = context.members.index(of: Peer(1 + holder).address)!
        context.members.observe(at: index) { $0.stamp = stamp }
      }
      var push = Push(at: context.time - .seconds(1), context.settings)
      push.changed(.stamp, at: context.time, context.settings)
      let peers = push.advance(stamp, context, using: &generator)
      #expect(peers.count == min(4, 9 - holders) && Set(peers).count == peers.count)
      #expect(peers.allSatisfy { peer in !(0..<holders).contains { Peer(1 + $0).address == peer } })
      if holders == 0 { #expect(peers.contains(Peer(1).address) && peers.contains(Peer(9).address)) }
    }
  }

  // MARK: Relay

  @Test func `a helper that hears nothing says so at four fifths of the asker's time, once, and still vouches later`() {
    var (relays, nacks) = (Relays(), [Int]())
    var outbox = Outbox()
    let refusal = relays.accept(
      Peer(2).address, for: Peer(1).address, deadline: 250, nonce: 9, Self.context(3), into: &outbox)
    #expect(refusal == nil && Self.asked(outbox).map(\.purpose) == [.relay(1)])
    for millisecond in 0..<1_000 {
      var later = Outbox()
      relays.advance(at: Instant(microseconds: Int64(millisecond) * 1_000), into: &later)
      if later.count > 0 { nacks.append(millisecond) }
    }
    #expect(nacks == [200])
    var answer = Outbox()
    relays.answered(1, by: Message.Sender(address: Peer(2).address, incarnation: 5), into: &answer)
    #expect(Self.asked(answer).map(\.to) == [Peer(1).address] && relays.count == 0)
  }
}
