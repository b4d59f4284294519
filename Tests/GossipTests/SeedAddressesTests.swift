// Names with many addresses: over time all are tried, few at once, and one bad answer gives none up.

import Testing

@testable import Gossip

@Suite struct SeedAddressesTests {
  private func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }
  private func addresses(_ numbers: ClosedRange<Int>) -> [Address] { numbers.map { Peer($0).address } }

  @Test func `each address has its turn before any has another, in an order of its own`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    seed.learnt(addresses(1...40), at: at(0), using: &generator)
    let rounds = (0..<3).map { _ in (0..<10).flatMap { _ in seed.next(4, using: &generator) { _ in true } } }
    for round in rounds { #expect(round.sorted() == addresses(1...40)) }
    #expect(rounds[0] != rounds[1] && rounds[0] != addresses(1...40))
    // An unwanted address costs no other its turn, and no address is tried twice at a time.
    #expect(seed.next(4, using: &generator) { $0 == Peer(7).address } == [Peer(7).address])
    #expect(seed.next(50, using: &generator) { _ in true }.sorted() == addresses(1...40))
  }

  @Test func `what comes in the middle of a round has its turn in it`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    seed.learnt(addresses(1...20), at: at(0), using: &generator)
    let before = seed.next(10, using: &generator) { _ in true }
    seed.learnt(addresses(15...30), at: at(1), using: &generator)
    let after = seed.next(20, using: &generator) { _ in true }
    #expect((before + after).sorted() == addresses(1...30))
  }

  @Test func `what a name stood for is tried for an hour longer`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    seed.learnt(addresses(1...3), at: at(0), using: &generator)
    seed.learnt(addresses(4...5), at: at(100), using: &generator)
    #expect(seed.allListed { $0 > Peer(3).address } && !seed.allListed { $0 > Peer(4).address })
    seed.learnt(addresses(4...5), at: at(3600), using: &generator)
    #expect(seed.count == 5 && seed.contains(Peer(1).address))
    seed.learnt(addresses(4...5), at: at(3601), using: &generator)
    #expect(seed.count == 2 && !seed.contains(Peer(1).address))
    // Nor does an empty answer count.
    seed.learnt([], at: at(9_000), using: &generator)
    #expect(seed.count == 2 && seed.allListed { $0 > Peer(3).address })
    #expect(!SeedAddresses().allListed { _ in true })
  }

  @Test func `a name server that lists others each time displaces its own lies, and never too many are kept`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    seed.learnt(addresses(1...40), at: at(0), using: &generator)
    for round in 1...30 {
      seed.learnt(addresses(round * 1000...round * 1000 + 500), at: at(Int64(round)), using: &generator)
      #expect(seed.count <= SeedAddresses.capacity)
    }
    #expect(seed.count == SeedAddresses.capacity)
    #expect(addresses(1...40).allSatisfy { seed.contains($0) })
  }

  @Test func `of a name with thousands all have their turn in the course of time`() {
    var (generator, seed) = (Generator(seed: 1), SeedAddresses())
    let all = addresses(1...1500)
    var tried: Set<Address> = []
    for second in 0..<1200 {
      seed.learnt(all, at: at(Int64(second)), using: &generator)
      tried.formUnion(seed.next(16, using: &generator) { _ in true })
    }
    #expect(tried.count == all.count)
  }

  // MARK: In a node

  private func contacts(_ effects: [Effect]) -> [Address] { effects.sent(.join).map(\.to) }

  @Test func `one look-up never sends more than a few datagrams, however many addresses it gives`() {
    var stage = Stage { $0.seeds = ["service"] }
    let joining = contacts(stage.handle(.resolved(seed: 0, addresses(1...500), failure: nil)))
    #expect(joining.count == 16 && Set(joining).count == 16)
    stage.join([Peer(900)])
    let joined = contacts(stage.handle(.resolved(seed: 0, addresses(1...500), failure: nil)))
    // Many have not had a turn yet.
    #expect(joined.count == 16)
  }

  @Test func `all addresses of a name are tried soon after the start, and then a few at a time`() {
    var stage = Stage { $0.seeds = ["service"] }
    stage.join([Peer(900)])
    var tried = contacts(stage.handle(.resolved(seed: 0, addresses(1...250), failure: nil)))
    for _ in 0..<15 {
      let more = contacts(stage.pass(.milliseconds(100)))
      // Its own timer, the seed's turn, and the answers to both.
      #expect(more.count <= 16 + 16 + 4)
      tried += more
    }
    #expect(Set(tried).isSuperset(of: addresses(1...250)))
    // If a name server lists different addresses each time, the node still tries only as many in a row as there is room
    // for.
    for round in 1...50 {
      let others = addresses(round * 1000...round * 1000 + 250)
      tried += contacts(stage.handle(.resolved(seed: 0, others, failure: nil)) + stage.pass(.seconds(2)))
    }
    #expect(tried.count > 1000 && tried.count < 1024 + 16 + 50 * 3 * 4, "\(tried.count)")
    #expect(contacts(stage.handle(.resolved(seed: 0, addresses(1...250), failure: nil))).count == 4)
  }

  @Test func `a node whose name stands for 40 comes to try the last of them`() {
    var stage = Stage { $0.seeds = ["service"] }
    stage.join((1...20).map { Peer($0) })
    var tried: Set<Address> = []
    for _ in 0..<5 {
      tried.formUnion(contacts(stage.handle(.resolved(seed: 0, addresses(1...40), failure: nil))))
    }
    #expect(tried == Set(addresses(21...40)))
  }

  @Test func `a failed look-up contacts the last known addresses`() {
    var stage = Stage { $0.seeds = ["service"] }
    #expect(contacts(stage.handle(.resolved(seed: 0, [], failure: "no such host"))).isEmpty)
    #expect(contacts(stage.handle(.resolved(seed: 0, addresses(1...3), failure: nil))).count == 3)
    #expect(contacts(stage.handle(.resolved(seed: 0, [], failure: "no such host"))).sorted() == addresses(1...3))
    // Nor do addresses at which nobody can be reached.
    let impossible = [Address(ipv4: 0xE000_0001, port: 7946)]
    #expect(contacts(stage.handle(.resolved(seed: 0, impossible, failure: nil))).sorted() == addresses(1...3))
  }

  @Test func `a name that comes to mean others is tried at both, the old and the new`() {
    var stage = Stage { $0.seeds = ["service"] }
    _ = stage.handle(.resolved(seed: 0, addresses(1...3), failure: nil))
    let both = contacts(stage.handle(.resolved(seed: 0, addresses(4...6), failure: nil)))
    #expect(both.sorted() == addresses(1...6))
  }

  @Test func `while a look-up hangs the last known addresses are contacted`() {
    var stage = Stage { $0.seeds = ["service"] }
    stage.pass(.milliseconds(10))
    _ = stage.handle(.resolved(seed: 0, addresses(1...3), failure: nil))
    // The next one is requested at 100 ms and never answered; the one after at 300 ms.
    #expect(contacts(stage.pass(.milliseconds(280))).isEmpty)
    #expect(contacts(stage.pass(.milliseconds(20))).sorted() == addresses(1...3))
  }

  @Test func `a node is the first only when all that its name stands for are itself, however many`() {
    for others in [0, 1] {
      var stage = Stage { $0.seeds = ["service"] }
      let own = addresses(1...40)
      let met = contacts(stage.handle(.resolved(seed: 0, own + addresses(50...50).prefix(others), failure: nil)))
      #expect(met.count == 16)
      for _ in 0..<6 {
        for contact in stage.handle(.resolved(seed: 0, [], failure: "no answer")).sent(.join)
        where contact.to != Peer(50).address {
          _ = stage.handle(.received(Wire.encode(contact.message, cluster: Stage.cluster), from: contact.to))
        }
      }
      #expect(stage.status.readiness == (others == 0 ? .first : nil))
    }
  }
}
