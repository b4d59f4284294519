// How much attention strangers get, divided into shares, so that a flood uses up only the flooder's share.
//
//   known       datagrams from a seed's, an address book entry's or a dead member's address: these heal partitions
//   unknown     datagrams from anywhere else: newcomers, and senders that pretend to be one
//   hearsay     addresses that we verify or contact because a member mentions them
//   challenges  newcomers for which the share of the unknown has no room
//   proven      addresses that answered a challenge
//   foreign     nodes of another version or another cluster, which get a header of ours
//
// Answers to our nonces need none of these. A source can be forged, so no share of the unknown is safe from a flood
// that seems to come from everywhere. But a forger can't answer datagrams that we send to the address that it forges.
// So we challenge a newcomer that arrives when its share is used up: for its contact of 304 bytes we send a ping of 71
// bytes to the address that it claims, with a keyed hash of that address and the time as its nonce. That costs us no
// memory, so there may be many. If the challenge is answered, we verify the address; forged addresses do not get that
// far, so each machine has its share. SYN cookies do the same for TCP (Bernstein 1996).
//
// Rejected: one share for all (3,000 small datagrams a second kept newcomers out for minutes), admitting only sources
// that come twice (a forger comes twice), and a proof of work (phones join slower than attackers).

/// The rate limits for datagrams from strangers.
struct AdmissionControl: Sendable {
  private var known: FairShare
  private var unknown: FairShare
  private var challenges: FairShare
  private var proven: FairShare
  private var hearsay: FairShare
  private var foreign: FairShare
  private let key: SecretKey

  /// - Parameter key: makes the challenges, and decides which sources share a slot.
  init(key: SecretKey, at now: Instant, _ settings: Settings) {
    let rate = settings.strangerRate
    self.key = key
    known = FairShare(perSecond: rate, key: key.derived(for: 1), at: now)
    unknown = FairShare(perSecond: rate, key: key.derived(for: 2), at: now)
    challenges = FairShare(perSecond: settings.challengeRate, key: key.derived(for: 3), at: now)
    proven = FairShare(perSecond: rate, key: key.derived(for: 4), at: now)
    hearsay = FairShare(perSecond: rate, key: key.derived(for: 5), at: now)
    foreign = FairShare(perSecond: rate, key: key.derived(for: 6), at: now)
  }

  /// Whether to process a datagram from this address.
  ///
  /// Each known address has its share, and so has each unknown machine: a forged known address crowds out no other one.
  mutating func admits(_ source: Address, isKnown: Bool, at now: Instant) -> Bool {
    isKnown
      ? known.take(for: FairShare.Source(exactly: source), at: now)
      : unknown.take(for: FairShare.Source(machineAt: source), at: now)
  }

  /// Whether to verify or contact an address because this member mentions it.
  mutating func admitsHearsay(from member: Address, at now: Instant) -> Bool {
    hearsay.take(for: FairShare.Source(exactly: member), at: now)
  }

  /// Whether to verify an address that answered a challenge.
  mutating func admitsProven(_ address: Address, at now: Instant) -> Bool {
    proven.take(for: FairShare.Source(machineAt: address), at: now)
  }

  /// Whether to answer a node that we cannot understand.
  mutating func admitsForeign(_ source: Address, at now: Instant) -> Bool {
    foreign.take(for: FairShare.Source(machineAt: source), at: now)
  }

  /// The nonce of a challenge to the address that a datagram from this source claims; nil when the limit is used up.
  mutating func challenge(_ address: Address, from source: Address, at now: Instant) -> UInt64? {
    guard challenges.take(for: FairShare.Source(machineAt: source), at: now) else { return nil }
    return nonce(for: address, in: AdmissionControl.slot(of: now))
  }

  /// Whether we challenged this address with this nonce in the last few seconds.
  func isChallenge(_ nonce: UInt64, to address: Address, at now: Instant) -> Bool {
    let slot = AdmissionControl.slot(of: now)
    return nonce == self.nonce(for: address, in: slot) || nonce == self.nonce(for: address, in: slot &- 1)
  }

  private func nonce(for address: Address, in slot: UInt64) -> UInt64 {
    let high = SipHash.hash(of: address.high, key: key)
    let low = SipHash.hash(of: high ^ address.low, key: key)
    return max(1, SipHash.hash(of: low ^ (slot << 16 | UInt64(address.port)), key: key))
  }

  /// The number of the current four-second slot: a challenge is valid for at least this long, and for at most twice as
  /// long.
  private static func slot(of now: Instant) -> UInt64 { UInt64(bitPattern: now.microseconds / 4_000_000) }
}
