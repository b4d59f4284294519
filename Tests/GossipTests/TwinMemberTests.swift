// Compares claims about members with the dumb twin (`Twin.swift`): every two claims of every speaker, one after the
// other, on top of every record that may be held before; and the same for claims about ourselves.

import Testing

@testable import Gossip

/// One claim, and its speaker.
private struct Said {
  var claim: TwinClaim
  var sayer: TwinSayer
  /// Nil where the state accuses nobody.
  var accuser: Address?
}

@Suite struct TwinMemberTests {
  /// The member that claims are about, one that makes them, one that only exists, and somebody who is not a member.
  private static let (subject, sayer, third, stranger) = (Peer(1), Peer(2), Peer(3), Peer(9))
  private static let first = Int(subject.incarnation)
  private static let limit = Int(Stage.wall) + TwinValue.day

  private static func state(_ number: Int) -> Record.State {
    [Record.State.alive, .suspect, .dead, .left][number]
  }

  /// All claims with these incarnations. About itself a member says only that it is alive or leaving.
  private static func all(incarnations: [Int], sayers: [TwinSayer]) -> [Said] {
    var all: [Said] = []
    for incarnation in incarnations {
      for state in 0...3 {
        for sayer in sayers where sayer != .itself || state == 0 || state == 3 {
          let claim = TwinClaim(incarnation: incarnation, state: state)
          // Who is believed may name a member or anybody as the accuser; of a stranger nothing counts, whoever it names.
          let named: [Address?] = sayer == .member ? [third.address, stranger.address] : [third.address]
          let accusers = claim.accuses ? named : [nil]
          all += accusers.map { Said(claim: claim, sayer: sayer, accuser: $0) }
        }
      }
    }
    return all
  }

  /// A node with two members, besides the one about which it holds this: nothing, or a state at the first incarnation.
  private static func stage(holding state: Int?) -> (Stage, TwinMember) {
    var stage = Stage()
    stage.join([sayer, third])
    stage.pass(.seconds(1))
    guard let state else { return (stage, TwinMember(held: nil)) }
    stage.join([subject], answering: false)
    switch state {
    case 1: stage.accuse(subject, by: sayer)
    case 2: #expect(stage.pass(atMost: .seconds(10)) { $0.member(subject)?.status == .dead })
    case 3: stage.receive(from: subject, rumours: [subject.record(.left)])
    default: break
    }
    return (stage, TwinMember(held: TwinClaim(incarnation: first, state: state)))
  }

  /// How a node lists a member, in the twin's terms.
  private static func held(_ peer: Peer, by stage: Stage) -> TwinClaim? {
    let number: [MemberStatus: Int] = [.alive: 0, .suspect: 1, .dead: 2, .left: 3, .replaced: 2]
    return stage.member(peer).flatMap { member in
      number[member.status].map { TwinClaim(incarnation: Int(member.incarnation), state: $0) }
    }
  }

  private static func say(_ said: Said, of about: Peer, to stage: inout Stage) -> [Effect] {
    var peer = [TwinSayer.itself: subject, .member: sayer, .stranger: stranger][said.sayer] ?? stranger
    if said.sayer == .itself { peer.incarnation = UInt64(said.claim.incarnation) }
    let record = about.record(
      state(said.claim.state), incarnation: UInt64(said.claim.incarnation), accuser: said.accuser)
    return stage.receive(from: peer, rumours: [record])
  }

  /// Makes the claim to both; nil if they agree on everything that the design decides.
  private static func difference(_ said: Said, _ stage: inout Stage, _ twin: inout TwinMember, isFirst: Bool) -> String?
  {
    let before = twin
    let reply = twin.hears(said.claim, from: said.sayer, limit: limit)
    let effects = say(said, of: subject, to: &stage)
    let held = held(subject, by: stage)
    if held != twin.held { return "held \(String(describing: before.held)), \(said): \(String(describing: held))" }
    let told = effects.sent.filter { $0.to == sayer.address }.flatMap(\.message.rumours).contains {
      $0.address == subject.address && Int($0.incarnation) == twin.held?.incarnation
        && $0.state == state(twin.held?.state ?? 0)
    }
    if reply.tellsWhatIsHeld, !told { return "held \(String(describing: before.held)), \(said): no answer" }
    // An earlier claim may already have made the node ask, or may be a suspicion, whose hearers ask.
    let asked = !effects.sent(.ping, to: subject.address).isEmpty
    if isFirst, reply.asks, !asked { return "held \(String(describing: before.held)), \(said): not asked" }
    return nil
  }

  @Test(arguments: [nil, 0, 1, 2, 3] as [Int?])
  func `after every two claims of whomever a node holds of a member what its twin does`(state: Int?) {
    let said = Self.all(incarnations: (0...3).map { Self.first - 1 + $0 }, sayers: TwinSayer.allCases)
    let start = Self.stage(holding: state)
    #expect(Self.held(Self.subject, by: start.0) == start.1.held)
    for one in said {
      var (stage, twin) = start
      if let difference = Self.difference(one, &stage, &twin, isFirst: true) {
        Issue.record("\(difference)")
        continue
      }
      for other in said {
        var (stage, twin) = (stage, twin)
        if let difference = Self.difference(other, &stage, &twin, isFirst: false) {
          Issue.record("after \(one): \(difference)")
        }
      }
    }
  }

  @Test(arguments: [nil, 0, 1, 2, 3] as [Int?])
  func `claims far ahead of our clock are believed of the member alone`(state: Int?) {
    let borders = [Self.limit, Self.limit + 1_100_000, 1 << 60, 1 << 62]
    for said in Self.all(incarnations: borders, sayers: TwinSayer.allCases) {
      // Our clock goes on a second or more until the case is reached: the second border is clear of that.
      var (stage, twin) = Self.stage(holding: state)
      let limit = Int(stage.now.wall) + TwinValue.day
      if said.claim.incarnation > Self.limit, said.claim.incarnation <= limit { continue }
      if let difference = Self.difference(said, &stage, &twin, isFirst: true) { Issue.record("\(difference)") }
    }
  }

  @Test(arguments: [nil, 0, 1, 2, 3] as [Int?])
  func `a member that acks our nonce is held as its twin holds it, whatever it was before`(state: Int?) throws {
    for incarnation in (0...3).map({ Self.first - 1 + $0 }) {
      var (stage, twin) = Self.stage(holding: state)
      var peer = Self.subject
      peer.incarnation = UInt64(incarnation)
      let asked = stage.receive(
        .join, from: peer, nonce: 1, rumours: [peer.record()], wantsIntroduction: true, padded: Wire.introductionSize)
      if let held = twin.held, held.isActive {
        // A live member's own word needs no nonce.
        _ = twin.hears(TwinClaim(incarnation: incarnation, state: 0), from: .itself, limit: Self.limit)
      } else {
        #expect(Self.held(peer, by: stage) == twin.held)
        let ping = try #require(asked.sent(.ping, to: peer.address).first)
        stage.receive(.ack, from: peer, nonce: ping.message.nonce, rumours: [peer.record()])
        twin.acks(incarnation)
      }
      #expect(Self.held(peer, by: stage) == twin.held, "acked \(incarnation - Self.first)")
    }
  }

  @Test func `after every two claims about itself a node is what its twin is`() {
    let own = Int(Stage.wall)
    let said = Self.all(incarnations: (0...3).map { own - 1 + $0 }, sayers: [.member, .stranger])
    var (start, _) = Self.stage(holding: nil)
    start.pass(.seconds(1))
    for one in said {
      var (stage, twin) = (start, TwinSelf(incarnation: own))
      _ = Self.say(one, of: Peer(0), to: &stage)
      twin.hears(one.claim, from: one.sayer)
      #expect(stage.own.incarnation == UInt64(twin.incarnation), "\(one)")
      for other in said {
        var (stage, twin) = (stage, twin)
        _ = Self.say(other, of: Peer(0), to: &stage)
        twin.hears(other.claim, from: other.sayer)
        // "At most once a period, doubling": a second outbidding may be a period or two away.
        stage.pass(.milliseconds(900))
        if stage.own.incarnation != UInt64(twin.incarnation) || stage.own.state != .alive {
          Issue.record("\(one), \(other): \(stage.own), the twin has \(twin.incarnation)")
        }
      }
    }
  }

  @Test func `a node that leaves outbids what is said of it with its leave`() {
    var (start, _) = Self.stage(holding: nil)
    _ = start.handle(.leaveRequested)
    let own = Int(start.own.incarnation)
    #expect(start.own.state == .left)
    for said in Self.all(incarnations: (0...3).map { own - 1 + $0 }, sayers: [.member]) {
      var (stage, twin) = (start, TwinSelf(incarnation: own))
      let effects = Self.say(said, of: Peer(0), to: &stage)
      twin.hears(said.claim, from: said.sayer, isLeaving: true)
      #expect(stage.own.incarnation == UInt64(twin.incarnation), "\(said)")
      #expect(stage.own.state == .left, "\(said)")
      let isOutbid = twin.incarnation > own
      if isOutbid { #expect(effects.told(of: Peer(0).address).contains(stage.own), "\(said)") }
    }
  }

  @Test(arguments: [(1 << 61) - 1, 1 << 61, 1 << 62])
  func `a node outbids a claim about itself up to a limit, as its twin does`(incarnation: Int) {
    var (stage, _) = Self.stage(holding: nil)
    var twin = TwinSelf(incarnation: Int(stage.own.incarnation))
    let said = Said(claim: TwinClaim(incarnation: incarnation, state: 0), sayer: .member)
    _ = Self.say(said, of: Peer(0), to: &stage)
    twin.hears(said.claim, from: .member)
    #expect(stage.own.incarnation == UInt64(twin.incarnation))
  }
}
