// How fast the dead are found, and how often the living are accused.

internal import Gossip

extension Experiment {
  /// From the end of a process to its death in everybody's list, so many times.
  package func crashes(_ times: Int) throws(Violation) -> Distribution {
    try repeated(times, every: 5000..<7000) { cluster, host, _ in
      let found = detection(of: host, in: &cluster, within: Experiment.timeLimit)
      cluster.run(for: .seconds(1))
      cluster.perform(.start(host))
      cluster.run(for: .seconds(3))
      cluster.settle(within: Experiment.timeLimit)
      return found
    }
  }

  /// How long the crash of a process takes to be known to all that was stopped for so long, so long before.
  package func crashAfter(stopOf stop: Duration, quietFor quiet: Duration) throws(Violation) -> Duration? {
    try measure { cluster in
      cluster.perform(.pause(1))
      cluster.run(for: stop)
      cluster.perform(.resume(1))
      cluster.settle(within: .seconds(600))
      cluster.run(for: quiet)
      return detection(of: 1, in: &cluster, within: .seconds(300))
    }
  }

  /// Ends a process: how long all others take to mark it dead; nil when they did not within the bound.
  private func detection(of host: Int, in cluster: inout Cluster, within bound: Duration) -> Duration? {
    let start = cluster.time
    let wanted = cluster.membershipLog.trueDeaths + hosts - 1
    cluster.perform(.crash(host))
    let isFound = cluster.run(until: start + bound) { $0.membershipLog.trueDeaths >= wanted }
    return isFound ? cluster.time - start : nil
  }

  /// Running members marked suspect and dead while nothing happens for so long.
  package func falseAlarms(for duration: Duration) throws(Violation) -> FalseAlarms {
    try measure { cluster in
      let before = cluster.membershipLog.falseAlarms
      cluster.run(for: duration)
      return cluster.membershipLog.falseAlarms - before
    }
  }

  /// How long a node that was cut off from all others takes to mark them all dead.
  package func isolation() throws(Violation) -> Duration? {
    try measure { cluster in
      cluster.perform(.impair(FaultID(1), Impairment.partition([[0], Array(1..<hosts)])))
      let start = cluster.time
      let isAlone = cluster.run(until: start + .seconds(300)) { $0.liveMembers(of: 0) == 1 }
      return isAlone ? cluster.time - start : nil
    }
  }

  /// What a stop of one process does.
  package struct StopOutcome: Sendable {
    /// How many of the others marked it dead.
    package var calledDead = 0
    /// From the end of the stop until all agree again.
    package var back = Duration.zero
    /// How often others, who never stopped, were marked suspect or dead from the stop until a quarter minute after.
    package var othersSuspected = 0
    package var othersCalledDead = 0

    package init() {}
  }

  /// Stops one process for so long.
  package func stop(for duration: Duration) throws(Violation) -> StopOutcome {
    try measure { cluster in
      let address = cluster.hosts[1].address
      let first = cluster.membershipLog.changes.count
      cluster.perform(.pause(1))
      cluster.run(for: duration)
      cluster.perform(.resume(1))
      var outcome = StopOutcome()
      outcome.back = cluster.settle(within: .seconds(600)) ?? .zero
      cluster.run(for: .seconds(15))
      for change in cluster.membershipLog.changes[first...] {
        switch (change.to, change.address == address) {
        case (.dead, true): outcome.calledDead += 1
        case (.dead, false): outcome.othersCalledDead += 1
        case (.suspect, false): outcome.othersSuspected += 1
        default: break
        }
      }
      return outcome
    }
  }
}
