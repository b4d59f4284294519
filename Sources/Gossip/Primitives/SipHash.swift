// Numbers that nobody can guess: a keyed one-way function, and the nonces made with it.
//
// We accept an answer because it repeats the nonce of our request, so whoever can predict nonces can answer for others.
// The generator that chooses peers must not make them: its output is a bijection of its state, and one nonce on the
// wire would reveal all later ones and every choice as well. SipHash-2-4 was made for short inputs and a secret key,
// takes some 20 ns and needs no library. Rejected: asking the system for each number (a system call in the core, and no
// replay), and a longer hash (nonces live for five seconds).

/// A secret of this process: drawn from the system's generator at the start, or from the seed in a simulation.
package struct SecretKey: Equatable, Sendable {
  package var low: UInt64
  package var high: UInt64

  package init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// A separate key for one purpose, so that what one use reveals does not help against another. It hashes numbers at
  /// the end of the range, which no count of nonces reaches: a key's nonces are its hashes of 1, 2, 3 …, and go out in
  /// the clear.
  package func derived(for purpose: UInt64) -> SecretKey {
    SecretKey(
      low: SipHash.hash(of: .max - purpose &* 2, key: self), high: SipHash.hash(of: .max - purpose &* 2 &- 1, key: self)
    )
  }
}

/// SipHash-2-4 (Aumasson, Bernstein 2012, section 2): 64 bits that depend on the key and on all of the input.
package struct SipHash: Sendable {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  private init(_ key: SecretKey) {
    v0 = key.low ^ 0x736F_6D65_7073_6575
    v1 = key.high ^ 0x646F_7261_6E64_6F6D
    v2 = key.low ^ 0x6C79_6765_6E65_7261
    v3 = key.high ^ 0x7465_6462_7974_6573
  }

  /// The hash of one number, as its eight bytes in little-endian order.
  package static func hash(of word: UInt64, key: SecretKey) -> UInt64 {
    var state = SipHash(key)
    state.compress(word)
    return state.finish(length: 8, rest: 0)
  }

  /// The hash of any bytes.
  package static func hash(of bytes: some Collection<UInt8>, key: SecretKey) -> UInt64 {
    var state = SipHash(key)
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << (8 * filled)
      filled += 1
      if filled == 8 {
        state.compress(word)
        (word, filled) = (0, 0)
      }
    }
    return state.finish(length: bytes.count, rest: word)
  }

  /// Absorbs eight bytes: two rounds.
  private mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  /// The last block holds the remaining bytes and the length; four rounds follow.
  private mutating func finish(length: Int, rest: UInt64) -> UInt64 {
    compress(UInt64(truncatingIfNeeded: length) << 56 | rest)
    v2 ^= 0xFF
    for _ in 0..<4 { round() }
    return v0 ^ v1 ^ v2 ^ v3
  }

  private mutating func round() {
    v0 &+= v1
    v1 = SipHash.rotate(v1, 13) ^ v0
    v0 = SipHash.rotate(v0, 32)
    v2 &+= v3
    v3 = SipHash.rotate(v3, 16) ^ v2
    v0 &+= v3
    v3 = SipHash.rotate(v3, 21) ^ v0
    v2 &+= v1
    v1 = SipHash.rotate(v1, 17) ^ v2
    v2 = SipHash.rotate(v2, 32)
  }

  private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
}

/// The nonces of one process: the hashes of 1, 2, 3 … under its key.
///
/// Two nonces of a process are equal with a chance of one in 2^64, and knowing some of them says nothing about the
/// others.
struct Nonces: Sendable {
  private let key: SecretKey
  private var count: UInt64 = 0

  init(key: SecretKey) { self.key = key }

  /// The next nonce. It is never zero, which means that no answer is wanted.
  mutating func next() -> UInt64 {
    count &+= 1
    return max(1, SipHash.hash(of: count, key: key))
  }
}
