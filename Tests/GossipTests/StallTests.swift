// What a node does after a time in which it did not run, such as a stopped container or a sleeping laptop. It accuses
// nobody for that time, and if it slept for longer than others remember, it joins again.

import Testing

@testable import Gossip

@Suite struct StallTests {
  @Test func `a stall of our own accuses nobody`() {
    for late in [201, 350, 1_000, 30_000] as [Int64] {
      var stage = Stage.settled(5)
      #expect(stage.pass(atMost: .seconds(5)) { $0.node.probe.attempt != nil })
      let due = stage.node.nextDeadline.microseconds
      // The process runs again. Either what waited in its socket comes before its timers, or nothing waited.
      stage.time = due + late * 1000
      let effects = stage.receive(from: Peer(5)) + stage.pass(.seconds(5))
      #expect(effects.reports.first == .stalled(.milliseconds(late)))
      #expect(effects.told(of: Peer(1).address).allSatisfy { $0.state == .alive })
      #expect(stage.status.members.allSatisfy { $0.status == .alive }, "\(late) ms")
      #expect(stage.node.counters.stalls == 1 && stage.node.counters.failedProbes == 0)
    }
  }

  @Test func `a call that is only 200 ms late is no stall`() {
    var stage = Stage.settled(2)
    stage.time = stage.node.nextDeadline.microseconds + 200_000
    #expect(!stage.handle(.timePassed).reports.contains { if case .stalled = $0 { true } else { false } })
    #expect(stage.node.counters.stalls == 0)
  }

  @Test func `a stall lets a suspect have its time to refute, counted from our waking`() {
    var stage = Stage.settled(5)
    stage.answering.removeFirst()
    #expect(stage.pass(atMost: .seconds(5)) { $0.member(Peer(1))?.status == .suspect })
    stage.time += 60_000_000
    let line = stage.timeline(.seconds(3))
    let died = line.first { [$0.effect].changes(of: Peer(1)) == [.dead] }?.at ?? 0
    #expect(died >= 1_200, "\(died) ms")
  }

  /// The pause between two answers to accusations is for the others' sake, and their time went on.
  @Test func `who was stopped just after it outbid an accusation outbids the next one when it goes on`() {
    var stage = Stage.settled(3)
    for state in [Record.State.suspect, .dead] {
      var accusation = stage.own
      accusation.state = state
      stage.receive(from: Peer(1), rumours: [accusation])
      #expect(stage.own.incarnation == accusation.incarnation + 1)
      #expect(stage.own.state == .alive)
      stage.time += 3_000_000
    }
    #expect(stage.node.counters.stalls == 1)
  }

  @Test func `a stall raises local health by one`() {
    var stage = Stage.settled(2)
    stage.time = stage.node.nextDeadline.microseconds + 500_000
    _ = stage.handle(.timePassed)
    #expect(stage.status.localHealth == 1)
  }

  @Test func `while we stood still nobody was silent: it is no time that a member was not heard in`() throws {
    var stage = Stage.settled(2)
    stage.time = stage.node.nextDeadline.microseconds + 60_000_000
    _ = stage.handle(.timePassed)
    for _ in 0..<2 {
      for peer in [Peer(1), Peer(2)] {
        let heard = try #require(stage.member(peer)?.lastHeard)
        #expect(heard < .seconds(5), "\(peer.name): \(heard)")
      }
      stage.pass(.seconds(5))
    }
  }

  @Test func `who slept for longer than the others remember joins anew, and first answers no pull`() {
    var stage = Stage.settled(3) { $0.seeds = ["seed"] }
    stage.answering = []
    stage.time += Settings().tombstoneLifetime.microseconds + 10_000_000
    let pull = Message.Body.pull(after: nil, buckets: .init(repeating: 1, count: 128))
    #expect(stage.receive(pull, from: Peer(1), nonce: 7, padded: 1184).sent(.page).isEmpty)
    #expect(stage.status.members.count == 1)
    #expect(stage.pass(.milliseconds(200)).contains { if case .resolve = $0 { true } else { false } })
  }

  @Test func `stalls that are short each are no long sleep, however long they are together`() {
    var stage = Stage.settled(3) { $0.tombstoneLifetime = .seconds(600) }
    for _ in 1...3 {
      stage.time += 250_000_000
      _ = stage.handle(.timePassed)
      #expect(stage.status.members.count == 4)
      stage.pass(.seconds(2))
    }
    #expect(stage.node.counters.stalls == 3)
  }

  @Test func `two that slept for longer than any memory find each other again, though neither trusts its list`() {
    var harness = Harness()
    harness.change = { $0.tombstoneLifetime = .seconds(10) }
    harness.start("a", seeds: ["b"])
    harness.start("b", seeds: ["a"])
    harness.run(.seconds(5))
    for name in ["a", "b"] { harness.pause(name) }
    harness.run(.seconds(60))
    for name in ["a", "b"] { harness.resume(name) }
    let isWhole = harness.run(atMost: .seconds(3)) { harness in
      harness.status(of: "a", on: "b") == .alive && harness.status(of: "b", on: "a") == .alive
        && harness["a"].activeMembers == harness["b"].activeMembers
    }
    #expect(isWhole)
  }
}
