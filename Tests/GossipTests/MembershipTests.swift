import Testing

@testable import Gossip

@Suite struct MembershipTests {
  private static func list(_ records: [Record]) -> Membership {
    var list = Membership(ourselves: Member(record: Peer(0).record(), since: Instant(microseconds: 0)))
    for record in records { _ = list.insert(Member(record: record, since: Instant(microseconds: 0))) }
    return list
  }

  @Test func `equal lists have equal digests in whatever order they were learnt`() {
    var records = (1...50).map { Peer($0).record() }
    let expected = Self.list(records)
    var generator = Generator(seed: 1)
    for _ in 0..<20 {
      generator.shuffle(&records)
      let list = Self.list(records)
      #expect(list.digest == expected.digest)
      #expect(list.buckets == expected.buckets)
    }
  }

  @Test func `the digest is the sum of its buckets, and of live addresses and incarnations alone`() {
    let records = (1...50).map { Peer($0).record() }
    var list = Self.list(records)
    let before = list.digest
    #expect(list.buckets.reduce(0, &+) == before)
    // Suspicions, names, ports and measurements differ between healthy nodes all the time.
    var suspect = records[3]
    suspect.state = .suspect
    suspect.name = "other"
    let position = list.index(of: suspect.address)!
    list.update(at: position, to: suspect, since: Instant(microseconds: 1))
    list.observe(at: position) { $0.heard = Instant(microseconds: 9) }
    #expect(list.digest == before)
    var dead = suspect
    dead.state = .dead
    list.update(at: position, to: dead, since: Instant(microseconds: 2))
    #expect(list.digest != before)
    #expect(list.digest == Self.list(records.filter { $0.address != dead.address }).digest)
    list.remove(at: position)
    #expect(list.digest == Self.list(records.filter { $0.address != dead.address }).digest)
    var raised = records[5]
    raised.incarnation += 1
    list.update(at: list.index(of: raised.address)!, to: raised, since: Instant(microseconds: 3))
    #expect(list.digest != Self.list(records.filter { $0.address != dead.address }).digest)
    #expect(list.buckets.reduce(0, &+) == list.digest)
  }

  @Test func `a member takes 96 bytes`() {
    // Ten thousand nodes of ten thousand members are a hundred million of these: eight bytes more are a gigabyte.
    #expect(MemoryLayout<Member>.stride == 96)
    #expect(MemoryLayout<RoundTrip>.size == 16)
  }

  @Test func `what is believed and seen of a member comes out as it went in`() {
    let record = Peer(3).record()
    var member = Member(record: record, since: Instant(microseconds: 5))
    #expect(member.record == record && member.address == record.address && member.state == .alive)
    #expect(member.heard == nil && member.stamp == nil && member.roundTrip.estimate == nil && !member.hasAnswered)
    let highest = Stamp(generation: 1 << 53, value: .min)
    for (heard, stamp) in [(Int64.min + 1, Stamp.initial), (0, highest), (.max, .initial)] {
      member.heard = Instant(microseconds: heard)
      member.stamp = stamp
      #expect(member.heard == Instant(microseconds: heard) && member.stamp == stamp)
    }
    (member.heard, member.stamp) = (nil, nil)
    #expect(member.heard == nil && member.stamp == nil)
    var other = Record(
      address: record.address, incarnation: .max, state: .suspect, name: String(repeating: "n", count: 64),
      httpPort: .max, accuser: Peer(1).address)
    member.apply(other)
    other.accuser = nil
    #expect(member.record == other && member.isActive && member.since == Instant(microseconds: 5))
  }

  @Test func `a list that grows has room for an eighth more at most`() {
    var list = Self.list([])
    var most = 0.0
    for number in 1...2000 {
      _ = list.insert(Member(record: Peer(number).record(), since: Instant(microseconds: 0)))
      if number > 100 { most = max(most, Double(list.capacity) / Double(list.count)) }
    }
    // Plus the rounding of the allocator.
    #expect(most < 1.2)
  }

  @Test func `members are found whatever order they came in, and strangers are not`() {
    var generator = Generator(seed: 2)
    var numbers = Array(1...200)
    generator.shuffle(&numbers)
    var list = Self.list(numbers.filter { $0.isMultiple(of: 2) }.map { Peer($0).record() })
    for number in 1...200 { #expect((list.index(of: Peer(number).address) != nil) == number.isMultiple(of: 2)) }
    for index in 1..<list.count { #expect(list[index - 1].address < list[index].address) }
    for number in numbers where number.isMultiple(of: 4) { list.remove(at: list.index(of: Peer(number).address)!) }
    for number in 1...200 { #expect((list.index(of: Peer(number).address) != nil) == (number % 4 == 2)) }
    #expect(list.activeCount == 51)
  }

  @Test func `the live are counted through every change of state`() {
    var list = Self.list((1...3).map { Peer($0).record() })
    #expect(list.activeCount == 4)
    for (state, live) in [(Record.State.suspect, 4), (.dead, 3), (.left, 3), (.alive, 4), (.left, 3), (.suspect, 4)] {
      list.update(at: 1, to: Peer(1).record(state), since: Instant(microseconds: 1))
      #expect(list.activeCount == live)
      #expect(list.tombstones == 4 - live)
    }
  }

  @Test func `the walk goes round in address order past the dead and ourselves`() {
    let dead = Peer(3).record(.dead)
    let list = Self.list([1, 2, 4, 5].map { Peer($0).record() } + [dead])
    let walked = (0..<6).map { list.active($0, after: Peer(0).address) }
    #expect(walked == [1, 2, 4, 5, 1, 2].map { Peer($0).address })
    #expect(list.active(1, after: Peer(4).address) == Peer(0).address)
    #expect(list.active(1_000_000_000_001, after: Peer(2).address) == Peer(5).address)
    #expect(Self.list([]).active(3, after: Peer(0).address) == nil)
    #expect(Self.list([dead]).active(3, after: Peer(0).address) == nil)
  }

  @Test func `at any number of places all walk to different members, with tombstones or without`() {
    let all = [1, 2, 4, 5].map { Peer($0).record() }
    for others in [all, [Peer(1).record(), Peer(3).record(.dead), Peer(5).record()]] {
      let list = Self.list(others)
      let live = [Peer(0).address] + others.filter { $0.state < .dead }.map(\.address)
      for places in UInt64(0)..<12 {
        let targets = live.compactMap { list.active(places, after: $0) }
        #expect(Set(targets) == Set(live))
        #expect(zip(live, targets).allSatisfy { $0 != $1 })
      }
    }
  }

  @Test func `random members are different, qualify, and are all found in a short list`() {
    var generator = Generator(seed: 3)
    let list = Self.list((1...60).map { Peer($0).record($0 % 20 == 0 ? .suspect : .alive) })
    var counts: [Address: Int] = [:]
    for _ in 0..<500 {
      let chosen = list.random(3, using: &generator) { $0.state == .suspect }
      #expect(chosen.sorted() == [20, 40, 60].map { Peer($0).address })
      for address in list.random(3, using: &generator, where: { $0.state == .alive }) {
        counts[address, default: 0] += 1
      }
    }
    #expect(counts.count == 58)
    #expect(counts.values.reduce(0, +) == 1_500)
    // About 26 each; the seed is fixed.
    #expect(counts.values.allSatisfy { (8...50).contains($0) })
    #expect(list.random(3, using: &generator) { $0.state == .left }.isEmpty)
  }

  @Test func `buckets are chosen by address alone and fill evenly`() {
    let used = (1...1280).map { Membership.bucket(of: Peer($0).address) }
    let counts = (0..<Wire.buckets).map { bucket in used.count { $0 == bucket } }
    #expect(counts.allSatisfy { (1...25).contains($0) })
  }
}
