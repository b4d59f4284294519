// Why a node does not take what came from the network.

/// Why something from the network was refused. Each costs one counter and nothing else.
package enum Refusal: String, CaseIterable, Sendable {
  /// Longer than a datagram of ours can be.
  case oversized
  /// Ended too early, had bytes left over, or a field had an impossible value.
  case malformed
  /// Its checksum is wrong.
  case corrupted
  /// Another version of the wire format.
  case version
  /// Another cluster's name.
  case cluster
  /// Sealed with a key that we do not have.
  case sealed
  /// An address that nobody can be reached at.
  case address
  /// An incarnation that no clock and no member can have made.
  case incarnation
  /// A stamp above the ceiling for members.
  case stamp
  /// A notify above the ceiling for strangers.
  case notify
  /// A stranger, above the number that is answered each second.
  case flood
  /// An answer to nothing that we asked, or from somebody else than asked.
  case unsolicited
  /// A request that only members may make.
  case notMember = "not_member"
  /// No room for another member.
  case full
}

extension Refusal {
  /// The position of this case among all, without a search.
  var index: Int {
    switch self {
    case .oversized: 0
    case .malformed: 1
    case .corrupted: 2
    case .version: 3
    case .cluster: 4
    case .sealed: 5
    case .address: 6
    case .incarnation: 7
    case .stamp: 8
    case .notify: 9
    case .flood: 10
    case .unsolicited: 11
    case .notMember: 12
    case .full: 13
    }
  }
}
