import Testing

@testable import Gossip

@Suite struct ProbeTests {
  /// Lets one peer fall silent, and lets time pass until it is probed.
  private static func untilProbed(_ stage: inout Stage, _ peer: Peer) {
    stage.answering.removeAll { $0.address == peer.address }
    #expect(stage.pass(atMost: .seconds(10)) { $0.node.probe.attempt?.target == peer.address })
    // The first ping went out in this millisecond.
    stage.time = (stage.node.probe.attempt?.started.microseconds ?? 0) + 1
  }

  @Test func `a probe pings at 0, 70, 140 and 210 ms, asks three helpers at 100 and 200 ms, and fails at 350 ms`() {
    var stage = Stage.settled(6)
    Self.untilProbed(&stage, Peer(1))
    let line = stage.timeline(.milliseconds(350))
    #expect(line.filter { ![$0.effect].sent(.ping, to: Peer(1).address).isEmpty }.map(\.at) == [70, 140, 210])
    let requests = line.filter { ![$0.effect].sent(.pingRequest).isEmpty }
    #expect(requests.map(\.at) == [100, 100, 100, 200, 200, 200])
    #expect(Set(requests.map { [$0.effect].sent[0].to }).count == 3)
    #expect(line.filter { [$0.effect].changes(of: Peer(1)) == [.suspect] }.map(\.at) == [350])
    #expect(stage.node.counters.failedProbes == 1)
  }

  @Test func `an answer to any of the pings ends the probe`() throws {
    for answered in 0..<4 {
      var stage = Stage.settled(6)
      stage.answering.removeAll { $0 == Peer(1) }
      let line = stage.timeline(.seconds(8))
      let pings = line.filter { !([$0.effect].sent(.ping, to: Peer(1).address).isEmpty) }
      try #require(pings.count > 4)
      // Once more, up to just after that ping.
      stage = Stage.settled(6)
      stage.answering.removeAll { $0 == Peer(1) }
      stage.pass(.milliseconds(pings[answered].at))
      stage.receive(.ack, from: Peer(1), nonce: [pings[answered].effect].sent[0].message.nonce)
      #expect(stage.node.probe.attempt?.target != Peer(1).address)
      #expect(stage.node.counters.failedProbes == 0)
    }
  }

  @Test func `a helper's good word ends the probe`() throws {
    var stage = Stage.settled(6)
    Self.untilProbed(&stage, Peer(1))
    stage.pass(.milliseconds(99))
    let request = try #require(stage.pass(.milliseconds(1)).sent(.pingRequest).first)
    let helper = try #require(stage.answering.first { $0.address == request.to })
    let vouch = Message.Body.indirectAck(target: Peer(1).address, incarnation: Peer(1).incarnation)
    // About another member, or from another than asked, it is worth nothing.
    stage.receive(.indirectAck(target: Peer(2).address, incarnation: 1), from: helper, nonce: request.message.nonce)
    #expect(stage.node.probe.attempt?.target == Peer(1).address)
    stage.receive(vouch, from: helper, nonce: request.message.nonce)
    #expect(stage.node.probe.attempt == nil)
    #expect(stage.pass(.milliseconds(300)).changes(of: Peer(1)) == [])
  }

  @Test func `every second probe walks in address order, the others through a shuffled round of all`() throws {
    var stage = Stage.settled(6)
    var targets: [Address] = []
    var last: Instant?
    for _ in 0..<40_000 where targets.count < 48 {
      stage.pass(.milliseconds(1))
      guard let attempt = stage.node.probe.attempt, attempt.started != last else { continue }
      last = attempt.started
      targets.append(attempt.target)
    }
    try #require(targets.count == 48)
    let first = targets.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    let second = targets.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    let walks = [first, second]
    let isWalk = walks.map { walk in
      zip(walk, walk.dropFirst()).allSatisfy { before, after in
        let number = (1...6).first { Peer($0).address == before } ?? 0
        return after == Peer(number % 6 + 1).address
      }
    }
    #expect(isWalk.count { $0 } == 1)
    let shuffled = walks[isWalk[0] ? 1 : 0]
    // Whatever the phase, some six in a row begin a round, and from there each round probes everybody.
    let phase = (0..<6).first { phase in
      stride(from: phase, to: 18 - 5 + phase, by: 6).allSatisfy { Set(shuffled[$0..<$0 + 6]).count == 6 }
    }
    #expect(phase != nil)
  }

  /// The members probed one after the other at this local health, and where the walk was each time.
  private static func probes(_ count: Int, at health: Int) -> [(target: Address, walk: Address?)] {
    var stage = Stage.settled(8)
    var probes: [(target: Address, walk: Address?)] = []
    while probes.count < count {
      // Each answer would restore a point.
      stage.node.probe.worsenHealth(by: health - stage.node.probe.localHealth, stage.node.settings)
      // Up to the next deadline, so that a ping goes out at the end.
      let effects = stage.pass(.microseconds(max(1, stage.node.nextDeadline.microseconds - stage.time)))
      let period = stage.now.wall / UInt64(stage.node.settings.period.microseconds)
      let walk = stage.node.context.members.active(period / 2, after: Peer(0).address)
      probes += effects.sent(.ping).map { ($0.to, walk) }
    }
    return probes
  }

  @Test(arguments: 0...8)
  func `list and walk take turns at any local health`(health: Int) {
    let isWalk = Self.probes(32, at: health).map { $0.target == $0.walk }
    // Half of them follow the walk, and an eighth of the others hit it by chance.
    let walked = isWalk.count { $0 }
    #expect((14...24).contains(walked), "\(walked) of 32")
    let even = stride(from: 0, to: 32, by: 2).allSatisfy { isWalk[$0] }
    let odd = stride(from: 1, to: 32, by: 2).allSatisfy { isWalk[$0] }
    #expect(even || odd)
  }

  @Test func `everybody is asked within 2n periods, so that no crash waits longer`() {
    for peers in [2, 5, 9] {
      var stage = Stage.settled(peers)
      var asked = Set<Address>()
      _ = stage.timeline(.milliseconds(800 * peers + 400)).map { [$0.effect].sent(.ping).map { asked.insert($0.to) } }
      #expect(asked.count == peers)
    }
  }

  @Test func `a probe that fails although helpers spoke says nothing about our own health`() {
    var stage = Stage.settled(6)
    Self.untilProbed(&stage, Peer(1))
    stage.pass(.milliseconds(351))
    #expect(stage.member(Peer(1))?.status == .suspect)
    #expect(stage.status.localHealth == 0)
  }

  @Test func `silence of helpers that were just heard is counted against ourselves, and slows us down`() throws {
    var stage = Stage.settled(3)
    Self.untilProbed(&stage, Peer(1))
    let helpers = stage.answering
    stage.answering = []
    for helper in helpers { stage.receive(from: helper) }
    stage.pass(.milliseconds(351))
    #expect(stage.status.localHealth == 2)
    // The next probe takes three times as long.
    stage.node.suspicions.removeAll()
    let begun = stage.pass(atMost: .seconds(3)) { $0.node.probe.attempt != nil }
    #expect(begun)
    #expect(stage.node.probe.attempt?.stretch == 3)
  }

  @Test func `silence of helpers that were not heard for a period proves nothing about ourselves`() {
    var stage = Stage.settled(3) { $0.indirectPings = [.milliseconds(300)] }
    stage.answering = []
    // At the third failure no helper would be left, which rightly counts against ourselves.
    #expect(stage.pass(atMost: .seconds(3)) { $0.node.counters.failedProbes == 2 })
    #expect(stage.status.localHealth == 0)
  }

  @Test func `an answered probe restores health, one point at a time`() {
    var stage = Stage.settled(3)
    stage.node.probe.worsenHealth(by: 3, stage.node.settings)
    #expect(stage.status.localHealth == 3)
    #expect(stage.pass(atMost: .seconds(20)) { $0.status.localHealth == 2 })
    #expect(stage.pass(atMost: .seconds(20)) { $0.status.localHealth == 0 })
    stage.node.probe.worsenHealth(by: 100, stage.node.settings)
    #expect(stage.status.localHealth == stage.node.settings.maximumLocalHealth)
  }

  @Test func `the times of a probe follow the measured round trip`() {
    var stage = Stage.settled(3)
    let index = stage.node.context.members.index(of: Peer(1).address)!
    stage.node.context.members.observe(at: index) { for _ in 0..<50 { $0.answered(after: .milliseconds(210)) } }
    let stretch = stage.node.context.timeoutMultiplier(for: stage.node.context.members[index])
    #expect((2.9...3.3).contains(stretch), "\(stretch)")
    // Its first answers alone say little if all others are quick.
    for number in 1...4 {
      var newcomer = Member(record: Peer(2).record(), since: stage.node.context.time)
      for _ in 0..<number { newcomer.answered(after: .milliseconds(140)) }
      let multiplier = stage.node.context.timeoutMultiplier(for: newcomer)
      #expect((multiplier > 1.5) == (number == 4), "\(multiplier) after \(number) answers")
    }
    // The node waits for a member on another continent, but not for ever.
    stage.node.context.members.observe(at: index) { for _ in 0..<50 { $0.answered(after: .seconds(20)) } }
    #expect(stage.node.context.timeoutMultiplier(for: stage.node.context.members[index]) == 10)
  }

  @Test func `we ping for a member, and pass the good answer on with its nonce`() throws {
    var stage = Stage.settled(3)
    let request = Message.Body.pingRequest(target: Peer(2).address, deadline: 200)
    stage.answering = []
    let ping = try #require(stage.receive(request, from: Peer(1), nonce: 77).sent(.ping, to: Peer(2).address).first)
    let vouch = stage.receive(.ack, from: Peer(2), nonce: ping.message.nonce).sent(.indirectAck)
    #expect(vouch.map(\.to) == [Peer(1).address])
    #expect(vouch.map(\.message.nonce) == [77])
    #expect(vouch[0].message.body == .indirectAck(target: Peer(2).address, incarnation: Peer(2).incarnation))
  }

  @Test func `a member that returns ends the probe that began before, which asked in the partition`() {
    var stage = Stage.settled(6)
    Self.untilProbed(&stage, Peer(1))
    stage.pass(.milliseconds(300))
    var peer = Peer(1)
    peer.incarnation += 1
    stage.receive(from: peer, rumours: [peer.record()])
    #expect(stage.node.probe.attempt == nil)
    #expect(stage.pass(.milliseconds(60)).changes(of: peer) == [])
    #expect(stage.node.counters.failedProbes == 0)
  }

  @Test func `one answer that waited in a stopped process's socket stretches no probe for long`() {
    var roundTrip = RoundTrip()
    for _ in 0..<20 { roundTrip.measured(.milliseconds(1)) }
    roundTrip.measured(.seconds(30))
    #expect(roundTrip.bound < 200_000)
    for _ in 0..<20 { roundTrip.measured(.milliseconds(1)) }
    #expect(roundTrip.bound < 70_000)
    // After a few answers the node accepts that a network is slow.
    for _ in 0..<20 { roundTrip.measured(.milliseconds(400)) }
    #expect(roundTrip.bound > 400_000)
  }

  @Test func `an answered probe of a slow member does not hold up the next one`() {
    var stage = Stage.settled(3)
    for peer in 1...3 {
      let index = stage.node.context.members.index(of: Peer(peer).address)!
      stage.node.context.members.observe(at: index) { for _ in 0..<50 { $0.answered(after: .milliseconds(700)) } }
    }
    let probes = stage.pass(.seconds(4)).sent(.ping).count
    // One in each period, although each had ten times as long.
    #expect((9...12).contains(probes), "\(probes) in 4 s")
  }

  @Test func `a helper that holds the target dead says so at once, and its silence is nobody's fault`() {
    var stage = Stage.settled(3)
    stage.answering.removeAll { $0 == Peer(2) }
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(2))?.status == .dead })
    let request = Message.Body.pingRequest(target: Peer(2).address, deadline: 200)
    let sent = stage.receive(request, from: Peer(1), nonce: 77).sent
    #expect(sent.filter { $0.to == Peer(2).address }.isEmpty)
    #expect(sent.filter { $0.message.body == .nack }.map(\.message.nonce) == [77])
  }

  @Test func `without an answer we say so at 80 % of the asker's deadline, and a late answer still counts`() throws {
    var stage = Stage.settled(3)
    stage.answering = []
    let request = Message.Body.pingRequest(target: Peer(2).address, deadline: 200)
    let ping = try #require(stage.receive(request, from: Peer(1), nonce: 77).sent(.ping, to: Peer(2).address).first)
    let nacks = stage.timeline(.milliseconds(400)).filter { ![$0.effect].sent(.nack).isEmpty }
    #expect(nacks.map(\.at) == [160])
    #expect([nacks[0].effect].sent[0].message.nonce == 77)
    let late = stage.receive(.ack, from: Peer(2), nonce: ping.message.nonce)
    #expect(late.sent(.indirectAck, to: Peer(1).address).count == 1)
  }

  @Test func `a dozen answers that waited in the socket of a stopped process count as one`() {
    var roundTrip = RoundTrip()
    let period = Settings().period
    for second in 0..<20 {
      roundTrip.measured(.milliseconds(1), at: Instant(microseconds: Int64(second) * 1_000_000), period: period)
    }
    let resumed = Instant(microseconds: 30_000_000)
    for late in 0..<12 { roundTrip.measured(.milliseconds(1300 - 100 * late), at: resumed, period: period) }
    #expect(roundTrip.bound < 200_000)
  }
}
