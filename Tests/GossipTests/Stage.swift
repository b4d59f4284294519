// One real node among peers that the test plays itself, for tests of what a node does with exactly these datagrams.
//
// `Harness` has clusters of several real nodes. Rejected: mocks of the node's parts, which would test the mocks. The
// effects of a whole node show what a part does, or the part itself does.

import Testing

@testable import Gossip

/// A peer without a protocol: it says what the test makes it say.
struct Peer: Equatable {
  var address: Address
  var incarnation: UInt64 = Stage.wall - 1_000_000
  var name: String
  var stamp = Stamp.initial
  var isReady = true
  var isHeldBack = false

  /// Peer number 1 is at 10.0.0.1, and so on. Number 0 is the node on the stage.
  init(_ number: Int) {
    address = Address(ipv4: 0x0A00_0000 | UInt32(number), port: 7946)
    name = "p\(number)"
  }

  func record(_ state: Record.State = .alive, incarnation: UInt64? = nil, accuser: Address? = nil) -> Record {
    Record(
      address: address, incarnation: incarnation ?? self.incarnation, state: state, name: name, httpPort: 8080,
      accuser: accuser)
  }

  func message(_ body: Message.Body, nonce: UInt64 = 0, digest: UInt64 = 0, rumours: [Record] = []) -> Message {
    Message(
      sender: Message.Sender(
        address: address, incarnation: incarnation, isReady: isReady, isHeldBack: isHeldBack), stamp: stamp,
      digest: digest, nonce: nonce, body: body, rumours: rumours)
  }
}

/// A datagram that the node sent.
struct Sent {
  var message: Message
  var to: Address
  var size: Int
}

/// A node and its time.
struct Stage {
  static let wall: UInt64 = 1_795_300_000_000_000
  static let cluster = Hash.of(Settings().cluster)
  /// The one-way delay to and from peers that answer by themselves, in microseconds.
  static let delay: Int64 = 1000

  var node: Node
  /// Microseconds since the start.
  var time: Int64 = 0
  /// Peers that ack pings, and ack or nack ping-reqs, by themselves, as live members do.
  var answering: [Peer] = []
  /// Digests of peers that answer by themselves, if they differ from ours.
  var digests: [Address: UInt64] = [:]
  /// The node was busy without end, so the test asks nothing more of it, or each millisecond would take as long again.
  private var isStuck = false
  private var pending: [(at: Int64, message: Message, from: Address)] = []

  init(
    seed: UInt64 = 1, wall: UInt64 = Stage.wall, address: Address = Peer(0).address,
    _ change: (inout Settings) -> Void = { _ in }
  ) {
    var settings = Settings()
    change(&settings)
    let identity = Identity(address: address, name: "self", httpPort: 8080)
    let now = Now(monotonic: Instant(microseconds: 0), wall: wall)
    node = Node(identity: identity, settings: settings, seed: seed, key: SecretKey(low: seed, high: 1), now: now)
    wallAtStart = wall
    _ = handle(.timePassed)
  }

  /// A node that has known so many peers for two seconds.
  static func settled(_ peers: Int, _ change: (inout Settings) -> Void = { _ in }) -> Stage {
    var stage = Stage(change)
    stage.join((1...peers).map { Peer($0) })
    stage.pass(.seconds(2))
    return stage
  }

  /// The wall clock at the start; changing it turns the clock.
  var wallAtStart: UInt64
  var now: Now { Now(monotonic: Instant(microseconds: time), wall: wallAtStart &+ UInt64(time)) }
  var status: StatusSnapshot { node.status(at: now) }
  var own: Record { node.context.ownRecord }

  func member(_ peer: Peer) -> MemberView? { status.members.first { $0.address == peer.address } }

  mutating func handle(_ event: Event) -> [Effect] {
    let effects = node.handle(event, at: now)
    for sent in effects.sent { answer(sent) }
    return effects
  }

  /// The answer of a live member.
  private mutating func answer(_ sent: Sent) {
    guard let index = answering.firstIndex(where: { $0.address == sent.to }) else { return }
    answering[index].stamp = max(answering[index].stamp, sent.message.stamp)
    let peer = answering[index]
    let nonce = sent.message.nonce
    let digest = digests[peer.address] ?? node.context.members.digest
    switch sent.message.body {
    case .ping, .join:
      let message = peer.message(.ack, nonce: nonce, digest: digest)
      pending.append((time + 2 * Stage.delay, message, peer.address))
    case .pingRequest(let target, let deadline):
      if let asked = answering.first(where: { $0.address == target }) {
        let body = Message.Body.indirectAck(target: target, incarnation: asked.incarnation)
        let message = peer.message(body, nonce: nonce, digest: digest)
        pending.append((time + 4 * Stage.delay, message, peer.address))
      } else {
        let message = peer.message(.nack, nonce: nonce, digest: digest)
        pending.append((time + Int64(deadline) * 800, message, peer.address))
      }
    default: break
    }
  }

  /// Lets time pass, and runs everything that comes due.
  @discardableResult
  mutating func pass(_ duration: Duration) -> [Effect] {
    let end = time + duration.microseconds
    var effects: [Effect] = []
    var (instant, events) = (time, 0)
    while !isStuck {
      let answer = pending.indices.min { pending[$0].at < pending[$1].at }
      let due = max(node.nextDeadline.microseconds, time)
      if let answer, pending[answer].at <= min(due, end) {
        time = max(time, pending[answer].at)
        let (_, message, from) = pending.remove(at: answer)
        effects += handle(.received(Wire.encode(message, cluster: Stage.cluster), from: from))
      } else if due <= end {
        time = due
        effects += handle(.timePassed)
      } else {
        break
      }
      events = time == instant ? events + 1 : 0
      instant = time
      guard events < 1_000 else {
        Issue.record("the node is busy without end: its deadline does not move on")
        isStuck = true
        break
      }
    }
    time = end
    return effects
  }

  /// Lets time pass, a millisecond at a time, until a condition holds; false if it never does.
  mutating func pass(atMost duration: Duration, until isSo: (Stage) -> Bool) -> Bool {
    let end = time + duration.microseconds
    while !isSo(self) {
      guard time < end else { return false }
      pass(.milliseconds(1))
    }
    return true
  }

  /// Lets time pass, and returns the milliseconds at which each effect came.
  mutating func timeline(_ duration: Duration) -> [(at: Int, effect: Effect)] {
    (1...Int(duration.microseconds / 1000)).flatMap { millisecond in
      pass(.milliseconds(1)).map { (millisecond, $0) }
    }
  }

  /// Lets the node hear a datagram.
  @discardableResult
  mutating func receive(
    _ body: Message.Body = .gossip, from peer: Peer, source: Address? = nil, nonce: UInt64 = 0, digest: UInt64? = nil,
    rumours: [Record] = [], wantsIntroduction: Bool = false, padded: Int = 0
  ) -> [Effect] {
    var message = peer.message(
      body, nonce: nonce, digest: digest ?? digests[peer.address] ?? node.context.members.digest,
      rumours: rumours)
    message.sender.wantsIntroduction = wantsIntroduction
    message.paddedSize = padded
    return handle(.received(Wire.encode(message, cluster: Stage.cluster), from: source ?? peer.address))
  }

  /// Makes peers members in the usual way: each joins the node and acks its verifying ping.
  @discardableResult
  mutating func join(_ peers: [Peer], answering isAnswering: Bool = true) -> [Effect] {
    var effects: [Effect] = []
    for peer in peers {
      let asked = receive(
        .join, from: peer, nonce: 1, rumours: [peer.record()], wantsIntroduction: true, padded: Wire.introductionSize)
      effects += asked
      guard let ping = asked.sent(.ping, to: peer.address).last else {
        Issue.record("the newcomer \(peer.name) was not asked")
        continue
      }
      effects += receive(.ack, from: peer, nonce: ping.message.nonce, rumours: [peer.record()])
      if isAnswering { answering.append(peer) }
    }
    return effects
  }

  /// Makes a member suspect, by another member's accusation.
  @discardableResult
  mutating func accuse(_ peer: Peer, by accuser: Peer) -> [Effect] {
    receive(from: accuser, rumours: [peer.record(.suspect, accuser: accuser.address)])
  }
}

extension [Effect] {
  /// The datagrams, decoded; whatever a node sends must be valid. A header alone is for nodes that cannot read more.
  var sent: [Sent] {
    compactMap { effect in
      guard case .send(let bytes, let to) = effect, bytes.count > Wire.headerSize else { return nil }
      guard let message = try? Wire.decode(bytes, cluster: Stage.cluster) else {
        Issue.record("a node sent what no node accepts: \(bytes)")
        return nil
      }
      return Sent(message: message, to: to, size: bytes.count)
    }
  }

  func sent(_ kind: Message.Kind, to address: Address? = nil) -> [Sent] {
    sent.filter { $0.message.body.kind == kind && (address == nil || $0.to == address) }
  }

  var reports: [Report] { compactMap { if case .report(let report) = $0 { report } else { nil } } }
  var answers: [Answer] { compactMap { if case .answer(_, let answer) = $0 { answer } else { nil } } }
  var published: [Stamp] { compactMap { if case .publish(let stamp) = $0 { stamp } else { nil } } }

  /// The records about a member, in all datagrams, in order.
  func told(of address: Address) -> [Record] { sent.flatMap(\.message.rumours).filter { $0.address == address } }

  /// The reported changes of a member: the new status, and why.
  func changes(of peer: Peer) -> [MemberStatus] {
    reports.compactMap {
      if case .memberChanged(_, peer.address, _, let status, _) = $0 { status } else { nil }
    }
  }
}

extension RoundTrip {
  /// Adds a measurement long after the one before.
  mutating func measured(_ duration: Duration) {
    measured(duration, at: Instant(microseconds: 0), period: .zero)
  }
}

extension Member {
  /// An answer to us, at a time that does not matter.
  mutating func answered(after elapsed: Duration) {
    answered(after: elapsed, at: Instant(microseconds: 0), period: .zero)
  }
}

extension FixedWidthInteger {
  /// As integers stand in datagrams.
  var bigEndianBytes: [UInt8] {
    stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
  }
}
