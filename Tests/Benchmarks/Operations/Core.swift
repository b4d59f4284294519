// The core's hot operations, on one node whose members exist only as records: what a datagram, a write and a change of a
// member cost a node, with the datagrams that it relays.
//
// The node's own tickers are set to an hour, so that the counts do not include probes that happen to fall between two
// operations. Each operation must have its effects, or the cheapest node would be one that does nothing.

import Gossip

/// A node among members that say what this code makes them say.
struct CoreOperations {
  private var node: Node
  private var time = Instant(microseconds: 1)
  private let members: [Address]
  /// Datagrams that the node has sent so far.
  private var sent = 0

  private static let wall: UInt64 = 1_800_000_000_000_000
  private static let start = wall - 1_000_000
  /// So many records fit into one datagram, with room to spare.
  private static let recordsPerDatagram = 20
  /// The time between two operations. All rounds of pushes are over then, and the limit of pushes a second is never
  /// reached (each operation takes twelve, and a hundred a second are allowed).
  private static let quiet: Duration = .milliseconds(200)

  /// A node with so many members besides itself. It has relayed all news of them before it is used.
  private init(members count: Int) {
    var settings = Settings()
    settings.firstStampTimeout = .zero
    settings.reportInterval = .zero
    (settings.period, settings.notifyInterval) = (.seconds(3600), .seconds(3600))
    (settings.reportSpacing, settings.mismatchGrace) = (.seconds(3600), .seconds(3600))
    members = (1...count).map { Address(ipv4: 0x0A01_0000 + UInt32($0), port: 7946) }
    let own = Identity(address: Address(ipv4: 0x0A00_0001, port: 7946), name: "self", httpPort: 8080)
    let key = SecretKey(low: 1, high: 2)
    let now = Now(monotonic: time, wall: CoreOperations.wall)
    node = Node(identity: own, settings: settings, seed: 1, key: key, now: now)
    handle(.timePassed)
    join()
  }

  /// The first member joins by itself, and brings the others.
  private mutating func join() {
    let first = CoreOperations.record(members[0])
    var asked: UInt64?
    let contact = CoreOperations.message(from: members[0], .join, introduces: true, rumours: [first])
    for case .send(let bytes, members[0]) in handle(.received(contact, from: members[0])) {
      guard let message = try? Wire.decode(bytes, cluster: CoreOperations.cluster) else { continue }
      if case .ping = message.body { asked = message.nonce }
    }
    guard let asked else { fatalError("a newcomer is not asked who it is") }
    receive(.ack, nonce: asked, rumours: [first])
    for start in stride(from: 1, to: members.count, by: CoreOperations.recordsPerDatagram) {
      let end = min(start + CoreOperations.recordsPerDatagram, members.count)
      receive(.gossip, rumours: members[start..<end].map { CoreOperations.record($0) })
    }
    // Every answer carries rumours, until each has been sent often enough.
    let own = node.identity.address
    for _ in 0..<members.count { receive(.ping(target: own), nonce: 1) }
    pass(.seconds(10))
    let listed = node.status(at: now).members.count
    guard listed == members.count + 1 else { fatalError("\(listed) members instead of \(members.count + 1)") }
  }

  // MARK: Operations

  /// Pings from a member, each of which is answered.
  static func pings(_ count: Int, members: Int) {
    var core = CoreOperations(members: members)
    let before = core.sent
    let ping = message(from: core.members[0], .ping(target: core.node.identity.address), nonce: 1)
    for _ in 0..<count { core.handle(.received(ping, from: core.members[0])) }
    core.expectSent(count, since: before)
  }

  /// Greater stamps, each pushed to four members in three rounds.
  static func stamps(_ count: Int, members: Int) {
    let core = pushes(count, members: members) { core, number in
      core.receive(.gossip, stamp: Stamp(generation: UInt64(number), value: 7))
    }
    guard core.node.stamp.generation == count else { fatalError("the node holds \(core.node.stamp)") }
  }

  /// Clients' writes, each pushed to four members in three rounds.
  static func writes(_ count: Int, members: Int) {
    let core = pushes(count, members: members) { core, number in
      core.handle(.setRequested(Int64(number), RequestID(UInt64(number))))
    }
    guard core.node.stamp.value == count else { fatalError("the node holds \(core.node.stamp)") }
  }

  /// Restarts of members, one after another, as told by the first member. Each is relayed like a write.
  static func changes(_ count: Int, members: Int) {
    let core = pushes(count, members: members) { core, number in
      let member = core.members[1 + (number - 1) % (core.members.count - 1)]
      core.receive(.gossip, rumours: [record(member, incarnation: start + UInt64(number))])
    }
    let restarted = core.node.status(at: core.now).members.filter {
      $0.address != core.node.identity.address && $0.incarnation > start
    }
    guard restarted.count == min(count, members - 1) else { fatalError("\(restarted.count) members changed") }
  }

  /// A node after so many operations, numbered from one. It pushed each to four members in three rounds.
  private static func pushes(
    _ count: Int, members: Int, _ operation: (inout CoreOperations, Int) -> Void
  ) -> CoreOperations {
    var core = CoreOperations(members: members)
    let before = core.sent
    for number in 1...count {
      operation(&core, number)
      core.pass(quiet)
    }
    core.expectSent(12 * count, since: before)
    return core
  }

  private func expectSent(_ count: Int, since before: Int) {
    guard sent - before == count else { fatalError("\(sent - before) datagrams sent instead of \(count)") }
  }

  // MARK: The node and its time

  private static let cluster = Hash.of(Settings().cluster)
  private var now: Now { Now(monotonic: time, wall: CoreOperations.wall + UInt64(time.microseconds)) }

  @discardableResult
  private mutating func handle(_ event: Event) -> [Effect] {
    let effects = node.handle(event, at: now)
    // Whom nobody pings asks every five seconds whether it is reached; that belongs to no operation.
    for case .send(let bytes, _) in effects where bytes[Wire.kindOffset] != Message.Kind.join.rawValue { sent += 1 }
    return effects
  }

  /// Lets time pass, like a timer that is never late.
  private mutating func pass(_ duration: Duration) {
    let end = time + duration
    while node.nextDeadline <= end {
      time = max(time, node.nextDeadline)
      handle(.timePassed)
    }
    time = end
  }

  /// Lets the node hear the first member, which holds what the node holds unless told otherwise.
  private mutating func receive(
    _ body: Message.Body, nonce: UInt64 = 0, stamp: Stamp? = nil, rumours: [Record] = []
  ) {
    let bytes = CoreOperations.message(
      from: members[0], body, nonce: nonce, stamp: stamp ?? node.stamp, rumours: rumours)
    handle(.received(bytes, from: members[0]))
  }

  private static func record(_ address: Address, incarnation: UInt64 = start) -> Record {
    Record(address: address, incarnation: incarnation, state: .alive, name: "member", httpPort: 8080)
  }

  private static func message(
    from sender: Address, _ body: Message.Body, nonce: UInt64 = 1, stamp: Stamp = .initial, introduces: Bool = false,
    rumours: [Record] = []
  ) -> [UInt8] {
    var message = Message(
      sender: Message.Sender(address: sender, incarnation: start, wantsIntroduction: introduces), stamp: stamp,
      digest: 0, nonce: nonce, body: body, rumours: rumours)
    if introduces { message.paddedSize = Wire.introductionSize }
    return Wire.encode(message, cluster: cluster)
  }
}
