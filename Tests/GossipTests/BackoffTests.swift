// Waits that double, up to a bound.

import Testing

@testable import Gossip

@Suite struct BackoffTests {
  @Test func `waits double up to the longest, and begin anew`() {
    var backoff = Backoff(from: .seconds(5), to: .seconds(18))
    #expect((0..<4).map { _ in backoff.wait() } == [5, 10, 18, 18].map { Duration.seconds($0) })
    backoff.reset()
    #expect((0..<2).map { _ in backoff.wait() } == [5, 10].map { Duration.seconds($0) })
  }
}
