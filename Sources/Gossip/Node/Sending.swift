// Putting a datagram together: what it is for, then what its receiver most needs to know, then other news as it fits.

extension Node {
  /// Does what the parts put into the outbox. After each part's turn, so that what it sends says what was true then.
  mutating func flush() {
    guard !outbox.isEmpty else { return }
    for index in 0..<outbox.count {
      switch outbox[index] {
      case .datagram(let datagram): send(datagram)
      case .effect(let effect): emit(effect)
      }
    }
    outbox.removeAll()
  }

  mutating func emit(_ effect: Effect) {
    // A write has three effects, a round of pushes four: room for them at once, and not after one, two and three.
    if effects.isEmpty { effects.reserveCapacity(4) }
    effects.append(effect)
  }

  /// Sends a datagram. A request gets its nonce here, by which its answer is known.
  mutating func send(_ datagram: Outgoing) {
    var nonce = datagram.nonce
    if let purpose = datagram.purpose {
      nonce = pending.ask(datagram.destination, for: purpose, at: context.time)
      if datagram.body.kind == .pull { counters.pulls += 1 }
    }
    var message = Message(
      sender: Message.Sender(
        address: context.ourselves, incarnation: context.ownIncarnation,
        isReady: readiness.vouches(at: context.time) && !leaving.isUnderWay,
        wantsIntroduction: datagram.introducesUs),
      stamp: register.stamp, digest: context.members.digest, nonce: nonce, body: datagram.body)
    // Gossip alone is repeated to others, and so may be lost.
    let limit =
      datagram.limit
      ?? (datagram.body == .gossip ? antiEntropy.pathSize.most(at: context.time) : Wire.modestPlainSize)
    var room = limit - Wire.size(of: message)
    guard room >= 0 else { return }
    let accusation = accusation(of: datagram.recipient ?? datagram.destination)
    if let accusation, Wire.size(of: accusation) <= room {
      room -= Wire.size(of: accusation)
      message.rumours.append(accusation)
    }
    if datagram.introducesUs { add(context.ownRecord, to: &message, &room, unless: accusation) }
    for record in datagram.first { add(record, to: &message, &room, unless: accusation) }
    if !datagram.isStranger { message.rumours += news(room: room) }
    if case .pull = datagram.body { message.paddedSize = limit }
    if datagram.introducesUs { message.paddedSize = Wire.introductionSize }
    let bytes = Wire.encode(message, cluster: cluster)
    counters.count(datagram.body.kind, .sent, bytes: bytes.count)
    emit(.send(bytes, to: datagram.destination))
  }

  private func add(_ record: Record, to message: inout Message, _ room: inout Int, unless accusation: Record?) {
    let size = Wire.size(of: record)
    guard size <= room, record != accusation else { return }
    room -= size
    message.rumours.append(record)
  }

  /// What is held against this member, if anything.
  func accusation(of address: Address) -> Record? {
    guard address != context.ourselves, let index = context.members.index(of: address),
      context.members[index].state != .alive
    else { return nil }
    return told(context.members[index].record)
  }

  /// A record as we tell it (see `Suspicions`).
  func told(_ record: Record) -> Record { suspicions.told(record) }

  private mutating func news(room: Int) -> [Record] {
    guard rumours.count > 0 else { return [] }
    var room = room
    // How often a rumour is sent: the factor times the logarithm to base 2 of the members and one, rounded up.
    let logarithm = Int.bitWidth - context.members.liveCount.leadingZeroBitCount
    let members = context.members
    return rumours.take(
      transmissions: context.settings.rumourFactor * logarithm,
      record: { claim in
        guard let index = members.index(of: claim.address), members[index].incarnation == claim.incarnation,
          members[index].state == claim.state
        else { return nil }
        var record = members[index].record
        record.accuser = claim.accuser
        return record
      },
      fits: { record in
        room -= Wire.size(of: record)
        return room >= 0
      })
  }

  // MARK: Answers to others

  /// Answers the question in a datagram, or tells the sender what it should hear.
  mutating func answerQuestion(in message: Message, _ reply: Reply, limit: Int) {
    var reply = reply
    let sender = message.sender.address
    if message.sender.wantsIntroduction { reply.records.append(context.ownRecord) }
    switch message.body {
    case .ping(let target):
      respond(target == context.ourselves ? .ack : .refusal, reply, to: sender)
      if target == context.ourselves { reached(by: sender) }
    case .contact:
      respond(.ack, reply, to: sender)
    case .request(let target, let deadline):
      let refusal = relays.accept(
        target, for: sender, deadline: deadline, nonce: message.nonce, context, into: &outbox)
      if let refusal { counters.refuse(refusal) }
      flush()
      tellWhatIsOwed(message, reply)
    case .pull(let after, let buckets):
      sendPage(to: reply.source, sender, nonce: message.nonce, after: after, buckets, limit: limit)
    case .ack, .refusal, .vouch, .nack, .gossip, .page, .notice:
      tellWhatIsOwed(message, reply)
    }
  }

  private mutating func respond(_ body: Message.Body, _ reply: Reply, to recipient: Address) {
    var answer = Outgoing(body: body, destination: reply.source, nonce: reply.nonce, recipient: recipient)
    answer.first = reply.records
    send(answer)
  }

  /// Tells a sender that gets no other answer now what it should hear: a newer stamp, or better claims.
  private mutating func tellWhatIsOwed(_ message: Message, _ reply: Reply) {
    let isOlder = message.stamp < register.stamp
    guard isOlder || !reply.records.isEmpty, push.allowsReply(at: context.time) else { return }
    var news = Outgoing(body: .gossip, destination: reply.source, recipient: message.sender.address)
    news.first = reply.records
    news.limit = reply.limit
    send(news)
  }

  /// Sends a page: the records of the buckets that differ, in address order.
  mutating func sendPage(
    to source: Address, _ recipient: Address, nonce: UInt64, after: Address?, _ buckets: [UInt64], limit: Int
  ) {
    guard !antiEntropy.isAnew else { return }
    let limit = min(limit, Wire.maximumPlainSize)
    // Beside the records: the longest header, and an accusation of the asker, which goes first.
    let accusation = accusation(of: recipient).map { Wire.size(of: $0) } ?? 0
    let suspicions = suspicions
    let page = AntiEntropy.makePage(
      for: recipient, after: after, buckets, room: limit - AntiEntropy.pageOverhead - accusation,
      of: context.members, told: { suspicions.told($0) })
    var answer = Outgoing(body: .page(more: page.more), destination: source, nonce: nonce, recipient: recipient)
    answer.first = page.records
    answer.limit = limit
    answer.isStranger = true
    send(answer)
  }

  /// What is still owed to the sender of the datagram in hand.
  struct Reply {
    let source: Address
    let nonce: UInt64
    /// The greatest size of what it is told unasked; nil is what may be sent to any member.
    let limit: Int?
    /// What it should hear: our record, if it accused us; what we hold, where its claims are older.
    var records: [Record] = []
  }

  /// Answers a stranger, with no more than it sent.
  mutating func respond(_ body: Message.Body, to message: Message, from source: Address, size: Int) {
    var answer = Outgoing(
      body: body, destination: source, nonce: message.nonce, recipient: message.sender.address)
    if message.sender.wantsIntroduction { answer.first = [context.ownRecord] }
    answer.limit = size
    answer.isStranger = true
    send(answer)
  }
}
