// Figures, deadlines and limits that somebody could once change without any test noticing. Each test was seen to fail
// with the change.

import Testing

@testable import Gossip

@Suite struct UnwatchedCountsTests {
  private let start = Instant(microseconds: 0)

  @Test func `a helper that could not reach the target at first may still vouch for it`() throws {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.pass(.seconds(2))
    stage.answering.removeAll { $0 == Peer(1) }
    var request: Sent?
    for _ in 0..<8_000 where request == nil { request = stage.pass(.milliseconds(1)).sent(.pingRequest).first }
    let nonce = try #require(request).message.nonce
    let vouch = Message.Body.indirectAck(target: Peer(1).address, incarnation: Peer(1).incarnation)
    stage.receive(.nack, from: Peer(2), nonce: nonce)
    stage.receive(vouch, from: Peer(2), nonce: nonce)
    stage.pass(.milliseconds(300))
    #expect(stage.status.counters.failedProbes == 0)
    #expect(stage.member(Peer(1))?.status == .alive)
  }

  @Test func `a difference from a member that no longer answers makes room for that from another`() {
    let settings = Settings()
    var antiEntropy = AntiEntropy(at: start, settings)
    func differs(from peer: Peer, at now: Instant) {
      let isTime = antiEntropy.isTimeToPull(
        from: peer.address, isEqual: false, isOnRequest: false, at: now, settings)
      #expect(!isTime)
    }
    differs(from: Peer(1), at: start)
    let due = antiEntropy.deadline(settings)
    var asked = antiEntropy.peerToAsk(at: due, settings)
    #expect(asked == Peer(1).address)
    let late = antiEntropy.deadline(settings)
    asked = antiEntropy.peerToAsk(at: late, settings)
    #expect(asked == nil)
    differs(from: Peer(2), at: late)
    asked = antiEntropy.peerToAsk(at: antiEntropy.deadline(settings), settings)
    #expect(asked == Peer(2).address)
  }

  @Test func `a newcomer that does not answer is asked three times in 0.6 s, also by a node with nothing else to do`() {
    var stage = Stage()
    let first = stage.receive(
      .join, from: Peer(1), nonce: 1, rumours: [Peer(1).record()], wantsIntroduction: true,
      padded: Wire.introductionSize)
    #expect(first.sent(.ping, to: Peer(1).address).count == 1)
    let line = stage.timeline(.seconds(2))
    #expect(line.filter { ![$0.effect].sent(.ping).isEmpty }.map(\.at) == [200, 400])
    #expect(line.filter { ![$0.effect].sent(.notice).isEmpty }.map(\.at) == [600])
  }

  @Test func `copies that are current, behind and unheard of are counted apart`() {
    var stage = Stage()
    stage.join((1...3).map { Peer($0) }, answering: false)
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.time += 1_000_000
    var current = Peer(1)
    current.stamp = Stamp(generation: 1, value: 7)
    stage.receive(from: current)
    stage.receive(from: Peer(2))
    let count = stage.status.convergence
    #expect((count.current, count.behind, count.unheard) == (1, 1, 1))
  }

  @Test func `datagrams and their bytes are counted by kind and direction`() {
    var stage = Stage()
    stage.join([Peer(1)], answering: false)
    let before = stage.status.counters
    let ping = Peer(1).message(.ping(target: Peer(0).address), nonce: 5, digest: stage.node.context.members.digest)
    let bytes = Wire.encode(ping, cluster: Stage.cluster)
    let sent = stage.handle(.received(bytes, from: Peer(1).address)).sent
    let after = stage.status.counters
    #expect(sent.map(\.message.body) == [.ack])
    #expect(after.datagrams(.ping, .received) == before.datagrams(.ping, .received) + 1)
    #expect(after.datagrams(.ack, .sent) == before.datagrams(.ack, .sent) + 1)
    #expect(after.bytesReceived == before.bytesReceived + UInt64(bytes.count))
    #expect(after.bytesSent == before.bytesSent + UInt64(sent.reduce(0) { $0 + $1.size }))
  }

  @Test func `members with an older stamp are answered a hundred times a second, and no more often`() {
    var stage = Stage { $0.notifyInterval = .seconds(1000) }
    stage.join([Peer(1)])
    _ = stage.handle(.setRequested(7, RequestID(1)))
    stage.pass(.milliseconds(100))
    var replies = 0
    for _ in 0..<2_000 {
      replies += stage.receive(from: Peer(1)).sent(.gossip).count
      stage.pass(.milliseconds(1))
    }
    // In two seconds, with those at once.
    #expect((220...262).contains(replies), "\(replies)")
  }

  @Test func `of what others hold against us the worst is refuted`() {
    let settings = Settings()
    var refutation = Refutation(at: start)
    refutation.note(Peer(0).record(.dead), own: Peer(0).incarnation)
    refutation.note(Peer(0).record(.suspect), own: Peer(0).incarnation)
    let refuted = refutation.take(at: refutation.deadline, settings)
    #expect(refuted?.state == .dead)
    #expect(refutation.deadline == .distantFuture)
  }

  @Test func `of a name that stands for very many addresses some are taken, others at the next look-up`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    let addresses = (1...2_000).map { Peer($0).address }
    seed.learnt(addresses, at: start, using: &generator)
    #expect(seed.count == SeedAddresses.perLookUp)
    let first = seed.next(2_000, using: &generator) { _ in true }
    seed.learnt(addresses, at: start + .seconds(1), using: &generator)
    let second = seed.next(2_000, using: &generator) { _ in true }
    #expect(Set(second) != Set(first))
  }

  @Test func `one member alone that left is forgotten after an hour as well`() {
    var stage = Stage()
    stage.join([Peer(1), Peer(2)])
    stage.receive(from: Peer(1), rumours: [Peer(1).record(.left)])
    #expect(stage.member(Peer(1))?.status == .left)
    stage.pass(.seconds(3_620))
    #expect(stage.member(Peer(1)) == nil)
  }

  @Test func `a challenge is answered by its own nonce, from its own address, within seconds`() throws {
    var admission = AdmissionControl(key: SecretKey(low: 1, high: 2), at: start, Settings())
    let (address, port) = (Peer(1).address, Peer(1).address.with(port: 7947))
    let challenge = admission.challenge(address, from: address, at: start)
    let nonce = try #require(challenge)
    #expect(admission.isChallenge(nonce, to: address, at: start + .seconds(4)))
    #expect(!admission.isChallenge(nonce, to: address, at: start + .seconds(8)))
    #expect(!admission.isChallenge(nonce, to: Peer(2).address, at: start))
    #expect(!admission.isChallenge(nonce, to: port, at: start))
    #expect(!admission.isChallenge(nonce &+ 1, to: address, at: start))
  }

  /// What the documents promise for a node that nobody configures.
  @Test func `limits are those that the README and the design state`() {
    let settings = Settings()
    #expect(settings.maximumMembers == 10_000)
    #expect(settings.strangerRate == 100)
    // The day of the release in microseconds since 1970. No honest clock is before it.
    #expect(settings.released > 1_790_000_000_000_000)
  }
}
