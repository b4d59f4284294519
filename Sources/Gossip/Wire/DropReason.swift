// Why a node drops something that came from the network.

/// Why something from the network was dropped. A drop costs one counter and nothing else. The raw values are published, as
/// labels: a case may be renamed, its value may not.
package enum DropReason: String, CaseIterable, Sendable {
  /// It is longer than our datagrams can be.
  case oversized = "oversized"
  /// It ended too early, had bytes left over, or a field had an impossible value.
  case malformed = "malformed"
  /// Its checksum is wrong.
  case corrupted = "corrupted"
  /// It has another version of the wire format.
  case version = "version"
  /// It has a kind or a flag of a later version that must not be ignored.
  case unsupported = "unsupported"
  /// It names another cluster.
  case cluster = "cluster"
  /// It is sealed with a key that we do not have.
  case sealed = "sealed"
  /// It names an address that cannot be reached.
  case address = "address"
  /// It has an incarnation that no clock and no member can have made.
  case incarnation = "incarnation"
  /// Its stamp is above the ceiling for members.
  case stamp = "stamp"
  /// It is a notify above the ceiling for strangers.
  case notify = "notify"
  /// It came from a stranger when this second's limit was used up.
  case flood = "flood"
  /// It answers no request of ours, or comes from somebody else than was asked.
  case unsolicited = "unsolicited"
  /// Only members may make this request.
  case notMember = "not_member"
  /// The list has no room for another member.
  case full = "full"
}

extension DropReason {
  /// The position of this case among all, without a search.
  var index: Int {
    switch self {
    case .oversized: 0
    case .malformed: 1
    case .corrupted: 2
    case .version: 3
    case .unsupported: 4
    case .cluster: 5
    case .sealed: 6
    case .address: 7
    case .incarnation: 8
    case .stamp: 9
    case .notify: 10
    case .flood: 11
    case .unsolicited: 12
    case .notMember: 13
    case .full: 14
    }
  }
}
