// Lists of members that travel in pages, and claims that wait to be relayed.

@testable import Gossip

/// The first byte chooses: a list that pages fill and read out, or a queue of rumours.
func fuzzPages(_ bytes: [UInt8]) throws(BrokenRule) {
  var input = FuzzInput(bytes)
  if input.flag() { try fuzzRumours(&input) } else { try fuzzList(&input) }
}

// MARK: Pages

/// Teaches a node members and pulls them again: each member of a differing bucket must come once, in order.
private func fuzzList(_ input: inout FuzzInput) throws(BrokenRule) {
  var reader = PageReader(limit: input.flag() ? 16 : 10_000)
  reader.meet()
  let buckets = input.buckets()
  while !input.isEmpty {
    var records: [Record] = []
    for _ in 0..<1 + input.below(16) { records.append(input.record(near: FuzzInput.wall)) }
    reader.teach(records, spread: input.byte())
  }
  try reader.readAll(buckets)
}

/// A node, and the one member that fills and reads its list.
private struct PageReader {
  private var node: Node
  private var rules: NodeRules
  private let peer = Address(ipv4: 0x0A00_0002, port: 7946)
  private var now = Now(monotonic: Instant(microseconds: 0), wall: FuzzInput.wall)

  init(limit: Int) {
    var settings = Settings()
    settings.seeds = ["peer"]
    settings.maximumMembers = limit
    node = Node(
      identity: Identity(address: FuzzInput.node, name: "n", httpPort: 8080), settings: settings, seed: 3,
      key: SecretKey(low: 1, high: 2), now: now)
    rules = NodeRules(node)
  }

  /// The peer answers the node's join, and is a member from then on.
  mutating func meet() {
    _ = node.handle(.timePassed, at: now)
    for case .send(let bytes, _) in node.handle(.resolved(seed: 0, [peer], failure: nil), at: now) {
      guard let question = try? Wire.decode(bytes, cluster: FuzzInput.cluster) else { continue }
      receive(message(.ack, nonce: question.nonce, [record(of: peer)]))
    }
  }

  /// Sends records in as many datagrams as they need, each repeated at several addresses, for lists of many pages.
  mutating func teach(_ records: [Record], spread: UInt8) {
    for record in records {
      for offset in 0...UInt64(spread & 31) {
        var record = record
        record.address.low &+= offset << 8
        if record.address != peer { receive(message(.gossip, [record])) }
      }
    }
  }

  mutating func readAll(_ buckets: [UInt64]) throws(BrokenRule) {
    var expected: [Address] = []
    for index in 0..<node.context.members.count {
      let address = node.context.members[index].address
      guard address != peer, address != FuzzInput.node else { continue }
      // A bucket is folded onto the one that as many before it leave over.
      let bucket = Membership.bucket(of: address) % buckets.count
      let folded = stride(from: bucket, to: Wire.buckets, by: buckets.count)
      if folded.reduce(0, { $0 &+ node.context.members.buckets[$1] }) != buckets[bucket] { expected.append(address) }
    }
    var found: [Address] = []
    var after: Address?
    for page in 0... {
      try expect(page <= expected.count + 1, "pages without end")
      let answer = try self.page(after: after, buckets)
      found += answer.records
      guard answer.more else { break }
      guard let last = answer.records.last else { throw BrokenRule("an empty page says that there is more") }
      after = last
    }
    let others = found.filter { $0 != FuzzInput.node && $0 != peer }
    try expect(others == expected, "\(expected.count) members, and \(others.count) in pages")
  }

  /// One page, and whether there are more.
  private mutating func page(
    after: Address?, _ buckets: [UInt64]
  ) throws(BrokenRule) -> (records: [Address], more: Bool) {
    var question = message(.pull(after: after, buckets: buckets), nonce: 99, [])
    question.paddedSize = buckets.count < Wire.buckets ? Wire.modestPlainSize : Wire.maximumPlainSize
    let size = Wire.encode(question, cluster: FuzzInput.cluster).count
    for case .send(let bytes, to: peer) in receive(question) {
      try expect(bytes.count <= size, "\(bytes.count) bytes in answer to \(size)")
      guard let answer = try? Wire.decode(bytes, cluster: FuzzInput.cluster), answer.nonce == 99,
        case .page(let more) = answer.body
      else { continue }
      return (answer.rumours.map(\.address), more)
    }
    throw BrokenRule("a pull was not answered")
  }

  @discardableResult
  private mutating func receive(_ message: Message) -> [Effect] {
    node.handle(.received(Wire.encode(message, cluster: FuzzInput.cluster), from: peer), at: now)
  }

  private func message(_ body: Message.Body, nonce: UInt64 = 0, _ records: [Record]) -> Message {
    Message(
      sender: Message.Sender(address: peer, incarnation: FuzzInput.wall), stamp: .initial, digest: 1, nonce: nonce,
      body: body, rumours: records)
  }

  private func record(of address: Address) -> Record {
    Record(address: address, incarnation: FuzzInput.wall, state: .alive, name: "p", httpPort: 8080)
  }
}

// MARK: Rumours

/// Adds claims and takes them for datagrams. Each is sent at most as often as it may be, the least sent go first, those
/// that do not fit stay, and the queue keeps to its limit.
private func fuzzRumours(_ input: inout FuzzInput) throws(BrokenRule) {
  var rumours = Rumours()
  var sent: [UInt64: Int] = [:]
  var next: UInt64 = 1
  let (limit, transmissions) = (1 + input.below(40), 1 + input.below(8))
  while !input.isEmpty {
    if input.flag() {
      rumours.add(
        Rumours.Claim(address: FuzzInput.member(input.below(8)), incarnation: next, state: .alive), limit: limit)
      sent[next] = 0
      next += 1
    } else {
      let room = input.below(12)
      let (before, divisor) = (rumours.count, UInt64(2 + input.below(9)))
      var left = room
      let taken = rumours.take(
        transmissions: transmissions,
        // Some claims are out of date when their turn comes.
        record: { claim in
          claim.incarnation % divisor == 1
            ? nil : Record(address: claim.address, incarnation: claim.incarnation, state: .alive, name: "", httpPort: 0)
        },
        fits: { _ in
          left -= 1
          return left >= 0
        })
      try expect(taken.count <= room, "\(taken.count) rumours in room for \(room)")
      try expect(rumours.count <= before, "taking made \(rumours.count) of \(before) rumours")
      let times = taken.map { sent[$0.incarnation] ?? 0 }
      try expect(times == times.sorted(), "sent before what was sent less: \(times)")
      try expect(Set(taken.map(\.incarnation)).count == taken.count, "a rumour twice in one datagram")
      for record in taken { sent[record.incarnation, default: 0] += 1 }
    }
    try expect(rumours.count <= limit, "\(rumours.count) rumours, with a limit of \(limit)")
    try expect(sent.values.allSatisfy { $0 <= transmissions }, "a rumour was sent more than \(transmissions) times")
  }
  try expect(rumours.countedByHand == rumours.count, "\(rumours.count) rumours, counted \(rumours.countedByHand)")
}

extension Rumours {
  /// The count, found by taking everything.
  fileprivate var countedByHand: Int {
    var copy = self
    return copy.take(
      transmissions: 0,
      record: { Record(address: $0.address, incarnation: $0.incarnation, state: .alive, name: "", httpPort: 0) },
      fits: { _ in true }
    ).count
  }
}
