import Testing

@testable import Gossip

@Suite struct ReachabilityTests {
  private static let told = Report.advertisedAddressRefused(by: Peer(1).address, .unreachable)

  /// A node that lists a member, which has answered its join but does not ping it.
  private static func stage() -> Stage {
    var stage = Stage { $0.seeds = ["seed"] }
    stage.join([Peer(1)])
    return stage
  }

  /// Lets time pass, with a member that acks each join, and says 0.6 s later that nobody is at our address.
  private static func refused(_ stage: inout Stage, for duration: Duration, _ why: RefusedAddress = .unreachable)
    -> [(at: Int, effect: Effect)]
  {
    var notices: [(at: Int, nonce: UInt64)] = []
    var line: [(at: Int, effect: Effect)] = []
    for millisecond in 1...Int(duration.microseconds / 1000) {
      var effects = stage.pass(.milliseconds(1))
      for notice in notices where notice.at == millisecond {
        effects += stage.receive(.notice(why), from: Peer(1), nonce: notice.nonce)
      }
      for sent in effects.sent(.join, to: Peer(1).address) {
        notices.append((millisecond + 600, sent.message.nonce))
      }
      line += effects.map { (millisecond, $0) }
    }
    return line
  }

  @Test func `a notice counts that comes behind the ack of the same contact, and only once`() {
    var stage = Self.stage()
    let nonces = (0..<2).map { _ in
      stage.handle(.resolved(seed: 0, [Peer(2).address], failure: nil)).sent(.join)[0].message.nonce
    }
    for nonce in nonces { stage.receive(.ack, from: Peer(2), nonce: nonce) }
    for _ in 0..<3 { #expect(stage.receive(.notice(.unreachable), from: Peer(2), nonce: nonces[0]).reports == []) }
    let effects = stage.receive(.notice(.unreachable), from: Peer(2), nonce: nonces[1])
    #expect(effects.reports == [.advertisedAddressRefused(by: Peer(2).address, .unreachable)])
    #expect(effects.contains(.readiness(.unreachable(.unreachable, by: Peer(2).address))))
    #expect(stage.status.counters.addressNotices == 2)
    // One that answers no contact of ours is worth nothing.
    #expect(stage.receive(.notice(.taken), from: Peer(2), nonce: 99).reports == [])
  }

  @Test func `whom no member reaches says so within three seconds, and then more and more rarely`() {
    var stage = Self.stage()
    let line = Self.refused(&stage, for: .seconds(600))
    let told = line.filter { $0.effect == .report(Self.told) }.map { $0.at / 1_000 }
    #expect(told.first.map { $0 < 3 } ?? false)
    let gaps = zip(told.dropFirst(), told).map { $0 - $1 }
    #expect(zip(gaps, [5, 10, 20, 40, 80, 160]).allSatisfy { ($1...$1 + 6).contains($0) }, "\(gaps)")
    #expect(gaps.count == 6)
    #expect(stage.status.addressProblem == .unreachable)
    #expect(stage.node.readinessState == .unreachable(.unreachable, by: Peer(1).address))
    #expect(stage.status.counters.addressNotices > 100)
    // It takes writes all the same.
    #expect(stage.handle(.setRequested(5, RequestID(1))).published.count == 1)
  }

  @Test func `a member's ping ends it at once, and people are told`() {
    var stage = Self.stage()
    _ = Self.refused(&stage, for: .seconds(4))
    #expect(stage.status.addressProblem == .unreachable)
    // A stranger's does not, nor a ping of somebody else, nor one that comes from elsewhere than the member.
    stage.receive(.ping(target: Peer(0).address), from: Peer(9), nonce: 1)
    stage.receive(.ping(target: Peer(5).address), from: Peer(1), nonce: 1)
    stage.receive(.ping(target: Peer(0).address), from: Peer(1), source: Peer(9).address, nonce: 1)
    // A contact goes to a seed's address as well, which need not be the one that we advertise.
    stage.receive(.join, from: Peer(1), nonce: 1, wantsIntroduction: true, padded: Wire.introductionSize)
    #expect(stage.status.addressProblem == .unreachable)
    let effects = stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 1)
    #expect(effects.reports == [.advertisedAddressReached(by: Peer(1).address)])
    let state = stage.status.readiness.map { ReadinessState.ready($0) }
    #expect(effects.contains { if case .readiness(let told) = $0 { told == state } else { false } })
    #expect(stage.status.addressProblem == nil)
    #expect(stage.receive(.ping(target: Peer(0).address), from: Peer(1), nonce: 1).reports == [])
    // Refused again, it is told again at once.
    stage.pass(.seconds(6))
    let again = Self.refused(&stage, for: .seconds(15)).filter { $0.effect == .report(Self.told) }
    #expect(!again.isEmpty)
  }

  @Test func `it ends half a minute after it was last said`() {
    var stage = Self.stage()
    _ = Self.refused(&stage, for: .seconds(4))
    stage.answering = []
    let line = stage.timeline(.seconds(40))
    let ended = line.first { $0.effect == .report(.advertisedAddressReached(by: nil)) }?.at ?? 0
    #expect((25_000...36_000).contains(ended), "\(ended)")
    #expect(line.contains { if case .readiness(.ready) = $0.effect { $0.at >= ended } else { false } })
    #expect(stage.status.addressProblem == nil)
  }

  @Test func `whom other members ping does not mind one that cannot reach it`() {
    var stage = Self.stage()
    stage.join([Peer(2)])
    for _ in 0..<40 {
      stage.receive(.ping(target: Peer(0).address), from: Peer(2), nonce: 1)
      let contact = stage.handle(.resolved(seed: 0, [Peer(3).address], failure: nil)).sent(.join)[0]
      stage.receive(.notice(.unreachable), from: Peer(3), nonce: contact.message.nonce)
      #expect(stage.pass(.milliseconds(400)).sent(.join, to: Peer(1).address).isEmpty)
    }
    #expect(stage.status.addressProblem == nil)
    #expect(stage.status.counters.addressNotices == 40)
  }

  @Test func `one notice alone, after three lost pings, is not believed; that another answers is, at once`() {
    for (why, isBelieved) in [(RefusedAddress.unreachable, false), (.taken, true)] {
      var stage = Self.stage()
      let contact = stage.handle(.resolved(seed: 0, [Peer(2).address], failure: nil)).sent(.join)[0]
      let effects = stage.receive(.notice(why), from: Peer(2), nonce: contact.message.nonce)
      #expect(effects.reports.isEmpty == !isBelieved)
      #expect(stage.status.addressProblem == (isBelieved ? why : nil))
    }
  }

  @Test(arguments: [RefusedAddress.unreachable, .taken])
  func `one liar among members that list us is not believed, however often it says so`(why: RefusedAddress) {
    var stage = Self.stage()
    stage.join([Peer(2)])
    var (refusals, unready) = (0, 0)
    for _ in 1...60_000 {
      for sent in stage.pass(.milliseconds(1)).sent(.join, to: Peer(1).address) {
        stage.receive(.notice(why), from: Peer(1), nonce: sent.message.nonce)
        refusals += 1
      }
      if stage.status.addressProblem != nil { unready += 1 }
    }
    #expect(refusals > 1 && unready == 0, "\(refusals) refusals, unready for \(unready) ms")
  }

  @Test func `refused by two, a single answer without a refusal does not end it, three in a row do`() {
    var reachability = Reachability(at: Instant(microseconds: 0))
    func at(_ seconds: Int64) -> Instant { Instant(microseconds: seconds * 1_000_000) }
    for (second, member) in [(1, 1), (2, 2)] {
      _ = reachability.noticed(.unreachable, by: Peer(member).address, among: 2, at: at(Int64(second)))
    }
    #expect(reachability.complaint?.by == Peer(2).address)
    for number in 1...3 {
      reachability.answered(by: Peer(1).address)
      let listing = reachability.listing()
      #expect((listing != nil) == (number == 3))
      reachability.looked(asking: true, at: at(5))
    }
  }

  @Test func `people are told at most every ten minutes in the long run`() {
    var reachability = Reachability(at: Instant(microseconds: 0))
    let told = (1...40_000).filter { second in
      let now = Instant(microseconds: Int64(second) * 1_000_000)
      return reachability.noticed(.unreachable, by: Peer(1).address, among: 1, at: now)
    }
    let gaps = zip(told.dropFirst(), told).map { $0 - $1 }
    #expect(gaps.prefix(9) == [5, 10, 20, 40, 80, 160, 320, 600, 600] && gaps.allSatisfy { $0 <= 600 })
  }

  @Test func `a node that knows nobody asks nobody, nor one that leaves`() {
    var stage = Stage()
    #expect(stage.pass(.seconds(30)).sent(.join).isEmpty)
    stage.join([Peer(1)])
    _ = stage.handle(.leaveRequested)
    #expect(stage.pass(.seconds(30)).sent(.join).isEmpty)
    #expect(stage.node.readinessState == .leaving)
  }

  @Test func `a node that no member pings costs at most a contact in five seconds`() {
    var stage = Self.stage()
    let contacts = stage.timeline(.seconds(60)).filter { ![$0.effect].sent(.join, to: Peer(1).address).isEmpty }
    #expect((5...14).contains(contacts.count), "\(contacts.map(\.at))")
  }

  @Test func `what readyz says is told at each change, and at none else`() {
    var stage = Stage { $0.seeds = ["seed"] }
    let said = { (effects: [Effect]) in
      effects.compactMap { if case .readiness(let state) = $0 { state } else { nil } }
    }
    #expect(stage.node.readinessState == .starting)
    #expect(said(stage.pass(.seconds(4))) == [.ready(.alone)])
    #expect(said(stage.pass(.seconds(4))) == [])
    #expect(said(stage.handle(.leaveRequested)) == [.leaving])
    #expect(said(stage.pass(.seconds(4))) == [])
  }
}
