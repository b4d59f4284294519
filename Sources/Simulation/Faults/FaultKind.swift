/// The kinds of fault, and of load, that a schedule may hold.
package enum FaultKind: String, CaseIterable, Sendable {
  // The network.
  case loss, burstLoss, slowNetwork, heavyTail, duplication, reordering, corruption, truncation, replay
  // Who reaches whom.
  case oneWayCut, partition, manyWayPartition, partialPartition
  case lossyLink, flappingLink, outage, firewall, smallPaths, portMapping
  // Processes and machines.
  case crash, crashOfMany, restartOfAll, restartInThePast, move, leave, duplicateAddress, upgrade
  case pause, longPause, busyHost, clockJump, clockDrift, refusedHTTP
  // The world outside.
  case lostNames, oddNames, falseNames, noise, lies, forgeries, flood
  // Load.
  case writes, notifies, highNotifies

  /// Whether this kind ends processes, which then start again.
  var endsProcesses: Bool {
    switch self {
    case .crash, .crashOfMany, .restartOfAll, .restartInThePast, .move, .leave, .clockDrift, .duplicateAddress,
      .upgrade:
      true
    default: false
    }
  }

  /// The faults that every network has.
  package static let common: [FaultKind] = [
    .loss, .duplication, .partition, .crash, .pause, .writes, .notifies,
  ]
}
