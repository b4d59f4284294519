// What clients see when two threads carry out effects in another order than the node decided on them.

import Gossip
import Testing

@testable import Agent

@Suite struct PublishedStateTests {
  private let older = Stamp(generation: 4, value: 9)
  private let newer = Stamp(generation: 5, value: 1)

  @Test func `an older stamp that comes later is not shown`() {
    var state = PublishedState()
    #expect(state.stamp == .initial)
    state.publish(newer, retractions: 0)
    state.publish(older, retractions: 0)
    #expect(state.stamp == newer)
  }

  @Test func `after a retraction only what the node held since then is shown`() {
    var state = PublishedState()
    state.publish(newer, retractions: 0)
    state.retract(to: older, retractions: 1)
    #expect(state.stamp == older)
    state.publish(newer, retractions: 0)
    #expect(state.stamp == older, "decided before the retraction, carried out after it")
    state.publish(newer, retractions: 1)
    #expect(state.stamp == newer)
  }

  @Test func `a stop stays shown`() {
    var state = PublishedState()
    #expect(state.readiness == .starting)
    state.show(.ready(.first))
    #expect(state.readiness == .ready(.first))
    state.show(.leaving)
    state.show(.ready(.alone))
    #expect(state.readiness == .leaving)
  }
}
