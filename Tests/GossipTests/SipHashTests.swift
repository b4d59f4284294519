import Testing

@testable import Gossip

@Suite struct SipHashTests {
  /// The key of the reference implementation's vectors: the bytes 0 to 15.
  private static let key = SecretKey(low: 0x0706_0504_0302_0100, high: 0x0F0E_0D0C_0B0A_0908)

  /// Its results for messages of 0, 1, 2 … bytes that count up from 0, and the example in the paper's appendix A.
  private static let vectors: [(length: Int, hash: UInt64)] = [
    (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (2, 0x0D6C_8009_D9A9_4F5A), (3, 0x8567_6696_D7FB_7E2D),
    (4, 0xCF27_94E0_2771_87B7), (5, 0x1876_5564_CD99_A68D), (6, 0xCBC9_466E_58FE_E3CE), (7, 0xAB02_00F5_8B01_D137),
    (8, 0x93F5_F579_9A93_2462), (9, 0x9E00_82DF_0BA9_E4B0), (15, 0xA129_CA61_49BE_45E5),
  ]

  @Test func `the hashes are those of the reference vectors`() {
    for (length, hash) in Self.vectors {
      #expect(SipHash.hash(of: (0..<length).map { UInt8($0) }, key: Self.key) == hash, "of \(length) bytes")
    }
  }

  @Test func `a number is hashed as its eight bytes`() {
    #expect(SipHash.hash(of: 0x0706_0504_0302_0100, key: Self.key) == 0x93F5_F579_9A93_2462)
  }

  @Test func `keys for different purposes differ, and from their origin`() {
    let keys = [Self.key] + (0..<100).map { Self.key.derived(for: $0) }
    let halves = keys.flatMap { [$0.low, $0.high] }
    #expect(Set(halves).count == halves.count)
  }

  /// SplitMix64's output can be turned back into its state, from which all later outputs follow.
  private static func state(after output: UInt64) -> UInt64 {
    func unshift(_ value: UInt64, _ bits: UInt64) -> UInt64 {
      var result = value
      for _ in 0..<(64 / bits + 1) { result = value ^ (result >> bits) }
      return result
    }
    func inverse(_ odd: UInt64) -> UInt64 { (0..<6).reduce(odd) { x, _ in x &* (2 &- odd &* x) } }
    var z = unshift(output, 31)
    z = unshift(z &* inverse(0x94D0_49BB_1331_11EB), 27)
    return unshift(z &* inverse(0xBF58_476D_1CE4_E5B9), 30)
  }

  @Test func `the state of the generator follows from one output, so nonces are made otherwise`() {
    var generator = Generator(seed: 77)
    var foretold = Generator(seed: Self.state(after: generator.next()))
    #expect(foretold.next() == generator.next())

    var stage = Stage { $0.notifyInterval = .seconds(1000) }
    stage.join([Peer(1), Peer(2), Peer(3)])
    let nonces = stage.timeline(.seconds(20)).map(\.effect).sent(.ping).map(\.message.nonce)
    #expect(nonces.count > 40)
    for (index, nonce) in nonces.enumerated() {
      var foretold = Generator(seed: Self.state(after: nonce))
      // The draws between two nonces: choices of peers, orders, delays.
      let guesses = (0..<200).map { _ in foretold.next() }
      #expect(!nonces[(index + 1)...].contains { guesses.contains($0) })
    }
  }
}
