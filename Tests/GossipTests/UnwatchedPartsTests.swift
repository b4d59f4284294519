// What parts keep and limit, and somebody could once change without any test noticing.

import Testing

@testable import Gossip

@Suite struct UnwatchedPartsTests {
  private let start = Instant(microseconds: 0)

  // MARK: Limits

  /// An incoming datagram may be longer than one of ours, by the bytes that are reserved for the seal.
  @Test func `a pull as long as any datagram may be is answered with what we may send`() {
    var stage = Stage.settled(60)
    for size in [Wire.maximumPlainSize + 1, Wire.maximumSize] {
      // Ours would not be that long, so the padding is made by hand.
      var bytes = Wire.encode(
        Peer(1).message(.pull(after: nil, buckets: .init(repeating: 1, count: 128)), nonce: 3), cluster: Stage.cluster)
      bytes.removeLast(4)
      bytes += [UInt8](repeating: 0, count: size - 4 - bytes.count)
      let checksum = Checksum.crc32c(bytes[...])
      bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> $0) }
      let page = stage.handle(.received(bytes, from: Peer(1).address)).sent(.page)
      #expect(page.count == 1 && page.allSatisfy { $0.size <= Wire.maximumPlainSize && $0.size > 1_000 })
    }
  }

  @Test func `a peer that always has more is asked for as many pages as a full list has, and no more`() throws {
    var stage = Stage { $0.maximumMembers = 8 }
    stage.join([Peer(1)])
    stage.digests[Peer(1).address] = 1
    var pages = 0
    for _ in 0..<8_000 {
      for pull in stage.pass(.milliseconds(1)).sent(.pull) {
        guard pages < 50 else { break }
        pages += 1
        // Tombstones of nobody: nothing of them is stored, and each is further on than the last.
        stage.receive(
          .page(more: true), from: Peer(1), nonce: pull.message.nonce, digest: 1,
          rumours: [Peer(1_000 + pages).record(.left)])
      }
      if pages > 0 && stage.node.antiEntropy.pull == nil { break }
    }
    #expect(pages == 4)
  }

  @Test func `a second's flood of newcomers draws twice the challenges of a second at most`() {
    var stage = Stage()
    var challenges = 0
    for number in 0..<12_000 {
      if number % 12 == 0 { stage.time += 1_000 }
      let newcomer = Peer(1 << 16 + number)
      challenges += stage.receive(.join, from: newcomer, nonce: 1, padded: Wire.introductionSize).sent(.ping).count {
        $0.size < 100
      }
    }
    #expect((3_000...8_000).contains(challenges), "\(challenges)")
  }

  @Test func `doubts about ourselves end at eight, and it is said at most every ten minutes that no seed answers`() {
    var stage = Stage.settled(2)
    stage.node.probe.worsenHealth(by: 100, stage.node.settings)
    #expect(stage.status.localHealth == 8)
    var alone = Stage { $0.seeds = ["seed"] }
    let told = alone.timeline(.seconds(10_000)).filter {
      if case .report(.noSeedAnswered) = $0.effect { true } else { false }
    }.map(\.at)
    #expect(zip(told, told.dropFirst()).allSatisfy { $1 - $0 <= 602_000 } && told.count > 15)
  }

  // MARK: Detection

  @Test func `a suspicion ends the sooner with each of eight confirmations, by their logarithm`() {
    var settings = Settings()
    (settings.suspicionMaximum, settings.suspicionMinimum) = (.seconds(10), .seconds(1))
    var suspicion = Suspicion(
      of: Peer(1).address, incarnation: 1, accuser: Peer(2).address, isConfirmed: false, unanswered: 0,
      timeoutMultiplier: 1, firstPing: .zero, at: start)
    var ends: [Double] = []
    for confirmation in 0...8 {
      if confirmation > 0 { _ = suspicion.confirm(by: Peer(2 + confirmation).address, wanted: 8) }
      ends.append((suspicion.expiry(wanted: 8, settings) - start).inSeconds)
    }
    // The logarithms to base 2 of 1 to 9.
    let logarithms = [0, 1, 1.585, 2, 2.322, 2.585, 2.807, 3, 3.170]
    for (end, logarithm) in zip(ends, logarithms) { #expect(abs(end - (10 - 9 * logarithm / 3.170)) < 0.01) }
  }

  @Test func `of a member that never answered we wait as long as for the others, and of one that did no longer`() {
    var stage = Stage.settled(2)
    let index = stage.node.context.members.index(of: Peer(1).address)!
    for _ in 0..<50 {
      stage.node.context.members.answered(
        at: index, after: .milliseconds(400), at: stage.node.context.time, period: stage.node.settings.period)
    }
    let stranger = Member(record: Peer(9).record(), since: start)
    #expect(stage.node.context.timeoutMultiplier(for: stranger) > 2)
    // The node also waits longer for a page from a slow member.
    var (antiEntropy, outbox) = (AntiEntropy(at: start, stage.node.settings), Outbox())
    antiEntropy.met(Peer(1).address, stage.node.context, into: &outbox)
    let wait = antiEntropy.pull.map { $0.due - stage.node.context.time } ?? .zero
    #expect(wait > .milliseconds(400), "\(wait)")
  }

  @Test func `a probe is voided by its own target's word, and by nobody else's`() {
    for (address, isVoided) in [(Peer(1).address, true), (Peer(2).address, false), (nil, true)] as [(Address?, Bool)] {
      var stage = Stage.settled(1)
      stage.answering = []
      #expect(stage.pass(atMost: .seconds(1)) { $0.node.probe.attempt != nil })
      stage.node.probe.cancel(address)
      #expect((stage.node.probe.attempt == nil) == isVoided)
    }
  }

  @Test func `our own failed probe of a suspect is one more accuser, and each suspicion is counted once`() {
    var stage = Stage.settled(3) {
      // Our pings of the suspect come too late to accuse.
      ($0.suspectPingInterval, $0.suspicionMaximum) = (.seconds(30), .seconds(60))
    }
    stage.answering = []
    #expect(stage.pass(atMost: .seconds(1)) { $0.node.probe.attempt != nil })
    guard let target = stage.node.probe.attempt?.target else { return }
    let teller = (1...3).map { Peer($0) }.first { $0.address != target }!
    let accused = (1...3).map { Peer($0) }.first { $0.address == target }!
    stage.accuse(accused, by: teller)
    #expect(stage.status.counters.suspicions == 1)
    stage.pass(.milliseconds(400))
    #expect(stage.node.suspicions[target]?.accusers == [teller.address, Peer(0).address])
    #expect(stage.status.counters.suspicions == 1)
  }

  @Test func `an accusation that waits is answered at once after a stop`() {
    let settings = Settings()
    var refutation = Refutation(at: start)
    refutation.note(Peer(0).record(.suspect, incarnation: 5), own: 5)
    #expect(refutation.take(at: start, settings) != nil)
    refutation.note(Peer(0).record(.suspect, incarnation: 6), own: 6)
    #expect(refutation.deadline == start + settings.period)
    refutation.noteStall(of: .seconds(1))
    #expect(refutation.deadline <= start)
  }

  // MARK: Joining

  /// Verifies an address that two members claim, and returns what the node says if nobody answers there.
  private static func notices(_ claims: [(source: Address, contact: UInt64)]) -> [(to: Address, nonce: UInt64)] {
    let context = Stage.settled(1).node.context
    var verifications = Verifications()
    for (source, contact) in claims {
      let claim = Verifications.Claim(incarnation: 5, source: source, contact: contact)
      verifications.verify(Peer(9).address, claim: claim, in: .unknown, context)
    }
    var outbox = Outbox()
    for millisecond in stride(from: 0, to: 2_000, by: 50) as StrideTo<Int64> {
      verifications.advance(at: context.time + .milliseconds(millisecond), into: &outbox)
    }
    return (0..<outbox.count).compactMap { index in
      guard case .datagram(let datagram) = outbox[index], case .notice = datagram.body else { return nil }
      return (datagram.destination, datagram.nonce)
    }
  }

  @Test func `of two who claim one address the first is told, with the nonce of its last contact`() {
    let told = Self.notices([(Peer(7).address, 1), (Peer(8).address, 2), (Peer(7).address, 3)])
    #expect(told.map(\.to) == [Peer(7).address] && told.map(\.nonce) == [3])
    let unmoved = Self.notices([(Peer(7).address, 1), (Peer(8).address, 2)])
    #expect(unmoved.map(\.to) == [Peer(7).address] && unmoved.map(\.nonce) == [1])
  }

  @Test func `a lost member that answers is in the book no more`() throws {
    var stage = Stage.settled(2)
    stage.answering.removeAll { $0 == Peer(1) }
    #expect(stage.pass(atMost: .seconds(20)) { $0.member(Peer(1))?.status == .dead })
    #expect(stage.node.book.gone.map(\.address) == [Peer(1).address])
    var returned = Peer(1)
    returned.incarnation += 1_000
    stage.join([returned])
    stage.pass(.seconds(3))
    #expect(stage.member(returned)?.status == .alive && stage.node.book.gone.isEmpty)
  }

  @Test func `to meet ourselves at one address again and again takes no room`() {
    var (once, often) = (AddressBook(seeds: 1, at: start), AddressBook(seeds: 1, at: start))
    once.metOurselves(at: Peer(1).address)
    for _ in 0..<100 { often.metOurselves(at: Peer(1).address) }
    #expect("\(once)" == "\(often)")
  }

  // MARK: Value and news

  @Test func `a write that comes when the time to wait is over goes behind those that waited`() {
    var stage = Stage()
    _ = stage.handle(.setRequested(1, RequestID(1)))
    // The node runs late, but not so late that it counts as a stall.
    stage.pass(.milliseconds(1_499))
    stage.time += 100_000
    let effects = stage.handle(.setRequested(2, RequestID(2)))
    let answers = effects.compactMap {
      if case .answer(let request, let answer) = $0 { (request, answer) } else { nil }
    }
    #expect(answers.map(\.0) == [RequestID(1), RequestID(2)])
    #expect(stage.node.stamp == Stamp(generation: 2, value: 2))
  }

  @Test func `news of a newcomer that is accused before it was told is no accusation without an accuser`() {
    var stage = Stage.settled(2)
    stage.join([Peer(3)])
    stage.accuse(Peer(3), by: Peer(2))
    let told = stage.pass(.milliseconds(400)).told(of: Peer(3).address).filter { $0.state == .suspect }
    #expect(!told.isEmpty && told.allSatisfy { $0.accuser != nil }, "\(told)")
  }

  @Test func `bytes are counted from nothing, and how far a clock is off by the clock's own ceiling`() {
    #expect(Counters().bytesReceived == 0 && Counters().bytesSent == 0)
    var stage = Stage.settled(1)
    var far = Peer(1)
    let ahead: UInt64 = 4 * 365 * 86_400_000_000
    far.stamp = Stamp(generation: stage.now.wall + ahead, value: 1)
    let told = stage.receive(from: far).reports.compactMap {
      if case .clocksDiffer(_, _, let by) = $0 { by } else { nil }
    }
    #expect(told.count == 1 && told.allSatisfy { abs($0.inSeconds - Double(ahead) / 1_000_000) < 10 }, "\(told)")
  }

  @Test func `pulls for nothing are not asked for sooner because a difference is old`() {
    var antiEntropy = AntiEntropy(at: start, Settings())
    for _ in 0..<5 { antiEntropy.ended(learnt: false, at: start, Settings()) }
    _ = antiEntropy.isTimeToPull(from: Peer(1).address, isEqual: false, isOnRequest: false, at: start, Settings())
    #expect(antiEntropy.deadline(Settings()) == antiEntropy.notBefore)
    #expect(antiEntropy.notBefore > start + .seconds(10))
  }

  @Test func `a cluster of two pushes a write at once, too`() {
    var stage = Stage.settled(1)
    let effects = stage.handle(.setRequested(5, RequestID(1)))
    #expect(effects.sent(.gossip, to: Peer(1).address).count == 1)
  }

  @Test func `the tombstone of an incarnation that no clock can have reached is forgotten after a minute`() {
    for (incarnation, isForgotten) in [(Stage.wall, false), (Stage.wall + 10 * 365 * 86_400_000_000, true)] {
      var stage = Stage.settled(1)
      var absurd = Peer(2)
      absurd.incarnation = incarnation
      stage.join([absurd], answering: false)
      stage.receive(from: absurd, rumours: [absurd.record(.left)])
      #expect(stage.member(absurd)?.status == .left)
      stage.pass(.seconds(75))
      #expect((stage.member(absurd) == nil) == isForgotten)
    }
  }
}
