// Every seed that ever broke a rule, with what it had found. The kinds of fault of each are written down, because a
// later kind would change the run.

import Gossip
import Simulation
import Testing

/// The first kinds.
private let first: [FaultKind] = [
  .loss, .burstLoss, .slowNetwork, .heavyTail, .duplication, .reordering, .corruption, .truncation, .replay,
  .oneWayCut, .partition, .manyWayPartition, .partialPartition, .lossyLink, .outage, .crash, .crashOfMany,
  .restartInThePast, .move, .leave, .pause, .longPause, .busyHost, .clockJump, .clockDrift, .lostNames, .noise, .lies,
  .writes, .notifies,
]
/// And those after which there were these.
private let second = first + [.forgeries, .highNotifies]
private let third = second + [.firewall, .flappingLink, .restartOfAll]
private let fourth = third + [.oddNames, .falseNames]

@SimulationThread @Suite struct RegressionTests {
  @Test func `a probe that began in a partition accuses nobody after the heal`() {
    expectHolds(Trial(seed: 11))
  }

  /// Not a fault of the protocol: the trial counted accusations that were still due to the faults as made in quiet.
  @Test(arguments: [6, 94, 101] as [UInt64])
  func `an accusation that began under faults is no accusation in quiet`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: first))
  }

  /// Not a fault of the protocol: a datagram that was held up for seconds brought a stamp whose every other holder had
  /// gone, and which was the greatest then; the trial took the write that it replaced for lost in quiet.
  @Test func `a stamp that the network held up for seconds still counts`() {
    expectHolds(Trial(seed: 243, hosts: 6, kinds: second))
  }

  /// The same, of a notify.
  @Test func `a notify that the network held up for seconds still counts`() {
    expectHolds(Trial(seed: 4354, hosts: 7, kinds: third))
  }

  /// Not a fault of the protocol: what is said of an incarnation more than a day ahead of a node's clock is not believed
  /// of others, and who has left can no longer say it itself; such a node finds it dead instead.
  @Test(arguments: [69, 79, 83] as [UInt64])
  func `a goodbye at an incarnation beyond a clock's reach is not believed`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a fault of the protocol: the only seed of a node was leaving when the faults ended, and never returned, while all
  /// who had known the node had been restarted.
  @Test func `a node whose only seed returns finds the others`() {
    expectHolds(Trial(seed: 4459, hosts: 7, kinds: second))
  }

  /// Rare luck: every packet in which the goodbye might travel went to others, within two milliseconds.
  @Test func `a goodbye that one of six misses is still heard by the others`() {
    expectHolds(Trial(seed: 6334, hosts: 7, kinds: second))
  }

  /// Not a fault of the protocol: a probe that a slow network had stretched over 18 s ended in quiet, longer after the
  /// faults than any bound for all nodes said.
  @Test(arguments: [2196, 3071, 3316, 3778, 4271] as [UInt64])
  func `a stretched probe that began under faults is waited for`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a fault of the protocol: all agreed for a moment, while news of a member that had moved away was still on its
  /// way, and was then found dead as slowly as nodes that doubt themselves find it.
  @Test(arguments: [4103, 4839, 7871, 16453] as [UInt64])
  func `a moment of agreement with news on its way is not quiet yet`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a fault of the protocol: who slept for longer than others remember forgets everybody as he wakes up, and what a
  /// member says of itself then is a stranger's word.
  @Test func `a sleeper that has forgotten everybody hears strangers`() {
    var trial = Trial(seed: 4521, hosts: 4, kinds: fourth)
    trial.drawsRates = true
    trial.settings.forgetting = .seconds(7)
    trial.settings.longGone = .seconds(20)
    trial.isIntroduced = true
    expectHolds(trial)
  }
}
