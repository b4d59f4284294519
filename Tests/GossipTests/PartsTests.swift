// The small parts that know nothing about the protocol: limits, averages, randomness, checksums.

import Testing

@testable import Gossip

@Suite struct TokenBucketTests {
  private func at(_ microseconds: Int64) -> Instant { Instant(microseconds: microseconds) }

  @Test func `a full bucket gives its burst at once and then its rate`() {
    var bucket = TokenBucket(perSecond: 100, burst: 10, at: at(0))
    for _ in 0..<10 { #expect(bucket.take(at: at(0)) == true) }
    #expect(bucket.take(at: at(0)) == false)
    #expect(bucket.take(at: at(9_999)) == false)
    #expect(bucket.take(at: at(10_000)) == true)
    #expect(bucket.take(at: at(10_000)) == false)
  }

  @Test func `quiet fills a bucket to its burst and no further`() {
    var bucket = TokenBucket(perSecond: 100, burst: 10, at: at(0))
    #expect(bucket.take(10, at: at(0)) == true)
    #expect(bucket.take(10, at: at(3_600_000_000_000)) == true)
    #expect(bucket.take(at: at(3_600_000_000_000)) == false)
  }

  @Test func `asking often loses no fraction of a token`() {
    var bucket = TokenBucket(perSecond: 3, burst: 1, at: at(0))
    #expect(bucket.take(at: at(0)) == true)
    // The dumb twin: three in any second.
    let taken = stride(from: 1, to: 1_000_000, by: 37).count { bucket.take(at: at($0)) }
    #expect(taken == 2)
    #expect(bucket.take(at: at(1_000_200)) == true)
  }

  @Test func `more than the burst costs the whole burst, instead of being for ever too much`() {
    var bucket = TokenBucket(perSecond: 1, burst: 2, at: at(0))
    #expect(bucket.take(5, at: at(0)) == true)
    #expect(bucket.take(5, at: at(1_999_999)) == false)
    #expect(bucket.take(5, at: at(2_000_000)) == true)
  }

  @Test func `a bucket says when there will be enough, neither too early nor a microsecond late`() {
    for count in 1...4 {
      for elapsed in stride(from: Int64(0), to: 60_000, by: 1_111) {
        var bucket = TokenBucket(perSecond: 70, burst: 4, at: at(0))
        #expect(bucket.take(4, at: at(0)) == true)
        let ready = bucket.ready(count, at: at(elapsed))
        #expect(ready >= at(elapsed))
        var early = bucket
        #expect(bucket.take(count, at: ready) == true)
        if ready - .microseconds(2) >= at(elapsed) { #expect(early.take(count, at: ready - .microseconds(2)) == false) }
      }
    }
  }
}

@Suite struct RoundTripTests {
  @Test func `nothing is known before the first measurement, which counts in full`() {
    var trip = RoundTrip()
    #expect(trip.estimate == nil)
    #expect(trip.bound == 0)
    trip.measured(.milliseconds(8))
    #expect(trip.estimate == .milliseconds(8))
    #expect(trip.bound == 24_000)
  }

  @Test func `an eighth of each further measurement is taken in, and a quarter of its deviation`() {
    var trip = RoundTrip()
    trip.measured(.milliseconds(8))
    trip.measured(.milliseconds(16))
    #expect(trip.estimate == .milliseconds(9))
    #expect(trip.bound == 9_000 + 4 * 5_000)
  }

  @Test func `an earlier one moves the estimate half of the way, and is no deviation`() {
    var trip = RoundTrip()
    trip.measured(.milliseconds(16))
    trip.measured(.milliseconds(8))
    #expect(trip.estimate == .milliseconds(12))
    #expect(trip.bound == 12_000 + 4 * 6_000)
  }

  @Test func `one slow answer is nearly forgotten after four quick ones`() {
    var trip = RoundTrip()
    trip.measured(.milliseconds(140))
    #expect(trip.bound == 420_000)
    for _ in 0..<4 { trip.measured(.milliseconds(1)) }
    #expect(trip.bound < 100_000)
  }

  @Test func `steady round trips end with a bound that is the estimate`() {
    var trip = RoundTrip()
    for _ in 0..<200 { trip.measured(.microseconds(500)) }
    #expect(trip.estimate == .microseconds(500))
    #expect(trip.bound < 520)
  }

  @Test func `a round trip of no time, or of less, still counts as measured`() {
    for duration in [Duration.zero, .microseconds(-5)] {
      var trip = RoundTrip()
      for _ in 0..<50 { trip.measured(duration) }
      #expect(trip.estimate == .microseconds(1))
    }
  }

  @Test func `an answer after a day counts as one after a minute`() {
    var trip = RoundTrip()
    for _ in 0..<200 { trip.measured(.seconds(86_400)) }
    #expect(trip.estimate.map { $0 > .seconds(59) && $0 <= .seconds(60) } == true)
    #expect(trip.bound < 300_000_000)
    // And once more, from where the bound is greatest.
    var slow = RoundTrip()
    for _ in 0..<12 { slow.measured(.seconds(86_400)) }
    for _ in 0..<200 {
      slow.measured(.zero)
      slow.measured(.seconds(86_400))
    }
    #expect(slow.bound <= 300_000_000)
  }
}

@Suite struct GeneratorTests {
  /// The first numbers of the published reference for seed 1234567.
  @Test func `the generator is SplitMix64, the same in every process`() {
    var generator = Generator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }

  @Test func `numbers below a bound are below it, and each is as frequent as the others`() {
    var generator = Generator(seed: 1)
    for bound in [1, 2, 3, 7, 128] {
      var counts = [Int](repeating: 0, count: bound)
      let draws = 2_000 * bound
      for _ in 0..<draws { counts[generator.below(bound)] += 1 }
      // Five standard deviations of a share of 2,000: the seed is fixed, so this cannot fail by chance.
      for count in counts { #expect(abs(count - 2_000) <= (bound == 1 ? 0 : 225)) }
    }
  }

  @Test func `there is nothing below 0, and asking is no trap`() {
    var generator = Generator(seed: 1)
    #expect(generator.below(0) == 0)
    #expect(generator.below(-3) == 0)
    #expect((0..<100).allSatisfy { _ in (0..<Int.max).contains(generator.below(.max)) })
  }

  @Test func `a chance comes true as often as it says`() {
    var generator = Generator(seed: 2)
    for share in [0.1, 0.5, 0.9] {
      let hits = (0..<10_000).count { _ in generator.chance(share) }
      #expect(abs(Double(hits) - share * 10_000) < 250)
    }
    #expect((0..<1_000).allSatisfy { _ in generator.chance(1) && !generator.chance(0) && generator.chance(1.5) })
  }

  @Test func `shuffling keeps every element and reaches every order`() {
    var generator = Generator(seed: 3)
    var seen: [[Int]: Int] = [:]
    for _ in 0..<6_000 {
      var list = [1, 2, 3]
      generator.shuffle(&list)
      seen[list, default: 0] += 1
    }
    #expect(seen.count == 6)
    #expect(seen.values.allSatisfy { (850...1_150).contains($0) })
    var empty: [Int] = []
    generator.shuffle(&empty)
    #expect(empty.isEmpty)
  }

  @Test func `mixing moves about half of the bits for each bit of its input`() {
    for bit in 0..<64 {
      let moved = (0..<64).map { (Hash.mix(UInt64($0) * 77) ^ Hash.mix(UInt64($0) * 77 ^ (1 << bit))).nonzeroBitCount }
      #expect((26...38).contains(moved.reduce(0, +) / moved.count))
    }
  }

  @Test func `names of clusters hash to fixed and different numbers`() {
    let names = ["unum", "unun", "", "a", "b", "ab", "ba", "Unum"]
    let hashes = names.map { Hash.of($0) }
    for (left, hash) in hashes.enumerated() { #expect(hashes.firstIndex(of: hash) == left) }
    // A change here makes old and new nodes of one cluster ignore each other.
    #expect(Hash.of("unum") == Hash.mix((0xCBF2_9CE4_8422_2325 as UInt64).hashed("unum")))
  }
}

extension UInt64 {
  /// FNV-1a, from its definition.
  fileprivate func hashed(_ text: String) -> UInt64 {
    text.utf8.reduce(self) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
  }
}

@Suite struct ChecksumTests {
  /// The vectors of RFC 3720, appendix B.4, and the usual check value.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
      ([UInt8]("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func `the checksum is CRC-32C`(bytes: [UInt8], expected: UInt32) {
    #expect(Checksum.crc32c(bytes[...]) == expected)
  }
}

@Suite struct TimeTests {
  @Test func `durations become whole microseconds, rounded towards zero`() {
    #expect(Duration.milliseconds(400).microseconds == 400_000)
    #expect(Duration.nanoseconds(1_999).microseconds == 1)
    #expect(Duration.nanoseconds(-1_999).microseconds == -1)
    #expect(Duration.seconds(3600).microseconds == 3_600_000_000)
  }

  @Test func `instants and durations add up, and nothing is later than the distant future`() {
    let start = Instant(microseconds: 5)
    #expect((start + .seconds(1)) - start == .seconds(1))
    #expect((start + .seconds(1)) - .seconds(1) == start)
    #expect(start + .seconds(100 * 365 * 86_400) < .distantFuture)
    #expect(Instant.distantFuture < Instant.distantFuture + .seconds(3600))
  }
}
