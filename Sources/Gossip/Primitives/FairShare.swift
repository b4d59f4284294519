// A rate limit shared by many sources, in which a source that takes all it can get still leaves the others their share.
//
// Half of the tokens go to whoever comes first. The other half is reserved for sources that have taken little recently,
// so that one flooding source, or ten, crowd out nobody but themselves. A source that is alone gets the first half and
// its share of the second; that costs nothing, because no honest source needs more. Rejected: a queue for each source
// (a forger fills any number of them) and a limit for each (a hundred newcomers behind one address would join one after
// the other).

/// A token bucket with a share for each source.
struct FairShare: Sendable {
  private var all: TokenBucket
  /// Tokens that sources leave alone once they have used up their share.
  private let reserve: Int
  private let key: SecretKey
  /// When each slot of the table has its whole share again, in microseconds; empty until first needed.
  private var fullAt: [Int64] = []

  init(perSecond: Int, key: SecretKey, at now: Instant) {
    all = TokenBucket(perSecond: perSecond, burst: perSecond, at: now)
    reserve = perSecond / 2
    self.key = key
  }

  /// Takes one token for this source.
  mutating func take(for source: Source, at now: Instant) -> Bool {
    if all.take(leaving: reserve, at: now) { return true }
    if fullAt.isEmpty { fullAt = Array(repeating: 0, count: FairShare.slots) }
    let slot = slot(of: source, at: now)
    let free = max(fullAt[slot], now.microseconds)
    guard free - now.microseconds < FairShare.perSource * FairShare.spacing, all.take(at: now) else { return false }
    fullAt[slot] = free + FairShare.spacing
    return true
  }

  /// The slot of a source in the table. A source that shares a slot with a flood shares its limit too. Without the key
  /// nobody can pick a victim's slot, and slots change every minute.
  private func slot(of source: Source, at now: Instant) -> Int {
    let minute = UInt64(bitPattern: now.microseconds / 60_000_000)
    let hash = SipHash.hash(of: SipHash.hash(of: source.high, key: key) ^ source.low, key: key)
    return Int(SipHash.hash(of: hash ^ minute, key: key) % UInt64(FairShare.slots))
  }

  /// The party that a limit applies to.
  struct Source: Equatable, Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64

    /// A machine: its IPv4 address, or the network of its IPv6 address. A sender that has one port, or one address in a
    /// network of 2^64, has them all.
    init(machineAt address: Address) {
      high = address.high
      low = address.isIPv4 ? address.low : 0
    }

    /// An address with its port.
    init(exactly address: Address) {
      high = address.high
      low = SipHash.hash(of: address.low, key: SecretKey(low: UInt64(address.port), high: 0))
    }
  }

  /// Whether a thousand forged sources come in a second or a thousand times as many, each slot gets a few datagrams a
  /// second. A slot takes eight bytes.
  private static let slots = 1024
  /// What one source may take from the reserve at once …
  private static let perSource: Int64 = 4
  /// … and then one a second: a newcomer needs a contact, a pull and an answer or two, and contacts us again after a
  /// second. More would not serve it better, and would let fewer flooders take everything.
  private static let spacing: Int64 = 1_000_000
}
