// Which incarnations there are: the truth that what nodes hold of each other is compared with.

internal import Gossip

/// The highest incarnation that anybody gave each address: its process, or a liar who could be believed.
struct Incarnations {
  private var bySlot: [UInt64] = []

  /// 0 when nobody gave it any.
  func highest(of address: Address) -> UInt64 {
    Host.slot(of: address).flatMap { $0 < bySlot.count ? bySlot[$0] : nil } ?? 0
  }

  /// Somebody says that this address has this incarnation.
  mutating func note(_ incarnation: UInt64, of address: Address) {
    guard let slot = Host.slot(of: address) else { return }
    while bySlot.count <= slot { bySlot.append(0) }
    bySlot[slot] = max(bySlot[slot], incarnation)
  }
}
