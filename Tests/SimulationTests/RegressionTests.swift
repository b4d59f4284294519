// Every seed that ever broke a rule, with what it found. Each has its list of kinds of fault, because a later kind would
// change the run.

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

  /// Not a bug in the protocol: the trial blamed accusations that were still due to the faults on the quiet time.
  @Test(arguments: [6, 94, 101] as [UInt64])
  func `an accusation that began under faults is no accusation in quiet`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: first))
  }

  /// Not a bug in the protocol: a datagram that was held up for seconds brought a stamp that all its other holders had
  /// lost, and that was the greatest then. The trial thought that the write it replaced was lost in the quiet time.
  @Test func `a stamp that the network held up for seconds still counts`() {
    expectHolds(Trial(seed: 243, hosts: 6, kinds: second))
  }

  /// The same with a notify.
  @Test func `a notify that the network held up for seconds still counts`() {
    expectHolds(Trial(seed: 4354, hosts: 7, kinds: third))
  }

  /// Not a bug in the protocol: a node does not accept from others an incarnation more than a day ahead of its clock,
  /// and a member that has left can no longer say it itself; so the node finds it dead instead.
  @Test(arguments: [69, 79, 83] as [UInt64])
  func `a goodbye at an incarnation beyond a clock's reach is not believed`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a bug in the protocol: the only seed of a node was leaving when the faults ended, and never returned, and all
  /// others that had known the node had been restarted.
  @Test func `a node whose only seed returns finds the others`() {
    expectHolds(Trial(seed: 4459, hosts: 7, kinds: second))
  }

  /// Rare luck: within two milliseconds, every packet that could have carried the goodbye went to others.
  @Test func `a goodbye that one of six misses is still heard by the others`() {
    expectHolds(Trial(seed: 6334, hosts: 7, kinds: second))
  }

  /// Not a bug in the protocol: a probe that a slow network had stretched over 18 s ended in the quiet time, later
  /// after the faults than any bound allowed for.
  @Test(arguments: [2196, 3071, 3316, 3778, 4271] as [UInt64])
  func `a stretched probe that began under faults is waited for`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a bug in the protocol: all agreed for a moment, while news of a member that had moved was still in flight.
  /// Nodes that doubted themselves then found it dead slowly.
  @Test(arguments: [4103, 4839, 7871, 16453] as [UInt64])
  func `a moment of agreement with news on its way is not quiet yet`(seed: UInt64) {
    expectHolds(Trial(seed: seed, hosts: 3 + Int(seed % 5), kinds: second))
  }

  /// Not a bug in the protocol: a node that slept for longer than others remember forgets everybody when it wakes up, and
  /// then what a member says of itself is a stranger's word.
  @Test func `a sleeper that has forgotten everybody hears strangers`() {
    var trial = Trial(seed: 4521, hosts: 4, kinds: fourth)
    trial.drawsRates = true
    trial.settings.tombstoneLifetime = .seconds(7)
    trial.settings.longGoneAfter = .seconds(20)
    trial.isIntroduced = true
    expectHolds(trial)
  }

  /// A bug: a node took the time since a timer was due for a stall, though it had run since then and the timer had stayed
  /// due. Its clock stood still for as long, so that a member that was heard meanwhile was shown as unheard.
  @Test func `a busy node's clock does not stand still`() {
    expectHolds(Sweep.trial(596))
  }
}
