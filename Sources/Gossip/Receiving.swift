// What to make of a datagram: whom it is from, whether that is believed, what it says, and what is answered.
//
// Believed is what a live member says from its own address, and what answers a nonce of ours. Everybody else is a
// stranger: nothing of it is merged, it is answered with no more than it sent, so that nobody can aim us at a third
// party, and whom it claims to be is asked at the claimed address.
//
// Legitimate races that look like mistakes, and are ignored: an answer that comes twice (the network duplicates); an
// answer after five seconds (its question is forgotten); a page of a pull that was given up; our own packet coming back
// (a seed that is ourselves); a nack for a probe that has ended; a refusal from an address whose owner just changed.

extension Node {
  /// A datagram came.
  mutating func receive(_ bytes: [UInt8], from source: Address) {
    let message: Message
    do {
      message = try Wire.decode(bytes, cluster: cluster)
    } catch {
      return counters.refuse(error.reason)
    }
    counters.count(message.body.kind, .received, bytes: bytes.count)
    guard source.isReachable else { return counters.refuse(.address) }
    if message.sender.address == identity.address {
      return receivedFromOurselves(message, source, size: bytes.count)
    }
    let question = self.question(answeredBy: message, from: source)
    if question == nil, message.body.isAnswer, !answersChallenge(message) { counters.refuse(.unsolicited) }
    let isMember = source == message.sender.address && isLive(source)
    guard isMember || question != nil else { return receivedFromStranger(message, source, size: bytes.count) }
    // Behind a port mapping it answers from elsewhere. What it should hear goes to where it was asked, or is no longer than
    // what came: nobody else may be aimed at.
    let isAsked = question?.target == message.sender.address
    var reply = Reply(
      source: isAsked ? message.sender.address : source, nonce: message.nonce,
      limit: isMember || isAsked ? nil : bytes.count)
    let changesBefore = members.changes
    believe(message, source, question, &reply)
    if let question { answered(question, message, learnt: members.changes != changesBefore) }
    answer(message, &reply, limit: bytes.count)
  }

  /// What is still owed to the sender of the datagram in hand.
  struct Reply {
    var source: Address
    var nonce: UInt64
    /// The greatest size of what it is told unasked; nil is what may be sent to any member.
    var limit: Int?
    /// What it should hear: our record, if it accused us; what we hold, where its claims are older.
    var records: [Record] = []
  }

  /// The question that this message answers; nil when it answers none that we asked it.
  private func question(answeredBy message: Message, from source: Address) -> Questions.Question? {
    guard message.body.isAnswer, let question = questions.find(message.nonce) else { return nil }
    let isFromTarget = message.sender.address == question.target
    let isExpected: Bool
    switch (message.body, question.purpose) {
    case (.ack, .contact): isExpected = true
    case (.ack, .indirect), (.ack, .pull): isExpected = false
    case (.ack, _): isExpected = isFromTarget
    case (.refusal, .indirect), (.refusal, .pull), (.refusal, .contact), (.refusal, .reach): isExpected = false
    case (.refusal, _): isExpected = source == question.target && !isFromTarget
    case (.vouch(let target, _), .indirect(let asked)): isExpected = isFromTarget && target == asked
    case (.nack, .indirect): isExpected = isFromTarget
    case (.page, .pull): isExpected = isFromTarget
    case (.notice, .contact): isExpected = true
    case (.notice, .reach): isExpected = isFromTarget
    case (.vouch, _), (.nack, _), (.page, _), (.notice, _): isExpected = false
    case (.ping, _), (.contact, _), (.request, _), (.gossip, _), (.pull, _): isExpected = false
    }
    return isExpected ? question : nil
  }

  /// Takes in everything that every datagram carries.
  private mutating func believe(
    _ message: Message, _ source: Address, _ question: Questions.Question?, _ reply: inout Reply
  ) {
    let sender = message.sender
    // Its own record first: the others may name it as their accuser. It counts as its own word at its own address, or
    // when it answers what was sent to that address.
    let isOwnWord = source == sender.address || question?.target == sender.address
    for record in message.rumours where record.address == sender.address {
      guard isOwnWord, record.incarnation == sender.incarnation else { continue }
      _ = hear(record, from: sender.address, isOwnWord: true)
    }
    for record in message.rumours where record.address != sender.address {
      if let held = hear(record, from: sender.address, isOwnWord: false) { reply.records.append(held) }
    }
    let index = members.index(of: sender.address)
    let held = index.map { members[$0].incarnation }
    let name = index.map { members[$0].name } ?? sender.address.description
    // What an earlier life of it held, or one that we do not know yet, says nothing of the one that we list; nor does what
    // another process says in its name.
    let copy = isOwnWord && sender.incarnation == held ? index : nil
    if heardStamp(message.stamp, from: copy, name: name), sender.isReady { firstStampKnown() }
    guard let index, let held, isOwnWord else {
      if question != nil { verify(sender.address) }
      return
    }
    if copy != nil { members.observe(at: index) { $0.heard = now.monotonic } }
    if sender.incarnation > ceiling.tolerated {
      clockDiffers(from: sender.address, by: sender.incarnation - ceiling.effectiveClock)
    }
    if sender.incarnation > held {
      verify(sender.address)
    } else if sender.incarnation < held || members[index].state != .alive {
      reply.records.append(told(members[index].record))
    } else {
      compare(message.digest, with: sender.address, isOnRequest: question?.purpose == .comparison)
    }
  }

  /// Answers the question in a datagram, or tells the sender what it should hear.
  private mutating func answer(_ message: Message, _ reply: inout Reply, limit: Int) {
    if message.sender.wantsIntroduction { reply.records.append(ownRecord) }
    switch message.body {
    case .ping(let target):
      respond(target == identity.address ? .ack : .refusal, reply, to: message.sender.address)
      if target == identity.address { reachedByMember(message.sender.address) }
    case .contact:
      respond(.ack, reply, to: message.sender.address)
    case .request(let target, let deadline):
      pingFor(message.sender.address, target, deadline: deadline, nonce: message.nonce)
      tellWhatIsOwed(message, reply)
    case .pull(let after, let buckets):
      sendPage(to: reply.source, message.sender.address, nonce: message.nonce, after: after, buckets, limit: limit)
    case .ack, .refusal, .vouch, .nack, .gossip, .page, .notice:
      tellWhatIsOwed(message, reply)
    }
  }

  /// Tells a sender that gets no other answer now what it should hear: a newer stamp, or better claims.
  private mutating func tellWhatIsOwed(_ message: Message, _ reply: Reply) {
    let isOlder = message.stamp < register.stamp
    guard isOlder || !reply.records.isEmpty, push.allowsReply(at: now.monotonic) else { return }
    send(.gossip, to: reply.source, recipient: message.sender.address, first: reply.records, limit: reply.limit)
  }

  private mutating func respond(_ body: Message.Body, _ reply: Reply, to recipient: Address) {
    send(body, to: reply.source, recipient: recipient, nonce: reply.nonce, first: reply.records)
  }

  /// A datagram whose sender names our own address: our own, come back, or somebody who believes it to be his.
  private mutating func receivedFromOurselves(_ message: Message, _ source: Address, size: Int) {
    let question = questions.find(message.nonce)
    if case .notice(let refused) = message.body, let question, [.contact, .reach].contains(question.purpose) {
      // The owner of the address that we advertise says so, under that very address.
      advertisedAddressRefused(refused, by: source, question.nonce)
    } else if message.sender.incarnation == ownIncarnation {
      if message.body == .contact, let question { metOurselves(at: question.target) }
    } else if message.body == .contact, size >= Wire.introductionSize, source != identity.address,
      strangers.admits(source, isKnown: false, at: now.monotonic)
    {
      send(.notice(.taken), to: source, nonce: message.nonce, isStranger: true)
    } else {
      counters.refuse(.address)
    }
  }

  /// A datagram of somebody who is not, or not any more, a live member at the address that it comes from.
  private mutating func receivedFromStranger(_ message: Message, _ source: Address, size: Int) {
    // Nobody asked, so there is nothing to do about it.
    guard !message.body.isAnswer else { return }
    let sender = message.sender
    let isKnown = source == sender.address && expects(source)
    guard strangers.admits(source, isKnown: isKnown, at: now.monotonic) else {
      return challenge(message, from: source, size: size)
    }
    let introduction = sender.wantsIntroduction ? [ownRecord] : []
    switch message.body {
    case .ping(let target):
      send(
        target == identity.address ? .ack : .refusal, to: source, recipient: sender.address, nonce: message.nonce,
        first: introduction, limit: size, isStranger: true)
    case .contact:
      send(
        .ack, to: source, recipient: sender.address, nonce: message.nonce, first: introduction, limit: size,
        isStranger: true)
    case .pull(let after, let buckets):
      sendPage(to: source, sender.address, nonce: message.nonce, after: after, buckets, limit: size)
    case .request: return counters.refuse(.notMember)
    case .gossip: break
    case .ack, .refusal, .vouch, .nack, .page, .notice: return
    }
    // A contact of ours is as long as its answers may be; a shorter one gets no notice, which is longer.
    let contact = message.body == .contact && size >= Wire.introductionSize ? message.nonce : nil
    verify(
      sender.address, claimed: sender.incarnation, by: source, contact: contact, in: isKnown ? .expected : .strange)
  }

  /// An answer came to a question of ours.
  private mutating func answered(_ question: Questions.Question, _ message: Message, learnt: Bool) {
    let sender = message.sender.address
    // It comes behind the ack of the same contact, which is given at once: who says that nobody answers has asked first.
    if case .notice(let refused) = message.body { advertisedAddressRefused(refused, by: sender, question.nonce) }
    guard questions.answered(question.nonce) else { return }
    switch message.body {
    case .ack: acknowledged(question, by: message.sender)
    case .refusal: refused(question)
    case .vouch(let target, _):
      helperSpoke(sender)
      suspectAnswered(target)
      probeAnswered(by: target)
    case .nack: helperSpoke(sender)
    case .page(let more):
      // In front of its own records a page may say what is held against us, and that stands in no order.
      let last = message.rumours.map(\.address).filter { $0 != identity.address }.max()
      pageCame(question.nonce, more: more, last: last, learnt: learnt)
    case .notice, .ping, .contact, .request, .gossip, .pull: break
    }
    // A nack is said before its vouch may come: the question stays open for that.
    if message.body == .nack { questions.reopen(question.nonce) }
  }

  private mutating func acknowledged(_ question: Questions.Question, by sender: Message.Sender) {
    let elapsed = now.monotonic - question.asked
    if let index = members.index(of: sender.address) {
      members.observe(at: index) {
        $0.answered(after: elapsed, at: now.monotonic, period: settings.period)
      }
      // Only now: what is live by hearsay may be gone before we ever reach it, and must not be lost from the book.
      if members[index].isLive { book.remove(sender.address) }
      probe.roundTrip.measured(elapsed, at: now.monotonic, period: settings.period)
    }
    suspectAnswered(sender.address)
    probeAnswered(by: sender.address)
    switch question.purpose {
    case .relay: vouch(for: sender, question.nonce)
    case .contact: contactAnswered(question.target, by: sender)
    case .verification: verified(sender)
    case .farewell: farewellHeard(by: sender.address)
    case .reach: reachability.answered(by: sender.address)
    case .probe, .suspicion, .comparison, .indirect, .pull: break
    }
  }

  /// Another process answers at the address that was asked.
  private mutating func refused(_ question: Questions.Question) {
    switch question.purpose {
    case .probe: anotherAnswered(for: question.target)
    case .verification: verificationRefused(question.target)
    case .suspicion, .relay, .comparison, .farewell, .contact, .reach, .indirect, .pull: break
    }
  }
}

extension Message.Body {
  /// Whether it only makes sense as an answer to a question.
  var isAnswer: Bool {
    switch self {
    case .ack, .refusal, .vouch, .nack, .page, .notice: true
    case .ping, .contact, .request, .gossip, .pull: false
    }
  }
}
