// What to make of a datagram: whom it is from, whether that is believed, what it says, and what is answered.
//
// Believed is what a live member says from its own address, and what answers a nonce of ours. Everybody else is a
// stranger: nothing of it is merged, it is answered with no more than it sent, so that nobody can aim us at a third
// party, and whom it claims to be is asked at the claimed address.
//
// Legitimate races that look like mistakes, and are ignored: an answer that comes twice (the network duplicates); an
// answer after five seconds (its request is forgotten); a page of a pull that was given up; our own packet coming back
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
    if message.sender.address == context.ourselves {
      return receivedFromOurselves(message, source, size: bytes.count)
    }
    let request = pending.find(answeredBy: message, from: source)
    if request == nil, message.body.isAnswer, !answersChallenge(message) { counters.refuse(.unsolicited) }
    let isMember = source == message.sender.address && context.isLive(source)
    guard isMember || request != nil else { return receivedFromStranger(message, source, size: bytes.count) }
    // Behind a port mapping it answers from elsewhere. What it should hear goes to where it was asked, or is no longer than
    // what came: nobody else may be aimed at.
    let isAsked = request?.target == message.sender.address
    var reply = Reply(
      source: isAsked ? message.sender.address : source, nonce: message.nonce,
      limit: isMember || isAsked ? nil : bytes.count)
    let changesBefore = context.members.changes
    apply(message, source, request, &reply)
    if let request { answered(request, message, from: source, learnt: context.members.changes != changesBefore) }
    answerQuestion(in: message, reply, limit: bytes.count)
  }

  /// Takes in everything that every datagram carries.
  private mutating func apply(
    _ message: Message, _ source: Address, _ request: PendingRequests.Request?, _ reply: inout Reply
  ) {
    let sender = message.sender
    // Its own record first: the others may name it as their accuser. It counts as its own word at its own address, or
    // when it answers what was sent to that address.
    let isOwnWord = source == sender.address || request?.target == sender.address
    for record in message.rumours where record.address == sender.address {
      guard isOwnWord, record.incarnation == sender.incarnation else { continue }
      _ = merge(record, from: sender.address, isOwnWord: true)
    }
    for record in message.rumours where record.address != sender.address {
      if let held = merge(record, from: sender.address, isOwnWord: false) { reply.records.append(held) }
    }
    let index = context.members.index(of: sender.address)
    let held = index.map { context.members[$0].incarnation }
    let name = index.map { context.members[$0].name } ?? sender.address.description
    // What an earlier life of it held, or one that we do not know yet, says nothing of the one that we list; nor does what
    // another process says in its name.
    let copy = isOwnWord && sender.incarnation == held ? index : nil
    if heardStamp(message.stamp, from: copy, name: name), sender.isReady { firstStampKnown() }
    guard let index, let held, isOwnWord else {
      if request != nil { verify(sender.address, seenAt: source) }
      return
    }
    if copy != nil { context.members.observe(at: index) { $0.heard = context.now.monotonic } }
    if sender.incarnation > context.ceiling.tolerated {
      clockDiffers(from: sender.address, by: sender.incarnation - context.ceiling.effectiveClock)
    }
    if sender.incarnation > held {
      verifications.verify(sender.address, context)
    } else if sender.incarnation < held || context.members[index].state != .alive {
      reply.records.append(told(context.members[index].record))
    } else {
      antiEntropy.compare(
        message.digest, with: sender.address, isOnRequest: request?.purpose == .comparison, context, into: &outbox)
      flush()
    }
  }

  // MARK: Ourselves and strangers

  /// A datagram whose sender names our own address: our own, come back, or somebody who believes it to be his.
  private mutating func receivedFromOurselves(_ message: Message, _ source: Address, size: Int) {
    let request = pending.find(message.nonce)
    if case .notice(let refused) = message.body, let request, [.contact, .reach].contains(request.purpose) {
      // The owner of the address that we advertise says so, under that very address.
      ourAddressRefused(refused, by: source, request.nonce)
    } else if message.sender.incarnation == context.ownIncarnation {
      guard message.body == .contact, let request else { return }
      book.metOurselves(at: request.target)
      readyIfAllSeedsAreOurselves()
    } else if message.body == .contact, size >= Wire.introductionSize, source != context.ourselves,
      strangers.admits(source, isKnown: false, at: context.time)
    {
      notice(.taken, to: source, nonce: message.nonce)
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
    guard strangers.admits(source, isKnown: isKnown, at: context.time) else {
      return challenge(message, from: source, size: size)
    }
    switch message.body {
    case .ping(let target):
      respond(target == context.ourselves ? .ack : .refusal, to: message, from: source, size: size)
    case .contact: respond(.ack, to: message, from: source, size: size)
    case .pull(let after, let buckets):
      sendPage(to: source, sender.address, nonce: message.nonce, after: after, buckets, limit: size)
    case .request: return counters.refuse(.notMember)
    case .gossip: break
    case .ack, .refusal, .vouch, .nack, .page, .notice: return
    }
    // A contact of ours is as long as its answers may be; a shorter one gets no notice, which is longer.
    let contact = message.body == .contact && size >= Wire.introductionSize ? message.nonce : nil
    guard context.canAsk(sender.address, seenAt: source) else {
      counters.refuse(.address)
      if let contact { notice(.unreachable, to: source, nonce: contact) }
      return
    }
    let claim = Verifications.Claim(incarnation: sender.incarnation, source: source, contact: contact)
    verifications.verify(sender.address, claim: claim, in: isKnown ? .expected : .strange, context)
  }

  /// Tells a newcomer what is wrong with the address that it advertises.
  private mutating func notice(_ refused: RefusedAddress, to source: Address, nonce: UInt64) {
    var notice = Outgoing(body: .notice(refused), destination: source, nonce: nonce)
    notice.isStranger = true
    send(notice)
  }

  /// Whether we have reason to expect something from an address that is no live member's: a seed has it, somebody whom we
  /// contact until he answers, or a member that is dead here and may be alive elsewhere.
  private func expects(_ address: Address) -> Bool {
    context.members.index(of: address) != nil || book.contains(address)
  }

  /// A newcomer for whom there is no room shows that it is where it says. Its contact is longer than what it gets for it.
  private mutating func challenge(_ message: Message, from source: Address, size: Int) {
    let address = message.sender.address
    guard message.body == .contact, size >= Wire.introductionSize, !context.isLive(address),
      context.canAsk(address, seenAt: source),
      let nonce = strangers.challenge(address, from: source, at: context.time)
    else { return counters.refuse(.flood) }
    var ping = Outgoing(body: .ping(target: address), destination: address, nonce: nonce)
    ping.isStranger = true
    send(ping)
  }

  /// Whether this answers a challenge; then whoever is there is asked who it is.
  private mutating func answersChallenge(_ message: Message) -> Bool {
    let address = message.sender.address
    guard message.body == .ack, strangers.isChallenge(message.nonce, to: address, at: context.time) else {
      return false
    }
    guard !context.isLive(address) else { return true }
    if strangers.admitsProven(address, at: context.time) {
      verifications.verify(address, in: .proven, context)
    } else {
      counters.refuse(.flood)
    }
    return true
  }
}

// MARK: Answers to requests of ours

extension Node {
  /// An answer came to a request of ours.
  mutating func answered(
    _ request: PendingRequests.Request, _ message: Message, from source: Address, learnt: Bool
  ) {
    let sender = message.sender.address
    // It comes behind the ack of the same contact, which is given at once: who says that nobody answers has asked first.
    if case .notice(let refused) = message.body { ourAddressRefused(refused, by: sender, request.nonce) }
    guard pending.answered(request.nonce) else { return }
    switch message.body {
    case .ack: acknowledged(request, by: message.sender, from: source)
    case .refusal: refused(request)
    case .vouch(let target, _):
      probe.helperSpoke(sender)
      suspicions.answered(target)
      probe.answered(by: target, context.settings)
    case .nack: probe.helperSpoke(sender)
    case .page(let more):
      guard case .pull(let number) = request.purpose else { break }
      // In front of its own records a page may say what is held against us, and that stands in no order.
      let last = message.rumours.map(\.address).filter { $0 != context.ourselves }.max()
      antiEntropy.pageCame(
        ofPull: number, more: more, last: last, learnt: learnt, context, using: &generator, into: &outbox)
      flush()
    case .notice, .ping, .contact, .request, .gossip, .pull: break
    }
    // A nack is said before its vouch may come: the request stays open for that.
    if message.body == .nack { pending.reopen(request.nonce) }
  }

  private mutating func acknowledged(
    _ request: PendingRequests.Request, by sender: Message.Sender, from source: Address
  ) {
    let elapsed = context.time - request.asked
    if let index = context.members.index(of: sender.address) {
      context.members.answered(
        at: index, after: elapsed, at: context.now.monotonic, period: context.settings.period)
      // Only now: what is live by hearsay may be gone before we ever reach it, and must not be lost from the book.
      if context.members[index].isLive { book.remove(sender.address) }
    }
    suspicions.answered(sender.address)
    probe.answered(by: sender.address, context.settings)
    switch request.purpose {
    case .relay(let number): relays.answered(number, by: sender, into: &outbox)
    case .contact: contactAnswered(request.target, by: sender, from: source)
    case .verification: verifications.answered(by: sender, context, into: &outbox)
    case .farewell: leaving.heard(by: sender.address)
    case .reach: reachability.answered(by: sender.address)
    case .probe, .suspicion, .comparison, .indirect, .pull: break
    }
    flush()
  }

  /// Whoever was contacted answered.
  private mutating func contactAnswered(_ address: Address, by sender: Message.Sender, from source: Address) {
    book.metAnother(at: address)
    if context.isLive(sender.address) {
      antiEntropy.met(sender.address, context, into: &outbox)
    } else {
      verify(sender.address, seenAt: source)
    }
  }

  /// Asks a node that we do not list, and that answered us from here, at the address that it claims.
  private mutating func verify(_ claimed: Address, seenAt source: Address) {
    if context.canAsk(claimed, seenAt: source) {
      verifications.verify(claimed, context)
    } else {
      counters.refuse(.address)
    }
  }

  /// Another process answers at the address that was asked.
  private mutating func refused(_ request: PendingRequests.Request) {
    switch request.purpose {
    case .probe:
      if let failure = probe.anotherAnswered(for: request.target, context) { beginSuspicion(failure) }
    case .verification:
      verifications.refused(request.target, into: &outbox)
      flush()
    case .suspicion, .relay, .comparison, .farewell, .contact, .reach, .indirect, .pull: break
    }
  }

  // MARK: Our address

  /// A live member pinged us, and so reached us at the address that we advertise.
  mutating func reached(by member: Address) {
    reachability.reached(by: member, at: context.time, into: &outbox)
    flush()
    showReadiness()
  }

  /// Whom we contacted could not reach us at the address that we advertise. An ack may have come before: that went to where
  /// our contact came from.
  mutating func ourAddressRefused(_ refused: RefusedAddress, by sender: Address, _ nonce: UInt64) {
    guard pending.noticed(nonce) else { return }
    counters.addressRefusals += 1
    if reachability.refused(refused, by: sender, among: context.others, at: context.time) {
      emit(.report(.advertisedAddressRefused(by: sender, refused)))
    }
    showReadiness()
  }
}
