// The one source of randomness: a seeded generator that the node owns.
//
// The same seed gives the same run in every process, so a failure found by simulation can be replayed. Rejected: the
// system's generator (no replay) and the standard library's `shuffled`, `random(in:)` and `randomElement` (how they
// spend random bits may change between toolchains, and with it every recorded run).

/// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", section 4): 64 bits of state,
/// equidistributed, more than good enough to choose peers. It keeps no secret, because its output is a bijection of its
/// state: numbers that nobody may guess come from `SipHash`.
package struct Generator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Hash.mix(state)
  }

  /// A number in `0 ..< bound`; 0 when `bound` is 0. It multiplies (Lemire 2019): the bias is below 2^-40 for any bound
  /// that a cluster can need, and no draw is ever repeated, so the number of draws is known.
  package mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(bound, 0))).high)
  }

  /// True with the given probability; always true from 1 up, and never at 0 or below.
  package mutating func chance(_ probability: Double) -> Bool {
    Double(next() >> 11) * 0x1p-53 < probability
  }

  /// Puts the elements into a random order (Fisher and Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }
}

/// Hashing for digests and generators. It never changes, because nodes compare its results. (The standard library's
/// `Hasher` has a new seed in every process.)
package enum Hash {
  /// The finaliser of SplitMix64: a bijection in which each input bit flips about half of the output bits.
  package static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// FNV-1a over the bytes, then mixed: used for the cluster's name, a few bytes, once per start.
  package static func of(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return mix(hash)
  }
}
