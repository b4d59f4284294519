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
    _ = register.merge(Stamp(generation: 9, value: 1), at: now)
    #expect(register.set(3, ceiling: 1 << 53, at: now) == Stamp(generation: 10, value: 3))
    #expect(register.sets == 2)
  }

  @Test func `a write up to the ceiling is accepted and one above it is not`() {
    var register = register()
    _ = register.merge(Stamp(generation: 99, value: 1), at: now)
    #expect(register.set(1, ceiling: 100, at: now) == Stamp(generation: 100, value: 1))
    #expect(register.set(2, ceiling: 100, at: now) == nil)
    #expect(register.stamp == Stamp(generation: 100, value: 1))
    #expect(register.sets == 1)
  }

  @Test func `a write is lost when a greater value takes its generation, whoever held it`() {
    for isHeld in [false, true] {
      var register = register(after: 7)
      if isHeld { register.heard(Stamp(generation: 1, value: 7)) }
      let winner = Stamp(generation: 1, value: 8)
      #expect(register.loss(by: winner, wall: 11) == LostWrite(write: register.stamp, winner: winner, noticed: 11))
      #expect(register.lostWrites == 1)
    }
  }

  @Test func `a write is lost to a later generation only while no member was known to hold it`() {
    var unheld = register(after: 7)
    #expect(unheld.loss(by: Stamp(generation: 2, value: 0), wall: 1) != nil)
    var held = register(after: 7)
    held.heard(Stamp(generation: 1, value: 7))
    #expect(held.loss(by: Stamp(generation: 2, value: 0), wall: 1) == nil)
    #expect(held.lostWrites == 0)
  }

  @Test func `another member's copy of another stamp does not save a write`() {
    var register = register(after: 7)
    register.heard(Stamp(generation: 1, value: 6))
    register.heard(Stamp.initial)
    #expect(register.loss(by: Stamp(generation: 2, value: 0), wall: 1) != nil)
  }

  @Test func `a lesser or an equal stamp loses nothing`() {
    var register = register(after: 7)
    #expect(register.loss(by: Stamp(generation: 1, value: 7), wall: 1) == nil)
    #expect(register.loss(by: Stamp(generation: 1, value: 6), wall: 1) == nil)
    #expect(register.loss(by: .initial, wall: 1) == nil)
  }

  @Test func `a lost write is counted once`() {
    var register = register(after: 7)
    #expect(register.loss(by: Stamp(generation: 1, value: 8), wall: 1) != nil)
    #expect(register.loss(by: Stamp(generation: 1, value: 9), wall: 1) == nil)
    #expect(register.loss(by: Stamp(generation: 2, value: 9), wall: 1) == nil)
    #expect(register.lostWrites == 1)
  }

  @Test func `only the latest write is watched, an earlier one was replaced by our own clients`() {
    var register = register(after: 7, 8)
    #expect(register.loss(by: Stamp(generation: 1, value: 99), wall: 1) == nil)
    #expect(register.loss(by: Stamp(generation: 2, value: 99), wall: 1)?.write == Stamp(generation: 2, value: 8))
  }

  @Test func `the last sixteen losses are kept, oldest first`() {
    var register = register()
    for number in 0..<20 {
      _ = register.set(0, ceiling: 1 << 53, at: now)
      let winner = Stamp(generation: register.stamp.generation, value: 1)
      _ = register.loss(by: winner, wall: UInt64(number))
      _ = register.merge(winner, at: now)
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
    #expect(register.merge(stamp, at: Instant(microseconds: 10)) == .adopted(after: .initial))
    #expect(register.merge(stamp, at: Instant(microseconds: 20)) == .known)
    #expect(register.changed == Instant(microseconds: 10))
  }
}
