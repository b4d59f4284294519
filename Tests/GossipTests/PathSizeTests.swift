// Datagrams on paths that drop large ones: which may be large, and what a node does if large ones stay unanswered.

import Testing

@testable import Gossip

@Suite struct PathSizeTests {
  /// A node whose list differs from those of all its members, and which has just sent a pull.
  private static func pulling() throws -> (Stage, Sent) {
    var stage = Stage { $0.pushes = [] }
    let peers = (1...4).map { Peer($0) }
    stage.join(peers)
    for peer in peers { stage.digests[peer.address] = 1 }
    var pull: Sent?
    for _ in 0..<8_000 where pull == nil { pull = stage.pass(.milliseconds(1)).sent(.pull).first }
    return (stage, try #require(pull))
  }

  /// The next pull within so long.
  private static func nextPull(_ stage: inout Stage, within milliseconds: Int) throws -> Sent {
    var pull: Sent?
    for _ in 0..<milliseconds where pull == nil { pull = stage.pass(.milliseconds(1)).sent(.pull).first }
    return try #require(pull)
  }

  private static func page(_ stage: inout Stage, for pull: Sent, more: Bool, _ rumours: [Record] = []) -> [Effect] {
    let peer = stage.answering.first { $0.address == pull.to } ?? Peer(1)
    return stage.receive(.page(more: more), from: peer, nonce: pull.message.nonce, digest: 1, rumours: rumours)
  }

  @Test func `a pull that is not answered is asked again in 500 bytes, with a quarter of the digests`() throws {
    var (stage, pull) = try Self.pulling()
    #expect(pull.size == 1184)
    guard case .pull(_, let all) = pull.message.body else { return }
    #expect(all.count == 128)
    for _ in 0..<2 {
      pull = try Self.nextPull(&stage, within: 201)
      #expect(pull.size == 500)
      guard case .pull(_, let folded) = pull.message.body else { return }
      #expect(folded == stage.node.context.members.buckets(foldedTo: 32))
    }
    // Another peer may be on another path.
    let other = try Self.nextPull(&stage, within: 201)
    #expect(other.size == 1184 && other.to != pull.to)
  }

  @Test func `when the small one was answered all pulls are small for a minute, and then large again`() throws {
    var (stage, _) = try Self.pulling()
    let again = try Self.nextPull(&stage, within: 201)
    let next = Self.page(&stage, for: again, more: true, [Peer(50).record()]).sent(.pull)
    #expect(next.map(\.size) == [500])
    _ = Self.page(&stage, for: next[0], more: false, [Peer(51).record()])
    let small = stage.time
    var sizes: [(at: Int64, size: Int)] = []
    for _ in 0..<90 {
      guard let pull = try? Self.nextPull(&stage, within: 3_000) else { continue }
      sizes.append((stage.time - small, pull.size))
      let news = Peer(100 + sizes.count).record()
      _ = Self.page(&stage, for: pull, more: false, [news])
    }
    #expect(sizes.count > 30)
    #expect(sizes.allSatisfy { $0.size == ($0.at < 60_000_000 ? 500 : 1184) }, "\(sizes)")
  }

  @Test func `who answers no pull of either size says nothing about sizes`() throws {
    var (stage, pull) = try Self.pulling()
    let gone = pull.to
    while pull.to == gone { pull = try Self.nextPull(&stage, within: 201) }
    #expect(pull.size == 1184)
    #expect(Self.page(&stage, for: pull, more: true, [Peer(50).record()]).sent(.pull).map(\.size) == [1184])
  }

  @Test func `probes and answers are small with all the news of the world on them, and gossip is large`() {
    var stage = Stage()
    stage.join((1...4).map { Peer($0) })
    stage.pass(.seconds(2))
    var effects: [Effect] = []
    for start in stride(from: 100, to: 300, by: 20) {
      effects += stage.receive(from: Peer(1), rumours: (start..<start + 20).map { Peer($0).record() })
    }
    effects += stage.receive(.ping(target: Peer(0).address), from: Peer(2), nonce: 9)
    effects += stage.pass(.seconds(2))
    let sizes = { (kind: Message.Kind) in effects.sent(kind).map(\.size) }
    #expect(sizes(.ping).contains { $0 > 450 } && sizes(.ack).contains { $0 > 450 })
    for kind in Message.Kind.allCases where ![.gossip, .pull, .page].contains(kind) {
      #expect(sizes(kind).allSatisfy { $0 <= 500 }, "\(kind)")
    }
    #expect(sizes(.gossip).contains { $0 > 1_100 } && sizes(.gossip).allSatisfy { $0 <= 1_184 })
  }

  @Test func `gossip is small where large pages do not come`() throws {
    var (stage, _) = try Self.pulling()
    let again = try Self.nextPull(&stage, within: 201)
    _ = Self.page(&stage, for: again, more: false)
    var effects: [Effect] = []
    for start in stride(from: 100, to: 300, by: 20) {
      effects += stage.receive(from: Peer(1), rumours: (start..<start + 20).map { Peer($0).record() })
    }
    // An older stamp is answered with ours.
    _ = stage.handle(.notified(Stamp(generation: 9, value: 9), by: "", RequestID(1)))
    effects += stage.receive(from: Peer(1), digest: 1)
    #expect(effects.sent(.gossip).contains { $0.size > 450 })
    #expect(effects.sent(.gossip).allSatisfy { $0.size <= 500 })
  }
}
