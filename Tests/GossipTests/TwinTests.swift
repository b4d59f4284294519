// Compares the real node with its dumb twin (`Twin.swift`) in all small cases: every short history of writes, stamps
// heard and notifies, and every two claims about a member, whatever was held before and whoever makes them.
//
// Events go in at the node's door, and the test compares what comes out. It does not expect case by case, because tens of
// thousands of expectations would take minutes: it records the first difference with its history.

import Testing

@testable import Gossip

/// One event for the value.
private enum TwinEvent: CustomStringConvertible {
  case set(Int)
  case heard(Int, Int)
  case notified(Int, Int)

  var description: String {
    switch self {
    case .set(let value): "set \(value)"
    case .heard(let generation, let value): "heard (\(generation), \(value))"
    case .notified(let generation, let value): "notified (\(generation), \(value))"
    }
  }
}

/// A difference between the node and its twin. It ends the search, because more would follow from it.
private struct Difference: Error {}

@Suite struct TwinValueTests {
  private static let clock = Int(Stage.wall)

  private static func events(generations: ClosedRange<Int>, values: ClosedRange<Int>) -> [TwinEvent] {
    let stamps = generations.flatMap { generation in values.map { (generation, $0) } }
    return values.map(TwinEvent.set) + stamps.map { .heard($0.0, $0.1) } + stamps.map { .notified($0.0, $0.1) }
  }

  /// Gives the same event to both, and compares everything that shows of the value.
  private func apply(_ event: TwinEvent, _ stage: inout Stage, _ twin: inout TwinValue) -> Bool {
    let before = twin
    let effects: [Effect]
    let isAccepted: Bool
    var expected: [Answer] = []
    switch event {
    case .set(let value):
      isAccepted = twin.set(value, clock: Self.clock)
      effects = stage.handle(.setRequested(Int64(value), RequestID(1)))
      expected = [.accepted(Stamp(generation: UInt64(twin.generation), value: Int64(value)))]
    case .heard(let generation, let value):
      isAccepted = twin.heard(generation, value, clock: Self.clock)
      var peer = Peer(1)
      peer.stamp = Stamp(generation: UInt64(generation), value: Int64(value))
      effects = stage.receive(from: peer)
    case .notified(let generation, let value):
      isAccepted = twin.notified(generation, value, clock: Self.clock)
      let stamp = Stamp(generation: UInt64(generation), value: Int64(value))
      effects = stage.handle(.notified(stamp, by: "client", RequestID(1)))
      expected = [.accepted(stamp)]
    }
    let held = Stamp(generation: UInt64(twin.generation), value: Int64(twin.value))
    let isChanged = (before.generation, before.value) != (twin.generation, twin.value)
    let lost = effects.reports.count { if case .writeLost = $0 { true } else { false } }
    return isAccepted && stage.node.stamp == held && effects.answers == expected
      && effects.published == (isChanged ? [held] : []) && lost == twin.losses - before.losses
      && stage.node.register.sets == twin.sets && stage.node.register.lostWrites == twin.losses
  }

  /// Runs all histories of this length, which share their beginnings.
  private func search(_ depth: Int, _ stage: Stage, _ twin: TwinValue, _ all: [TwinEvent], _ past: [TwinEvent]) throws
    -> Int
  {
    guard depth > 0 else { return 1 }
    var histories = 0
    for event in all {
      var (stage, twin) = (stage, twin)
      guard apply(event, &stage, &twin) else {
        Issue.record("after \(past), \(event): the twin has \(twin), the node \(stage.node.register)")
        throw Difference()
      }
      histories += try search(depth - 1, stage, twin, all, past + [event])
    }
    return histories
  }

  /// A node past the time in which writes would wait, with a member to hear from.
  private var stage: Stage {
    var stage = Stage()
    stage.pass(.seconds(2))
    stage.join([Peer(1)], answering: false)
    return stage
  }

  @Test func `after every short history a node holds, answers and counts what its twin does`() throws {
    // Every stamp once more than the histories are long in generations, so that each write can be met, tied and passed.
    let small = Self.events(generations: 0...3, values: 6...7)
    #expect(try search(3, stage, TwinValue(), small, []) == small.count * small.count * small.count)
    let wide = Self.events(generations: 0...4, values: -2...2)
    #expect(try search(2, stage, TwinValue(), wide, []) == wide.count * wide.count)
  }

  @Test func `after every longer history the register holds and counts what its twin does`() {
    let stamps = (0...4).flatMap { generation in (-2...2).map { (generation, $0) } }
    let choices = stamps.count + 2
    let instant = Instant(microseconds: 0)
    var differences = 0
    for history in 0..<choices * choices * choices * choices {
      var (register, twin, rest) = (Register(at: instant), TwinValue(), history)
      for _ in 0..<4 {
        let choice = rest % choices
        rest /= choices
        if choice >= stamps.count {
          _ = register.set(Int64(choice - stamps.count), ceiling: 1 << 52, at: instant)
          _ = twin.set(choice - stamps.count, clock: 1 << 51)
        } else {
          let stamp = Stamp(generation: UInt64(stamps[choice].0), value: Int64(stamps[choice].1))
          _ = register.merge(stamp, at: instant, wall: 1)
          _ = twin.heard(stamps[choice].0, stamps[choice].1, clock: 1 << 51)
        }
      }
      let isSame = register.stamp == Stamp(generation: UInt64(twin.generation), value: Int64(twin.value))
      if !isSame || register.lostWrites != twin.losses || register.sets != twin.sets { differences += 1 }
    }
    #expect(differences == 0)
  }

  @Test(arguments: [0, -1, 1, 86_400_000_000, 400 * 86_400_000_000])
  func `at the borders of the ceiling a node refuses what its twin refuses, whatever it holds`(offset: Int) {
    let built = Int(Settings().released)
    let wall = offset == 0 ? 0 : built + offset
    let clock = TwinValue.effectiveClock(wall: wall, built: built)
    let generations = [clock, clock + TwinValue.day, clock + TwinValue.members].flatMap {
      [$0 - 2, $0 - 1, $0, $0 + 1, $0 + 2]
    }
    let start = stage
    // A clock that rises within a case would blur the border, so the time stands still in each.
    for held in [0] + generations.filter({ $0 <= clock + TwinValue.members }) {
      for generation in generations {
        compareAtBorder(start, wall: wall, clock: clock, held: held, arrives: generation)
      }
    }
  }

  private func compareAtBorder(_ start: Stage, wall: Int, clock: Int, held: Int, arrives generation: Int) {
    var twin = TwinValue()
    var node = start.node
    let now = Now(monotonic: start.now.monotonic, wall: UInt64(wall))
    func receive(_ generation: Int, _ node: inout Node) {
      var peer = Peer(1)
      peer.stamp = Stamp(generation: UInt64(generation), value: 1)
      _ = node.handle(
        .received(Wire.encode(peer.message(.gossip), cluster: Stage.cluster), from: peer.address), at: now)
    }
    _ = twin.heard(held, 1, clock: clock)
    receive(held, &node)
    var (notified, written, told) = (node, node, node)
    var twins = [twin, twin, twin]
    let stamp = Stamp(generation: UInt64(generation), value: 2)
    let answer = notified.handle(.notified(stamp, by: "client", RequestID(1)), at: now).answers
    #expect((answer == [.accepted(stamp)]) == twins[0].notified(generation, 2, clock: clock))
    #expect((notified.counters.dropped(.notify) == 1) == (generation > clock + TwinValue.day))
    #expect(notified.stamp.generation == twins[0].generation)
    let accepted = written.handle(.setRequested(3, RequestID(1)), at: now).answers
    #expect((accepted == [.accepted(written.stamp)]) == twins[1].set(3, clock: clock))
    #expect(written.stamp.generation == twins[1].generation)
    receive(generation, &told)
    #expect((told.counters.dropped(.stamp) == 0) == twins[2].heard(generation, 1, clock: clock))
    #expect(told.stamp.generation == twins[2].generation)
  }

  @Test func `a node at its ceiling takes a write again when the clock has gone on`() {
    var stage = stage
    var peer = Peer(1)
    peer.stamp = Stamp(generation: UInt64(Int(stage.now.wall) + TwinValue.members), value: 1)
    stage.receive(from: peer)
    #expect(stage.node.stamp == peer.stamp)
    #expect(
      stage.handle(.setRequested(3, RequestID(1))).answers != [
        .accepted(Stamp(generation: peer.stamp.generation + 1, value: 3))
      ])
    stage.pass(.microseconds(1))
    #expect(
      stage.handle(.setRequested(3, RequestID(1))).answers == [
        .accepted(Stamp(generation: peer.stamp.generation + 1, value: 3))
      ])
  }
}
