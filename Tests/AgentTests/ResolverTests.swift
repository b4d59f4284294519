import Agent
import Gossip
import NIOCore
import NIOPosix
import Testing

@Suite struct ResolverTests {
  private typealias Answers = Collected<(seed: Int, addresses: [Address], failure: String?)>

  private let loop = Support.group.next()

  private func make(_ seeds: [String], takesIPv6: Bool = false) -> (NameResolver, Answers) {
    let answers = Answers()
    let resolver = NameResolver(seeds: seeds, loop: loop, takesIPv6: takesIPv6) {
      answers.add(($0, $1, $2))
    }
    return (resolver, answers)
  }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1:7946"), ("10.0.0.1:99", "10.0.0.1:99"), ("[fd00::1]:99", "[fd00::1]:99"),
    ("fd00::1", "[fd00::1]:7946"), ("::ffff:10.0.0.1", "10.0.0.1:7946"),
  ])
  func aNumericSeedIsItsOwnAnswer(seed: String, address: String) async throws {
    let (resolver, answers) = make([seed], takesIPv6: true)
    resolver.resolve(seed: 0)
    try await Support.eventually("it is answered") { !answers.all.isEmpty }
    #expect(answers.all[0].addresses.map { $0.description } == [address])
    #expect(answers.all[0].failure == nil)
  }

  @Test func aNameGivesItsAddressesWithTheSeedsPort() async throws {
    let (resolver, answers) = make(["10.0.0.1", "localhost:4711"])
    resolver.resolve(seed: 1)
    try await Support.eventually("it is answered") { !answers.all.isEmpty }
    #expect(answers.all[0].seed == 1)
    #expect(answers.all[0].addresses.contains(Address(ipv4: 0x7F00_0001, port: 4711)))
    #expect(answers.all[0].addresses.allSatisfy { $0.isIPv4 }, "the socket takes no IPv6")
  }

  @Test func aNameThatDoesNotExistFailsWithTheSystemsReason() async throws {
    let (resolver, answers) = make(["no-such-host.invalid"])
    resolver.resolve(seed: 0)
    try await Support.eventually("it is answered", within: .seconds(60)) { !answers.all.isEmpty }
    #expect(answers.all[0].addresses.isEmpty)
    #expect(answers.all[0].failure?.isEmpty == false)
    #expect(resolver.failures == 1)
  }

  @Test func aSeedThatFailedIsLookedUpAgain() async throws {
    let (resolver, answers) = make(["no-such-host.invalid"])
    for round in 1...2 {
      resolver.resolve(seed: 0)
      try await Support.eventually("it is answered", within: .seconds(60)) { answers.all.count == round }
    }
    #expect(resolver.failures == 2)
  }

  @Test func aSeedOfTheOtherFamilyOnlyIsAFailureThatSaysSo() async throws {
    let (resolver, answers) = make(["fd00::1"])
    resolver.resolve(seed: 0)
    try await Support.eventually("it is answered") { !answers.all.isEmpty }
    #expect(answers.all[0].failure?.contains("[fd00::1]:7946") == true)
  }

  @Test func aSeedThatIsBeingLookedUpIsNotLookedUpTwice() async throws {
    let (resolver, answers) = make(["localhost"])
    // No answer can come in while its loop is blocked, so all of these are asked while the first is in progress.
    try await loop.submit { for _ in 0..<50 { resolver.resolve(seed: 0) } }.get()
    try await Support.eventually("it is answered") { !answers.all.isEmpty }
    resolver.resolve(seed: 0)
    try await Support.eventually("it can be asked again") { answers.all.count > 1 }
    #expect(answers.all.count == 2)
  }
}
