import Testing

@testable import Gossip

@Suite struct AddressBookTests {
  private static let settings = Settings()
  private func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }

  @Test func `the book has room for 64, seeds first, and of single losses gives up who is gone for longest`() {
    var (generator, book) = (Generator(seed: 1), AddressBook(seeds: 4, at: at(0)))
    for number in 1...100 {
      book.add(Peer(number).address, at: at(Int64(number) * 100), Self.settings, using: &generator)
    }
    #expect(book.count == 64)
    #expect(book.gone.map(\.address) == (41...100).map { Peer($0).address })
    book.add(Peer(50).address, at: at(20_000), Self.settings, using: &generator)
    #expect(book.gone.last?.address == Peer(50).address && book.count == 64)
    book.remove(Peer(50).address)
    #expect(book.count == 63)
    var full = AddressBook(seeds: 64, at: at(0))
    full.add(Peer(1).address, at: at(0), Self.settings, using: &generator)
    #expect(full.gone.isEmpty)
  }

  @Test func `each entry has its turn, and those gone an hour a tenth as often`() {
    var (generator, drawn, seeds) = (Generator(seed: 1), [Address: Int](), 0)
    var book = AddressBook(seeds: 1, at: at(0))
    book.add(Peer(1).address, at: at(0), Self.settings, using: &generator)
    book.add(Peer(2).address, at: at(7_200), Self.settings, using: &generator)
    for _ in 0..<3_000 {
      switch book.draw(at: at(7_201), Self.settings, using: &generator) {
      case .seed: seeds += 1
      case .member(let gone): drawn[gone.address, default: 0] += 1
      case nil: break
      }
    }
    #expect((900...1_100).contains(seeds))
    #expect((900...1_100).contains(drawn[Peer(2).address] ?? 0))
    #expect((70...130).contains(drawn[Peer(1).address] ?? 0))
  }

  private static func resolves(_ line: [(at: Int, effect: Effect)]) -> [Int] {
    line.compactMap { if case .resolve = $0.effect { $0.at } else { nil } }
  }

  @Test func `a failed first join is retried for ever, after 0.1 to 1 s`() {
    var stage = Stage { $0.seeds = ["seed"] }
    #expect(Self.resolves(stage.timeline(.milliseconds(4_600))) == [100, 300, 700, 1_500, 2_500, 3_500, 4_500])
    let later = stage.pass(.seconds(3_600)).count { if case .resolve = $0 { true } else { false } }
    #expect(later == 3_600)
  }

  @Test func `that no seed answers is told after 3 s and then more and more rarely`() {
    var stage = Stage { $0.seeds = ["seed"] }
    let told = stage.pass(.seconds(3_600)).reports.count { if case .noSeedAnswered = $0 { true } else { false } }
    #expect((8...16).contains(told), "\(told)")
  }

  @Test func `a seed that does not resolve is told of more and more rarely, and never given up`() {
    var stage = Stage { $0.seeds = ["seed"] }
    var told = 0
    for _ in 0..<64 {
      let effects = stage.handle(.resolved(seed: 0, [], failure: "no such host"))
      told += effects.reports.count { $0 == .seedUnresolved(seed: 0, failure: "no such host") }
    }
    #expect(told == 7)
    #expect(!Self.resolves(stage.timeline(.seconds(2))).isEmpty)
  }

  @Test func `a seed's address is never an identity, only who answers there is`() throws {
    var stage = Stage { $0.seeds = ["service"] }
    let service = Address(ipv4: 0x0A63_0001, port: 7946)
    let contact = try #require(stage.handle(.resolved(seed: 0, [service], failure: nil)).sent(.join).first)
    let effects = stage.receive(
      .ack, from: Peer(1), source: service, nonce: contact.message.nonce, rumours: [Peer(1).record()])
    // What it says from another address is not its own word, so the node asks it at its own.
    #expect(stage.status.members.count == 1)
    let ping = try #require(effects.sent(.ping, to: Peer(1).address).first)
    stage.receive(.ack, from: Peer(1), nonce: ping.message.nonce, rumours: [Peer(1).record()])
    #expect(stage.status.members.map(\.address) == [Peer(0).address, Peer(1).address])
  }

  @Test func `a member that died is contacted for ever, one that left is not`() {
    var stage = Stage { $0.tombstoneLifetime = .seconds(60) }
    stage.join((1...3).map { Peer($0) })
    stage.pass(.seconds(2))
    stage.answering.removeAll { $0 == Peer(1) }
    #expect(stage.pass(atMost: .seconds(10)) { $0.member(Peer(1))?.status == .dead })
    #expect(stage.receive(from: Peer(2), rumours: [Peer(2).record(.left)]).changes(of: Peer(2)) == [.left])
    stage.answering.removeAll { $0 == Peer(2) }
    let times = (0..<3).map { _ in stage.pass(.seconds(15)).sent(.join).map(\.to) }
    #expect(times.allSatisfy { $0.contains(Peer(1).address) && !$0.contains(Peer(2).address) })
    // It is forgotten but not given up. That is what heals a partition that lasts longer than any memory.
    stage.pass(.seconds(60))
    #expect(stage.member(Peer(1)) == nil)
    #expect(stage.pass(.seconds(15)).sent(.join).contains { $0.to == Peer(1).address })
  }

  @Test func `a large cluster contacts a long book no more often than a small one`() {
    for (peers, seconds) in [(3, 100), (20, 500)] {
      var stage = Stage()
      stage.join((1...peers + 1).map { Peer($0) })
      stage.answering.removeAll { $0 == Peer(1) }
      #expect(stage.pass(atMost: .seconds(60)) { $0.member(Peer(1))?.status == .dead })
      let contacts = stage.pass(.seconds(Int64(seconds))).sent(.join, to: Peer(1).address).count
      // Every second, or alive / (4 * entries) seconds.
      #expect((95...101).contains(contacts), "\(contacts) with \(peers)")
    }
  }

  @Test func `a seed whose addresses are all live members is asked about rarely, its name may come to mean others`() {
    var stage = Stage { $0.seeds = ["seed"] }
    let contact = stage.handle(.resolved(seed: 0, [Peer(1).address], failure: nil)).sent(.join)
    stage.answering = [Peer(1)]
    stage.receive(.ack, from: Peer(1), nonce: contact[0].message.nonce, rumours: [Peer(1).record()])
    let resolves = stage.pass(.seconds(200)).count { if case .resolve = $0 { true } else { false } }
    #expect((8...35).contains(resolves), "\(resolves) in 200 s")
  }

  @Test func `nothing is sent to seeds that cannot be reached, nor to ourselves once we are in`() {
    var stage = Stage { $0.seeds = ["seed"] }
    stage.join([Peer(2)])
    let addresses = [
      Peer(0).address, Address(ipv4: 0, port: 7946), Address(ipv4: 0xE000_0001, port: 7946),
      Peer(1).address.with(port: 0),
    ]
    #expect(stage.handle(.resolved(seed: 0, addresses, failure: nil)).sent.isEmpty)
    #expect(stage.handle(.resolved(seed: 7, [Peer(1).address], failure: nil)).sent.isEmpty)
  }

  @Test func `a seed's address that once led to ourselves is asked for ever`() throws {
    var stage = Stage { $0.seeds = ["balancer"] }
    let balancer = Peer(77).address
    let first = try #require(stage.handle(.resolved(seed: 0, [balancer], failure: nil)).sent(.join).first)
    // It comes back to us, from the balancer.
    _ = stage.handle(.received(Wire.encode(first.message, cluster: Stage.cluster), from: balancer))
    #expect(stage.status.readiness == .first)
    stage.pass(.seconds(30))
    let again = stage.handle(.resolved(seed: 0, [balancer], failure: nil)).sent(.join, to: balancer)
    #expect(again.count == 1)
    let nonce = try #require(again.first).message.nonce
    let met = stage.receive(.ack, from: Peer(3), source: balancer, nonce: nonce, rumours: [Peer(3).record()])
    let asked = try #require(met.sent(.ping, to: Peer(3).address).first)
    stage.receive(.ack, from: Peer(3), nonce: asked.message.nonce, rumours: [Peer(3).record()])
    #expect(stage.member(Peer(3))?.status == .alive)
  }
}
