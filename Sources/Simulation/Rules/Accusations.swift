// Who accused whom.

internal import Gossip

/// The accusations that were made: the truth that those in datagrams are compared with.
struct Accusations {
  private struct Key: Hashable {
    var accuser: Address
    var accused: Address
    var incarnation: UInt64
  }

  private var made: Set<Key> = []

  /// This accuser, or a liar in its name who could be believed, accuses a member.
  mutating func note(_ accuser: Address, of accused: Address, at incarnation: UInt64) {
    made.insert(Key(accuser: accuser, accused: accused, incarnation: incarnation))
  }

  func wereMade(by accuser: Address, of accused: Address, at incarnation: UInt64) -> Bool {
    made.contains(Key(accuser: accuser, accused: accused, incarnation: incarnation))
  }
}
