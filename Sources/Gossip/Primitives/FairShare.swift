// A limit for many who do not know each other, of which one who takes all it can get leaves the others their part.
//
// Half of what there is goes to whoever comes first. The other half is kept for sources that have taken little of late,
// so that one that floods us, or ten, drive out nobody but themselves. A source that is alone has the first half and its
// part of the second; nothing is lost by that, as no honest source needs so much. Rejected: a queue for each source (a forger fills any number of them) and a limit for each (a
// hundred newcomers behind one address would join one after the other).

/// A token bucket with a part for each source.
struct FairShare: Sendable {
  private var all: TokenBucket
  /// What those leave who have taken their part.
  private let reserve: Int
  private let key: SecretKey
  /// When each place of the table has its whole part again, in microseconds; empty until it is needed first.
  private var used: [Int64] = []

  init(perSecond: Int, key: SecretKey, at now: Instant) {
    all = TokenBucket(perSecond: perSecond, burst: perSecond, at: now)
    reserve = perSecond / 2
    self.key = key
  }

  /// Takes one of what there is for this source.
  mutating func take(for source: Source, at now: Instant) -> Bool {
    if all.take(leaving: reserve, at: now) { return true }
    if used.isEmpty { used = Array(repeating: 0, count: FairShare.places) }
    let place = place(of: source, at: now)
    let free = max(used[place], now.microseconds)
    guard free - now.microseconds < FairShare.ofOne * FairShare.spacing, all.take(at: now) else { return false }
    used[place] = free + FairShare.spacing
    return true
  }

  /// Where a source stands in the table. Who shares a place with a flood shares its part: nobody can choose that without
  /// the key, and it is another one after a minute.
  private func place(of source: Source, at now: Instant) -> Int {
    let minute = UInt64(bitPattern: now.microseconds / 60_000_000)
    let hash = SipHash.hash(of: SipHash.hash(of: source.high, key: key) ^ source.low, key: key)
    return Int(SipHash.hash(of: hash ^ minute, key: key) % UInt64(FairShare.places))
  }

  /// Whom a limit is for.
  struct Source: Equatable, Sendable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64

    /// A machine: its IPv4 address, or the network of its IPv6 address. Who has one port, or one address of a network
    /// of 2^64, has them all.
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

  /// With a thousand forged sources a second or a thousand times as many, each place gets a few datagrams a second. Eight
  /// bytes each.
  private static let places = 1024
  /// What one source may take at once of what is kept …
  private static let ofOne: Int64 = 4
  /// … and then one a second: a newcomer needs a contact, a pull and an answer or two, and contacts us again after a
  /// second. More would serve it no better, and fewer flooders would do to take all.
  private static let spacing: Int64 = 1_000_000
}
