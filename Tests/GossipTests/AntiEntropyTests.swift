import Testing

@testable import Gossip

@Suite struct AntiEntropyTests {
  /// A node with some members, none of which answers by itself. It has sent all its rumours.
  private static func stage(_ peers: ClosedRange<Int>) -> Stage {
    var stage = Stage { $0.pushes = [] }
    stage.join(peers.map { Peer($0) }, answering: true)
    stage.pass(.seconds(10))
    return stage
  }

  /// The records of all pages that a peer with these members pulls, as long as there are more.
  private static func pages(_ stage: inout Stage, buckets: [UInt64], padded: Int = 1184) -> [[Record]] {
    var pages: [[Record]] = []
    var after: Address?
    while true {
      let effects = stage.receive(.pull(after: after, buckets: buckets), from: Peer(1), nonce: 9, padded: padded)
      guard let page = effects.sent(.page).first, case .page(let more) = page.message.body else {
        Issue.record("no page came")
        return pages
      }
      #expect(page.size <= padded)
      pages.append(page.message.rumours)
      guard more else { return pages }
      after = page.message.rumours.last?.address
      guard pages.count < 100 else { return pages }
    }
  }

  @Test func `pages hold every member of the differing buckets once, in address order`() {
    var stage = Self.stage(1...100)
    let pages = Self.pages(&stage, buckets: .init(repeating: 1, count: 128))
    #expect(pages.count > 1)
    // All but the asker, which knows itself.
    #expect(pages.flatMap { $0 }.map(\.address) == ([0] + (2...100)).map { Peer($0).address })
  }

  @Test func `a pull from an equal list gets an empty page, however often it was folded`() {
    var stage = Self.stage(1...20)
    for count in [128, 64, 32, 16] {
      #expect(Self.pages(&stage, buckets: stage.node.context.members.buckets(foldedTo: count)) == [[]])
    }
  }

  @Test(arguments: [128, 64, 32, 16])
  func `small pages hold every member of the differing buckets once, in address order`(count: Int) {
    var stage = Self.stage(1...100)
    let pages = Self.pages(&stage, buckets: .init(repeating: 1, count: count), padded: Wire.size(ofPull: count))
    #expect(pages.flatMap { $0 }.map(\.address) == ([0] + (2...100)).map { Peer($0).address })
    // One difference brings the members that share its bucket once all are folded, and no others.
    var theirs = stage.node.context.members.buckets(foldedTo: count)
    let differing = Membership.bucket(of: Peer(30).address) % count
    theirs[differing] &+= 1
    let expected = (2...100).map { Peer($0).address }.filter { Membership.bucket(of: $0) % count == differing }
    let got = Self.pages(&stage, buckets: theirs, padded: Wire.size(ofPull: count)).flatMap { $0 }.map(\.address)
    #expect(got.filter { $0 != Peer(0).address } == expected)
  }

  @Test func `a folded digest is the sum of those that fall together`() {
    let list = Self.stage(1...60).node.context.members
    for count in [64, 32, 16] {
      for (bucket, digest) in list.buckets(foldedTo: count).enumerated() {
        let together = (0..<128).filter { $0 % count == bucket }.reduce(0) { $0 &+ list.buckets[$1] }
        #expect(digest == together)
      }
    }
  }

  @Test func `a page holds the differing buckets only`() {
    var stage = Self.stage(1...60)
    var buckets = stage.node.context.members.buckets
    let differing = Membership.bucket(of: Peer(30).address)
    buckets[differing] &+= 1
    let expected = (2...60).map { Peer($0).address }.filter { Membership.bucket(of: $0) == differing }
    #expect(expected.count < 10)
    let got = Self.pages(&stage, buckets: buckets).flatMap { $0 }.map(\.address)
    #expect(got.filter { $0 != Peer(0).address } == expected)
  }

  @Test func `a difference that stands for two seconds is asked about, and then pulled`() throws {
    var stage = Self.stage(1...3)
    stage.digests[Peer(2).address] = 1
    stage.receive(from: Peer(2))
    let line = stage.timeline(.seconds(3))
    let pulls = line.filter { ![$0.effect].sent(.pull).isEmpty }
    let first = try #require(pulls.first)
    #expect((2_000...2_010).contains(first.at), "\(first.at) ms")
    #expect([first.effect].sent.map(\.to) == [Peer(2).address])
    #expect([first.effect].sent.map(\.size) == [Wire.maximumPlainSize])
  }

  @Test func `a difference that ended meanwhile is not pulled`() {
    var stage = Self.stage(1...3)
    stage.receive(from: Peer(2), digest: 1)
    #expect(stage.pass(.seconds(10)).sent(.pull).isEmpty)
  }

  /// A stage that has just sent a pull to peer 2.
  private static func pulling(_ peers: ClosedRange<Int>) -> (Stage, Sent?) {
    var stage = stage(peers)
    stage.digests[Peer(2).address] = 1
    // The node probes each of six within 4.8 s, and the difference then lasts for two.
    for _ in 0..<8_000 {
      if let pull = stage.pass(.milliseconds(1)).sent(.pull).first { return (stage, pull) }
    }
    return (stage, nil)
  }

  @Test func `a page is merged, and while there is more the next is asked of another member`() throws {
    var (stage, pull) = Self.pulling(1...4)
    let nonce = try #require(pull).message.nonce
    let news = [Peer(50).record(), Peer(51).record()]
    let effects = stage.receive(.page(more: true), from: Peer(2), nonce: nonce, digest: 1, rumours: news)
    #expect(stage.member(Peer(50))?.status == .alive)
    let next = try #require(effects.sent(.pull).first)
    #expect(next.to != Peer(2).address)
    guard case .pull(let after, _) = next.message.body else { return }
    #expect(after == Peer(51).address)
  }

  @Test func `the pull goes on after the page's own records, whatever the page says of ourselves`() throws {
    var (stage, pull) = Self.pulling(1...4)
    let nonce = try #require(pull).message.nonce
    // Both come before us in address order, so those between them and us are still to come.
    let page = (1...2).map { number in
      var record = Peer(50 + number).record()
      record.address = Address(ipv4: 0x0900_0000 | UInt32(number), port: 7946)
      return record
    }
    let accusation = Record(
      address: Peer(0).address, incarnation: stage.own.incarnation, state: .suspect, name: "self", httpPort: 8080,
      accuser: Peer(2).address)
    let effects = stage.receive(
      .page(more: true), from: Peer(2), nonce: nonce, digest: 1, rumours: [accusation] + page)
    let next = try #require(effects.sent(.pull).first)
    guard case .pull(let after, _) = next.message.body else { return }
    #expect(after == page[1].address)
  }

  /// When the next pull may begin after one whose only page has these records.
  private static func wait(after rumours: [Record], stamp: Stamp) throws -> Duration {
    var (stage, pull) = Self.pulling(1...4)
    let nonce = try #require(pull).message.nonce
    var peer = Peer(2)
    peer.stamp = stamp
    stage.receive(.page(more: false), from: peer, nonce: nonce, digest: 1, rumours: rumours)
    #expect(stage.node.stamp == stamp && stage.node.antiEntropy.pull == nil)
    return stage.node.antiEntropy.notBefore - stage.node.context.time
  }

  @Test func `a page teaches by what it says of members alone, not by the stamp that came with it`() throws {
    let newer = Stamp(generation: 5, value: 1)
    #expect(try Self.wait(after: [], stamp: .initial) == .seconds(2))
    #expect(try Self.wait(after: [], stamp: newer) == .seconds(2))
    #expect(try Self.wait(after: [Peer(3).record()], stamp: newer) == .seconds(2))
    #expect(try Self.wait(after: [Peer(50).record()], stamp: newer) == .seconds(1))
    // It would be wrong to ask whether the digest moved, because suspicion is outside of it.
    #expect(try Self.wait(after: [Peer(3).record(.suspect, accuser: Peer(2).address)], stamp: newer) == .seconds(1))
  }

  @Test func `a lost page is asked for three times, then of another peer, and is given up after the third`() throws {
    var (stage, pull) = Self.pulling(1...6)
    var asked = [try #require(pull).to]
    asked += stage.pass(.milliseconds(2_500)).sent(.pull).map(\.to)
    #expect(asked.count == 9)
    for index in stride(from: 0, to: asked.count - 2, by: 3) {
      #expect(Set(asked[index..<index + 3]).count == 1)
    }
    #expect(asked.count > 6 && asked[0] != asked[3] && asked[3] != asked[6])
  }

  @Test func `pulls for nothing become rare, down to one a minute, and a change makes them quick again`() {
    var machine = AntiEntropy(at: Instant(microseconds: 0), Settings())
    var now = Instant(microseconds: 0)
    var waits: [Int64] = []
    for _ in 0..<9 {
      machine.ended(learnt: false, at: now, Settings())
      waits.append((machine.notBefore - now).microseconds / 1_000_000)
      now = machine.notBefore
    }
    #expect(waits == [2, 4, 8, 16, 32, 60, 60, 60, 60])
    machine.ended(learnt: false, at: now, Settings())
    machine.listChanged(at: now, Settings())
    #expect(machine.notBefore == now + .seconds(1))
    machine.ended(learnt: true, at: now, Settings())
    #expect(machine.notBefore == now + .seconds(1))
  }

  @Test func `the tombstone that never dies: a dead record of an unknown address is not stored`() throws {
    for state in [Record.State.dead, .left] {
      var (stage, pull) = Self.pulling(1...4)
      let nonce = try #require(pull).message.nonce
      stage.receive(.page(more: false), from: Peer(2), nonce: nonce, rumours: [Peer(50).record(state)])
      stage.receive(from: Peer(2), rumours: [Peer(51).record(state)])
      #expect(stage.member(Peer(50)) == nil && stage.member(Peer(51)) == nil)
    }
  }

  @Test func `dead members are forgotten in time, and their tombstones elsewhere do not bring them back`() {
    var stage = Stage { $0.tombstoneLifetime = .seconds(60) }
    stage.join((1...4).map { Peer($0) })
    stage.answering.removeAll { $0 == Peer(1) }
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(1))?.status == .dead })
    let effects = stage.pass(.seconds(70))
    #expect(effects.reports.contains(.memberForgotten(name: "p1", Peer(1).address)))
    stage.receive(from: Peer(2), rumours: [Peer(1).record(.dead, accuser: Peer(2).address)])
    #expect(stage.member(Peer(1)) == nil)
  }

  @Test func `a full list takes a newcomer in place of its oldest tombstone, and of nobody who lives`() {
    var stage = Stage { $0.maximumMembers = 4 }
    stage.join([Peer(1), Peer(2), Peer(3)])
    stage.receive(from: Peer(1), rumours: [Peer(9).record()])
    #expect(stage.member(Peer(9)) == nil)
    #expect(stage.node.counters.dropped(.full) == 1)
    stage.receive(from: Peer(2), rumours: [Peer(2).record(.left)])
    stage.pass(.milliseconds(10))
    stage.receive(from: Peer(3), rumours: [Peer(3).record(.left)])
    stage.receive(from: Peer(1), rumours: [Peer(9).record()])
    #expect(stage.member(Peer(2)) == nil)
    #expect(stage.member(Peer(9))?.status == .alive && stage.member(Peer(3))?.status == .left)
  }

  @Test func `a page that always says more does not keep us pulling`() {
    var stage = Self.stage(1...2)
    stage.digests = [Peer(1).address: 1, Peer(2).address: 1]
    var effects: [Effect] = []
    var pulls = 0
    for _ in 0..<5_000 {
      effects += stage.pass(.milliseconds(1))
      guard let pull = effects.sent(.pull).last else { continue }
      pulls += 1
      // Every peer sends the same record again and again, so the cursor never moves on.
      guard let peer = [Peer(1), Peer(2)].first(where: { $0.address == pull.to }) else { continue }
      effects = stage.receive(
        .page(more: true), from: peer, nonce: pull.message.nonce, digest: 1, rumours: [Peer(2).record()])
    }
    #expect(pulls > 0)
    #expect(pulls <= 12)
  }
}

extension Wire {
  /// The pull of a node with so many digests.
  fileprivate static func size(ofPull buckets: Int) -> Int { buckets == 128 ? 1184 : buckets == 64 ? 608 : 500 }
}
