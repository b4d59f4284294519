// How wrong clocks may be, and what happens if they are worse.

import Testing

@testable import Gossip

@Suite struct CeilingTests {
  private static let released: UInt64 = 1_795_219_200_000_000
  private static let walls: [UInt64] = [
    0, 1, released - 1, released, released + 1, released + 1_000_000, 7_258_118_400_000_000, 1 << 62, .max,
  ]

  private func ceiling(_ wall: UInt64) -> Ceiling { Ceiling(wall: wall, released: Self.released) }

  @Test func `the ceiling never falls while the clock rises`() {
    for (earlier, later) in zip(Self.walls, Self.walls.dropFirst()) {
      #expect(ceiling(earlier).forStrangers <= ceiling(later).forStrangers)
      #expect(ceiling(earlier).forMembers <= ceiling(later).forMembers)
      #expect(ceiling(earlier).forHearsay <= ceiling(later).forHearsay)
    }
    // A million a second is faster than anyone writes.
    #expect(ceiling(Self.released + 1_000_000).forStrangers - ceiling(Self.released).forStrangers == 1_000_000)
  }

  @Test func `what a stranger can bring in leaves room to write above it, also where the clock is two years behind`() {
    for wall in Self.walls {
      let room = ceiling(wall).forMembers - ceiling(wall).forStrangers
      #expect(room == 731 * 86_400_000_000)
    }
  }

  @Test func `the ceiling stays below 2^53, whatever the clock says`() {
    for wall in Self.walls { #expect(ceiling(wall).forMembers < 1 << 53) }
  }

  @Test func `a clock that says 1970 is taken as the day of the release`() {
    #expect(ceiling(0).effectiveClock == Self.released)
    #expect(ceiling(Self.released + 5).effectiveClock == Self.released + 5)
  }
}

@Suite struct ClocksTests {
  private static let day: UInt64 = 86_400_000_000
  private static let year = 365 * day
  /// Members that started at true time, and one whose clock is right.
  private let one = Peer(1)
  private let two = Peer(2)

  private func isGivenUp(_ report: Report) -> Bool { if case .stampGivenUp = report { true } else { false } }

  private func differences(_ effects: [Effect]) -> [Duration] {
    effects.reports.compactMap { if case .clocksDiffer(_, _, let by) = $0 { by } else { nil } }
  }

  /// A node whose clock is years ahead takes the highest notify that it can.
  private func ahead(by years: UInt64, knowing peers: [Peer] = []) -> (stage: Stage, lie: Stamp) {
    var stage = Stage(wall: Stage.wall + years * Self.year)
    stage.join(peers)
    stage.pass(.seconds(2))
    let lie = Stamp(generation: stage.node.context.ceiling.forStrangers, value: 666)
    #expect(stage.handle(.notified(lie, by: "liar", RequestID(1))).published == [lie])
    return (stage, lie)
  }

  @Test func `a node that was years ahead is written to at once when its clock is set right`() {
    var (stage, lie) = ahead(by: 3)
    stage.wallAtStart = Stage.wall
    let effects = stage.handle(.setRequested(5, RequestID(2)))
    // Alone, it keeps the value and counts from the start again.
    #expect(effects.contains(.retract(Stamp(generation: 1, value: 666))))
    #expect(effects.reports.contains(.stampGivenUp(lie, for: Stamp(generation: 1, value: 666))))
    #expect(effects.answers == [.accepted(Stamp(generation: 2, value: 5))])
    #expect(stage.status.stamp == Stamp(generation: 2, value: 5) && stage.status.retractions == 1)
    #expect(!stage.pass(.seconds(10)).reports.contains(where: isGivenUp))
  }

  @Test func `it takes up what members hold, and tells them nothing that they would refuse`() {
    var (right, wrong) = (Peer(1), Peer(2))
    right.stamp = Stamp(generation: 7, value: 70)
    var (stage, lie) = ahead(by: 3, knowing: [right])
    // Another node was ahead too, and took a greater one.
    wrong.stamp = Stamp(generation: lie.generation + 5, value: 1)
    stage.join([wrong], answering: false)
    stage.receive(from: wrong)
    stage.receive(from: right)
    #expect(stage.node.stamp == wrong.stamp)
    stage.wallAtStart = Stage.wall
    _ = stage.handle(.timePassed)
    #expect(stage.node.stamp == right.stamp)
    let effects = stage.pass(.milliseconds(20))
    #expect(effects.sent.allSatisfy { $0.message.stamp == right.stamp } && !effects.sent.isEmpty)
    // What the other still holds is not believed any more, and people are told whose clock to look at.
    #expect(differences(stage.receive(from: wrong)).count == 1)
    #expect(stage.node.stamp == right.stamp && stage.node.counters.dropped(.stamp) == 1)
    #expect(stage.member(wrong)?.convergence != .current)
  }

  @Test func `after a stamp was given up a member was not heard since, and our own clock is not one that is ahead`() {
    var right = Peer(1)
    right.stamp = Stamp(generation: 7, value: 70)
    var (stage, _) = ahead(by: 3, knowing: [right])
    stage.pass(.milliseconds(5))
    var behind = Peer(2)
    behind.stamp = Stamp(generation: 6, value: 60)
    stage.join([behind], answering: false)
    stage.receive(from: behind)
    stage.pass(.milliseconds(5))
    stage.answering = []
    stage.wallAtStart = Stage.wall
    _ = stage.handle(.timePassed)
    #expect(stage.node.stamp == right.stamp)
    // We heard it when we held another stamp, so nobody here knows what it holds now.
    #expect(stage.member(behind)?.convergence == .unheard)
    #expect(stage.status.clocksAhead == 0)
  }

  @Test func `a write that was given up is not told as lost when others write later`() {
    var right = Peer(1)
    right.stamp = Stamp(generation: 7, value: 70)
    var (stage, _) = ahead(by: 3, knowing: [right])
    _ = stage.handle(.setRequested(5, RequestID(2)))
    stage.wallAtStart = Stage.wall
    _ = stage.handle(.timePassed)
    #expect(stage.node.stamp == right.stamp)
    right.stamp = Stamp(generation: 7, value: 71)
    stage.receive(from: right)
    #expect(stage.node.stamp == right.stamp && stage.status.lostWrites == 0)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `what was taken within the tolerance stays, and is written on top of`(years: UInt64) {
    // From a year ahead of the truth to a year behind.
    var (stage, lie) = ahead(by: years)
    stage.wallAtStart = Stage.wall
    #expect(
      stage.handle(.setRequested(5, RequestID(2))).answers == [
        .accepted(Stamp(generation: lie.generation + 1, value: 5))
      ])
    #expect(stage.status.retractions == 0)
  }

  @Test(arguments: [(day - 1_000_000, true), (day + 1_000_000, false)])
  func `of an unknown member whose clock is ahead others are believed up to a day`(ahead: UInt64, isBelieved: Bool) {
    var stage = Stage()
    stage.join([one])
    let effects = stage.receive(from: one, rumours: [two.record(incarnation: Stage.wall + ahead)])
    #expect((stage.member(two) != nil) == isBelieved)
    // Otherwise we ask it ourselves.
    #expect(effects.sent(.ping, to: two.address).isEmpty == isBelieved)
    #expect(stage.node.counters.dropped(.incarnation) == (isBelieved ? 0 : 1))
  }

  @Test func `who is far behind believes what is said of members that spoke for themselves`() {
    var stage = Stage(wall: Stage.wall - 30 * Self.day) { $0.released = 0 }
    stage.join([one, two])
    let accusation = two.record(.suspect, accuser: one.address)
    stage.receive(from: one, rumours: [accusation])
    #expect(stage.member(two)?.status == .suspect)
    stage.receive(from: one, rumours: [two.record(.left)])
    #expect(stage.member(two)?.status == .left)
    #expect(stage.node.counters.dropped(.incarnation) == 0)
  }

  @Test func `a clock that is too far ahead is told of at once and then more and more rarely`() {
    var stage = Stage()
    var early = one
    early.incarnation = Stage.wall + 3 * Self.day
    var told = differences(stage.join([early]))
    for _ in 0..<3600 { told += differences(stage.pass(.seconds(1))) }
    #expect((8...10).contains(told.count), "\(told.count)")
    #expect(told.allSatisfy { $0 > .seconds(2 * 86_400) && $0 <= .seconds(3 * 86_400) })
    #expect(stage.status.clocksAhead == 1)
    var fine = Stage()
    early.incarnation = Stage.wall + 2 * Self.day - 1_000_000
    #expect(differences(fine.join([early]) + fine.pass(.seconds(60))).isEmpty)
    #expect(fine.status.clocksAhead == 0)
  }
}
