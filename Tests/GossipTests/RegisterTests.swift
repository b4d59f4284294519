import Testing

@testable import Gossip

@Suite struct RegisterTests {
  private let now = Instant(microseconds: 5)

  private func register(after writes: Int64...) -> Register {
    var register = Register(at: Instant(microseconds: 0))
    for value in writes { _ = register.set(value, ceiling: 1 << 53, at: now) }
    return register
  }

  @Test func `a write takes the next generation`() {
    var register = register(after: 7)
    #expect(register.stamp == Stamp(generation: 1, value: 7))
    _ = register.merge(Stamp(generation: 9, value: 1), at: now, wall: 1)
    #expect(register.set(3, ceiling: 1 << 53, at: now) == Stamp(generation: 10, value: 3))
    #expect(register.sets == 2)
  }

  @Test func `a write up to the ceiling is accepted and one above it is not`() {
    var register = register()
    _ = register.merge(Stamp(generation: 99, value: 1), at: now, wall: 1)
    #expect(register.set(1, ceiling: 100, at: now) == Stamp(generation: 100, value: 1))
    #expect(register.set(2, ceiling: 100, at: now) == nil)
    #expect(register.stamp == Stamp(generation: 100, value: 1))
    #expect(register.sets == 1)
  }

  @Test func `a write is lost when a greater value takes its generation, and counted once`() {
    var register = register(after: 7)
    let own = register.stamp
    let winner = Stamp(generation: 1, value: 8)
    let loss = LostWrite(write: own, winner: winner, noticed: 11)
    #expect(register.merge(winner, at: now, wall: 11) == .adopted(after: own, loss: loss))
    #expect(register.merge(Stamp(generation: 1, value: 9), at: now, wall: 12) == .adopted(after: winner, loss: nil))
    #expect(register.lostWrites == 1)
    #expect(register.recentLosses == [loss])
  }

  /// It may have been written on top of ours. The stamp does not say, and to report a loss that was none would be a lie.
  @Test func `a later generation takes our write's place and tells of no loss`() {
    var register = register(after: 7)
    let own = register.stamp
    #expect(
      register.merge(Stamp(generation: 2, value: 0), at: now, wall: 1) == .adopted(after: own, loss: nil))
    #expect(register.lostWrites == 0)
  }

  @Test func `a lesser or an equal stamp loses nothing`() {
    var register = register(after: 7)
    for stamp in [Stamp(generation: 1, value: 7), Stamp(generation: 1, value: 6), .initial] {
      #expect(register.merge(stamp, at: now, wall: 1) == .known)
    }
    #expect(register.lostWrites == 0)
  }

  @Test func `a write that our own clients replaced is not lost to what would have won against it`() {
    var register = register(after: 7, 8)
    #expect(register.merge(Stamp(generation: 1, value: 99), at: now, wall: 1) == .known)
    #expect(register.lostWrites == 0)
    #expect(register.merge(Stamp(generation: 2, value: 99), at: now, wall: 1) != .known)
    #expect(register.recentLosses.map(\.write) == [Stamp(generation: 2, value: 8)])
  }

  @Test func `what another wrote is not ours to tell of, nor what came back to us`() {
    var register = register(after: 7)
    _ = register.merge(Stamp(generation: 5, value: 1), at: now, wall: 1)
    _ = register.merge(Stamp(generation: 5, value: 2), at: now, wall: 1)
    _ = register.merge(Stamp(generation: 5, value: 3), at: now, wall: 1)
    #expect(register.lostWrites == 0)
  }

  @Test func `the last sixteen losses are kept, oldest first`() {
    var register = register()
    for number in 0..<20 {
      _ = register.set(0, ceiling: 1 << 53, at: now)
      let winner = Stamp(generation: register.stamp.generation, value: 1)
      _ = register.merge(winner, at: now, wall: UInt64(number))
    }
    #expect(register.lostWrites == 20)
    #expect(register.recentLosses.map(\.noticed) == Array(4..<20))
  }

  @Test func `two values in one generation are told of once, and never of generation 0`() {
    var register = register(after: 7)
    #expect(register.isNewTie(Stamp(generation: 1, value: 7)) == false)
    #expect(register.isNewTie(Stamp(generation: 1, value: 3)) == true)
    #expect(register.isNewTie(Stamp(generation: 1, value: 4)) == false)
    #expect(register.isNewTie(Stamp(generation: 2, value: 4)) == false)
    var fresh = Register(at: now)
    #expect(fresh.isNewTie(Stamp(generation: 0, value: 41)) == false)
  }

  @Test func `a stamp became ours when it was adopted, and stays ours when it is heard again`() {
    var register = register()
    let stamp = Stamp(generation: 3, value: 1)
    #expect(register.merge(stamp, at: Instant(microseconds: 10), wall: 1) == .adopted(after: .initial, loss: nil))
    #expect(register.merge(stamp, at: Instant(microseconds: 20), wall: 1) == .known)
    #expect(register.changed == Instant(microseconds: 10))
  }

  @Test func `a restored node holds its stamp from the start, and writes on top of it`() {
    let kept = Stamp(generation: 7, value: 70)
    let identity = Identity(address: Peer(0).address, name: "self", httpPort: 8080)
    func now(_ milliseconds: Int64) -> Now {
      Now(
        monotonic: Instant(microseconds: milliseconds * 1_000), wall: Stage.wall + UInt64(milliseconds) * 1_000)
    }
    var node = Node(
      identity: identity, settings: Settings(), seed: 1, key: SecretKey(low: 1, high: 1), now: now(0), restored: kept)
    #expect(node.stamp == kept)
    let older = node.handle(.notified(Stamp(generation: 3, value: 9), by: "it", RequestID(1)), at: now(0))
    #expect(older.published.isEmpty && node.stamp == kept)
    // A write waits as on any new node: others may hold a newer stamp.
    var answered: [Int64: [Answer]] = [:]
    answered[1] = node.handle(.setRequested(5, RequestID(2)), at: now(1)).answers
    for millisecond in stride(from: 50, through: 2_000, by: 50) as StrideThrough<Int64> {
      answered[millisecond] = node.handle(.timePassed, at: now(millisecond)).answers
    }
    #expect(answered.filter { !$0.value.isEmpty } == [1_500: [.accepted(Stamp(generation: 8, value: 5))]])
    #expect(node.register.lostWrites == 0)
  }
}
