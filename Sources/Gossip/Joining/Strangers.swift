// How much attention strangers get, in shares, so that a flood costs the flooder's share alone.
//
//   known       from the address of a seed, of an entry of the address book or of a dead member: those who heal
//   unknown     from anywhere else: newcomers, and whoever pretends to be one
//   hearsay     addresses that must be asked because a member tells of them
//   challenges  newcomers whom the share of the unknown has no room for
//   proven      those who answered a challenge
//
// What answers a nonce of ours needs none of these. A source can be forged, so no share of the unknown is safe from
// a flood that seems to come from everywhere; what a forger can't do is answer what is sent to the address that it forges.
// A newcomer that comes while there is no room is therefore challenged: a ping of 71 bytes to the address that it claims,
// for a contact of 304, whose nonce is a keyed hash of that address and the time. It costs us no memory, so there may
// be many. Who answers it is asked who it is; of those nobody is forged, so that each machine has its part. That is what
// SYN cookies do for TCP (Bernstein 1996).
//
// Rejected: one share for all (3,000 small datagrams a second kept newcomers out for minutes), letting in only whoever
// comes twice (a forger comes twice), and a proof of work (phones join slower than attackers).

/// The limits for those who are no members.
struct Strangers: Sendable {
  private var known: FairShare
  private var unknown: FairShare
  private var challenges: FairShare
  private var proven: FairShare
  private var hearsay: FairShare
  private let key: SecretKey

  /// - Parameter key: makes the challenges, and says who shares a place with whom.
  init(key: SecretKey, at now: Instant, _ settings: Settings) {
    let rate = settings.strangerRate
    self.key = key
    known = FairShare(perSecond: rate, key: key.derived(for: 1), at: now)
    unknown = FairShare(perSecond: rate, key: key.derived(for: 2), at: now)
    challenges = FairShare(perSecond: settings.challengeRate, key: key.derived(for: 3), at: now)
    proven = FairShare(perSecond: rate, key: key.derived(for: 4), at: now)
    hearsay = FairShare(perSecond: rate, key: key.derived(for: 5), at: now)
  }

  /// Whether a datagram from an address is looked at.
  ///
  /// Of the known each address has its part, of the unknown each machine: whoever forges one of the known keeps no
  /// other away.
  mutating func admits(_ source: Address, isKnown: Bool, at now: Instant) -> Bool {
    isKnown
      ? known.take(for: FairShare.Source(exactly: source), at: now)
      : unknown.take(for: FairShare.Source(machineAt: source), at: now)
  }

  /// Whether an address is asked because this member tells of it.
  mutating func follows(_ teller: Address, at now: Instant) -> Bool {
    hearsay.take(for: FairShare.Source(exactly: teller), at: now)
  }

  /// Whether an address that answered a challenge is asked who it is.
  mutating func admitsProven(_ address: Address, at now: Instant) -> Bool {
    proven.take(for: FairShare.Source(machineAt: address), at: now)
  }

  /// The nonce of a challenge to the address that a datagram from this source claims; nil when there is none left.
  mutating func challenge(_ address: Address, from source: Address, at now: Instant) -> UInt64? {
    guard challenges.take(for: FairShare.Source(machineAt: source), at: now) else { return nil }
    return nonce(for: address, in: Strangers.slot(of: now))
  }

  /// Whether this nonce was a challenge to this address a few seconds ago.
  func isChallenge(_ nonce: UInt64, to address: Address, at now: Instant) -> Bool {
    let slot = Strangers.slot(of: now)
    return nonce == self.nonce(for: address, in: slot) || nonce == self.nonce(for: address, in: slot &- 1)
  }

  private func nonce(for address: Address, in slot: UInt64) -> UInt64 {
    let high = SipHash.hash(of: address.high, key: key)
    let low = SipHash.hash(of: high ^ address.low, key: key)
    return max(1, SipHash.hash(of: low ^ (slot << 16 | UInt64(address.port)), key: key))
  }

  /// The number of these four seconds: an answer may take that long, and no longer than twice of it.
  private static func slot(of now: Instant) -> UInt64 { UInt64(bitPattern: now.microseconds / 4_000_000) }
}
