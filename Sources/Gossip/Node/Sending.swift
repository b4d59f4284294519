// Assembles datagrams: first the body, then what the receiver most needs to know, then as much other news as fits.

extension Node {
  /// Carries out what a part put into the outbox. It runs after each part's turn, so that a datagram carries the state
  /// of that moment.
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
    // A write has three effects and a round of pushes four: reserve room for them at once, not after one, two and
    // three.
    if effects.isEmpty { effects.reserveCapacity(4) }
    effects.append(effect)
  }

  /// Sends a datagram. A request gets its nonce here, which will identify its answer.
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
        wantsIntroduction: datagram.introducesUs, isHeldBack: readiness.isHeldBack),
      stamp: register.stamp, digest: context.members.digest, nonce: nonce, body: datagram.body)
    // Only gossip is repeated to others, and so may be lost.
    let limit =
      datagram.limit
      ?? (datagram.body == .gossip ? antiEntropy.pathSize.limit(at: context.time) : Wire.modestPlainSize)
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

  /// The accusation of this member, if there is one.
  func accusation(of address: Address) -> Record? {
    guard address != context.ourselves, let index = context.members.index(of: address),
      context.members[index].state != .alive
    else { return nil }
    return withAccuser(context.members[index].record)
  }

  /// A record as we send it (see `Suspicions`).
  func withAccuser(_ record: Record) -> Record { suspicions.withAccuser(record) }

  private mutating func news(room: Int) -> [Record] {
    guard rumours.count > 0 else { return [] }
    var room = room
    // How often a rumour is sent: the factor times log2(n + 1), rounded up.
    let logarithm = Int.bitWidth - context.members.activeCount.leadingZeroBitCount
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

  /// Answers the request in a datagram, or else sends what we owe its sender.
  mutating func answerRequest(in message: Message, _ reply: Reply, limit: Int) {
    var reply = reply
    let sender = message.sender.address
    if message.sender.wantsIntroduction { reply.records.append(context.ownRecord) }
    switch message.body {
    case .ping(let target):
      respond(target == context.ourselves ? .ack : .misdirected, reply, to: sender)
      if target == context.ourselves { reached(by: sender) }
    case .join:
      respond(.ack, reply, to: sender)
    case .pingRequest(let target, let deadline):
      let reason = relays.accept(
        target, for: sender, deadline: deadline, nonce: message.nonce, context, into: &outbox)
      if let reason { counters.drop(reason) }
      flush()
      sendOwedUpdates(message, reply)
    case .pull(let after, let buckets):
      sendPage(to: reply.source, sender, nonce: message.nonce, after: after, buckets, limit: limit)
    case .ack, .misdirected, .indirectAck, .nack, .gossip, .page, .notice:
      sendOwedUpdates(message, reply)
    }
  }

  private mutating func respond(_ body: Message.Body, _ reply: Reply, to recipient: Address) {
    var answer = Outgoing(body: body, destination: reply.source, nonce: reply.nonce, recipient: recipient)
    answer.first = reply.records
    send(answer)
  }

  /// Sends what we owe to a sender that gets no other answer now: a newer stamp, or newer claims.
  private mutating func sendOwedUpdates(_ message: Message, _ reply: Reply) {
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
    guard !antiEntropy.isRestarting else { return }
    let limit = min(limit, Wire.maximumPlainSize)
    // The rest of the page is the longest header, and an accusation of the asker, which goes first.
    let accusation = accusation(of: recipient).map { Wire.size(of: $0) } ?? 0
    let suspicions = suspicions
    let page = AntiEntropy.makePage(
      for: recipient, after: after, buckets, room: limit - AntiEntropy.pageOverhead - accusation,
      of: context.members, prepare: { suspicions.withAccuser($0) })
    var answer = Outgoing(body: .page(more: page.more), destination: source, nonce: nonce, recipient: recipient)
    answer.first = page.records
    answer.limit = limit
    answer.isStranger = true
    send(answer)
  }

  /// What we still owe the sender of the current datagram.
  struct Reply {
    let source: Address
    let nonce: UInt64
    /// The size limit of a datagram that it did not ask for; nil means the usual limit for members.
    let limit: Int?
    /// The records that we owe it: our own, if it accused us, and those for which its claims are older.
    var records: [Record] = []
  }

  /// Answers a stranger with no more bytes than it sent.
  mutating func respond(_ body: Message.Body, to message: Message, from source: Address, size: Int) {
    var answer = Outgoing(
      body: body, destination: source, nonce: message.nonce, recipient: message.sender.address)
    if message.sender.wantsIntroduction { answer.first = [context.ownRecord] }
    answer.limit = size
    answer.isStranger = true
    send(answer)
  }
}
