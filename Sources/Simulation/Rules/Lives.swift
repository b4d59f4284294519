// What each process really held: the truth that what nodes show of each other's copies is compared with.

internal import Gossip

/// What every process that ever ran held, by the incarnations that it gave itself.
struct Lives {
  private struct Key: Hashable {
    var address: Address
    var incarnation: UInt64
  }

  private var ofClaims: [Key: [Int]] = [:]
  /// The stamps of each process in their order, from the first on.
  private var stamps: [[Stamp]] = []

  /// A process starts. Returns its number.
  mutating func begin() -> Int {
    stamps.append([.initial])
    return stamps.count - 1
  }

  /// A process gives itself this incarnation at this address.
  mutating func note(_ address: Address, _ incarnation: UInt64, _ life: Int) {
    ofClaims[Key(address: address, incarnation: incarnation), default: []].append(life)
  }

  /// A process holds this now. Returns whether it held another one before.
  mutating func holds(_ life: Int, _ stamp: Stamp) -> Bool {
    guard stamps[life].last != stamp else { return false }
    stamps[life].append(stamp)
    return true
  }

  /// Whether the process of this incarnation ever held this stamp; nil when nobody had the incarnation. There may be
  /// two: a process whose clock was turned back outbids what is held of the one before it, which may have outbid more,
  /// elsewhere. Nobody can tell these two apart.
  func held(_ address: Address, _ incarnation: UInt64, _ stamp: Stamp) -> Bool? {
    guard let lives = ofClaims[Key(address: address, incarnation: incarnation)] else { return nil }
    // What is asked for is nearly always among the last.
    return lives.contains { stamps[$0].reversed().contains(stamp) }
  }
}
