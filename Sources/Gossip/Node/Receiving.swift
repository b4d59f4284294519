// Handles a received datagram: who sent it, whether we accept that, what it says, and what we answer.
//
// We accept datagrams from an active member at its own address, and answers to our nonces. Every other sender is a
// stranger: we merge nothing that it says, we answer with no more bytes than it sent, so that nobody can aim us at a
// third party, and we verify the address that it claims.
//
// Some legitimate races look like mistakes, and are ignored: an answer that comes twice (networks duplicate); an answer
// after five seconds (its request is forgotten); a page of a pull that was given up; our own packet coming back (a seed
// is ourselves); a nack for a probe that has ended; a `misdirected` from an address whose owner has just changed.

extension Node {
  /// A datagram arrived.
  mutating func receive(_ bytes: [UInt8], from source: Address) {
    let message: Message
    do {
      message = try Wire.decode(bytes, cluster: cluster)
    } catch {
      counters.drop(error.reason)
      if error.reason == .version || error.reason == .cluster { receivedForeign(bytes, from: source) }
      return
    }
    counters.count(message.body.kind, .received, bytes: bytes.count)
    guard source.isReachable else { return counters.drop(.address) }
    if message.sender.address == context.ourselves {
      return receivedFromOurselves(message, source, size: bytes.count)
    }
    let request = pending.find(answeredBy: message, from: source)
    if request == nil, message.body.isAnswer, !answersChallenge(message) { counters.drop(.unsolicited) }
    let isMember = source == message.sender.address && context.isActive(source)
    guard isMember || request != nil else { return receivedFromStranger(message, source, size: bytes.count) }
    // Behind a port mapping it answers from another address. What we owe it goes to the address that we asked, or is no
    // longer than what it sent, so that nobody can aim us at a third party.
    let isAsked = request?.target == message.sender.address
    var reply = Reply(
      source: isAsked ? message.sender.address : source, nonce: message.nonce,
      limit: isMember || isAsked ? nil : bytes.count)
    let changesBefore = context.members.changes
    apply(message, source, request, &reply)
    if let request { answered(request, message, from: source, learnt: context.members.changes != changesBefore) }
    answerRequest(in: message, reply, limit: bytes.count)
  }

  /// Applies what every datagram carries.
  private mutating func apply(
    _ message: Message, _ source: Address, _ request: PendingRequests.Request?, _ reply: inout Reply
  ) {
    let sender = message.sender
    // The sender's own record comes first, because the others may name it as their accuser. It counts as the sender's
    // own word if it comes from the sender's address, or answers a request to that address.
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
    // A stamp counts for the listed member only if it comes from that incarnation and from itself: an earlier
    // incarnation, one that we do not know yet, or another process says nothing about what it holds.
    let copy = isOwnWord && sender.incarnation == held ? index : nil
    if receiveStamp(message.stamp, from: copy, name: name), sender.isReady { receivedFirstStamp() }
    if isOwnWord { heard(isHeldBack: sender.isHeldBack, from: sender.address) }
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
      reply.records.append(withAccuser(context.members[index].record))
    } else {
      antiEntropy.compare(
        message.digest, with: sender.address, isOnRequest: request?.purpose == .comparison, context, into: &outbox)
      flush()
    }
  }

  // MARK: Ourselves and strangers

  /// A datagram whose sender names our own address: ours came back, or another process claims our address.
  private mutating func receivedFromOurselves(_ message: Message, _ source: Address, size: Int) {
    let request = pending.find(message.nonce)
    if case .notice(let refused) = message.body, let request, [.join, .reach].contains(request.purpose) {
      // The owner of the address that we advertise sent the notice, from that very address.
      receivedNotice(refused, by: source, request.nonce)
    } else if message.sender.incarnation == context.ownIncarnation {
      guard message.body == .join, let request else { return }
      book.metOurselves(at: request.target)
      readyIfAllSeedsAreOurselves()
    } else if message.body == .join, size >= Wire.introductionSize, source != context.ourselves,
      admission.admits(source, isKnown: false, at: context.time)
    {
      notice(.taken, to: source, nonce: message.nonce)
    } else {
      counters.drop(.address)
    }
  }

  /// A datagram from an address that is no active member's, or no longer is.
  private mutating func receivedFromStranger(_ message: Message, _ source: Address, size: Int) {
    // We did not ask, so there is nothing to do.
    guard !message.body.isAnswer else { return }
    let sender = message.sender
    let isKnown = source == sender.address && expects(source)
    guard admission.admits(source, isKnown: isKnown, at: context.time) else {
      return challenge(message, from: source, size: size)
    }
    switch message.body {
    case .ping(let target):
      respond(target == context.ourselves ? .ack : .misdirected, to: message, from: source, size: size)
    case .join: respond(.ack, to: message, from: source, size: size)
    case .pull(let after, let buckets):
      sendPage(to: source, sender.address, nonce: message.nonce, after: after, buckets, limit: size)
    case .pingRequest: return counters.drop(.notMember)
    case .gossip: break
    case .ack, .misdirected, .indirectAck, .nack, .page, .notice: return
    }
    // Our contacts are as long as their answers may be. A shorter one gets no notice, which would be longer than it.
    let contact = message.body == .join && size >= Wire.introductionSize ? message.nonce : nil
    guard context.canVerify(sender.address, seenAt: source) else {
      counters.drop(.address)
      if let contact { notice(.unreachable, to: source, nonce: contact) }
      return
    }
    let claim = Verifications.Claim(incarnation: sender.incarnation, source: source, contact: contact)
    verifications.verify(sender.address, claim: claim, in: isKnown ? .expected : .unknown, context)
  }

  /// Tells a newcomer what is wrong with the address that it advertises.
  private mutating func notice(_ refused: RefusedAddress, to source: Address, nonce: UInt64) {
    var notice = Outgoing(body: .notice(refused), destination: source, nonce: nonce)
    notice.isStranger = true
    send(notice)
  }

  /// Whether we have reason to expect datagrams from an address that is no active member's: it belongs to a seed, to
  /// another entry that we contact until it answers, or to a member that is dead here and may be alive.
  private func expects(_ address: Address) -> Bool {
    context.members.index(of: address) != nil || book.contains(address)
  }

  /// Challenges a newcomer that we have no room for to prove its address. Its contact is longer than the challenge.
  private mutating func challenge(_ message: Message, from source: Address, size: Int) {
    let address = message.sender.address
    guard message.body == .join, size >= Wire.introductionSize, !context.isActive(address),
      context.canVerify(address, seenAt: source),
      let nonce = admission.challenge(address, from: source, at: context.time)
    else { return counters.drop(.flood) }
    var ping = Outgoing(body: .ping(target: address), destination: address, nonce: nonce)
    ping.isStranger = true
    send(ping)
  }

  /// Whether this answers a challenge. If so, we verify the address.
  private mutating func answersChallenge(_ message: Message) -> Bool {
    let address = message.sender.address
    guard message.body == .ack, admission.isChallenge(message.nonce, to: address, at: context.time) else {
      return false
    }
    guard !context.isActive(address) else { return true }
    if admission.admitsProven(address, at: context.time) {
      verifications.verify(address, in: .proven, context)
    } else {
      counters.drop(.flood)
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
    // A notice follows the ack of the same contact, which came at once: its sender had to ping our address first.
    if case .notice(let refused) = message.body { receivedNotice(refused, by: sender, request.nonce) }
    guard pending.answered(request.nonce) else { return }
    switch message.body {
    case .ack: acknowledged(request, by: message.sender, from: source)
    case .misdirected: misdirected(request)
    case .indirectAck(let target, _):
      probe.helperAnswered(sender)
      suspicions.answered(target)
      probe.answered(by: target, context.settings)
    case .nack: probe.helperAnswered(sender)
    case .page(let more):
      guard case .pull(let number) = request.purpose else { break }
      // A page may begin with an accusation of us, which is out of order.
      let last = message.rumours.map(\.address).filter { $0 != context.ourselves }.max()
      antiEntropy.pageCame(
        ofPull: number, more: more, last: last, learnt: learnt, context, using: &generator, into: &outbox)
      flush()
    case .notice, .ping, .join, .pingRequest, .gossip, .pull: break
    }
    // A positive answer may still follow a nack, so the request stays open.
    if message.body == .nack { pending.reopen(request.nonce) }
  }

  private mutating func acknowledged(
    _ request: PendingRequests.Request, by sender: Message.Sender, from source: Address
  ) {
    let elapsed = context.time - request.asked
    if let index = context.members.index(of: sender.address) {
      context.members.answered(
        at: index, after: elapsed, at: context.now.monotonic, period: context.settings.period)
      // Only now: a member that is active by hearsay may be gone before we ever reach it, and must stay in the book.
      if context.members[index].isActive { book.remove(sender.address) }
    }
    suspicions.answered(sender.address)
    probe.answered(by: sender.address, context.settings)
    switch request.purpose {
    case .relay(let number): relays.answered(number, by: sender, into: &outbox)
    case .join: contactAnswered(request.target, by: sender, from: source)
    case .verification: verifications.answered(by: sender, context, into: &outbox)
    case .farewell: leaving.acknowledged(by: sender.address)
    case .reach: reachability.answered(by: sender.address)
    case .probe, .suspicion, .comparison, .indirect, .pull: break
    }
    flush()
  }

  /// A node answered our contact.
  private mutating func contactAnswered(_ address: Address, by sender: Message.Sender, from source: Address) {
    book.metAnother(at: address)
    if context.isActive(sender.address) {
      antiEntropy.met(sender.address, context, into: &outbox)
    } else {
      verify(sender.address, seenAt: source)
    }
  }

  /// Verifies the claimed address of a node that we do not list and that answered us from this source.
  private mutating func verify(_ claimed: Address, seenAt source: Address) {
    if context.canVerify(claimed, seenAt: source) {
      verifications.verify(claimed, context)
    } else {
      counters.drop(.address)
    }
  }

  /// Another process answered at the address that we asked.
  private mutating func misdirected(_ request: PendingRequests.Request) {
    switch request.purpose {
    case .probe:
      if let failure = probe.anotherAnswered(for: request.target, context) { beginSuspicion(failure) }
    case .verification:
      verifications.misdirected(request.target, into: &outbox)
      flush()
    case .suspicion, .relay, .comparison, .farewell, .join, .reach, .indirect, .pull: break
    }
  }

  // MARK: Our address

  /// An active member pinged us, and so reached us at the address that we advertise.
  mutating func reached(by member: Address) {
    reachability.reached(by: member, at: context.time, into: &outbox)
    flush()
    announceReadiness()
  }

  /// A node that we contacted could not reach us at the address that we advertise. Its ack may have come before,
  /// because it went to where our contact came from.
  mutating func receivedNotice(_ refused: RefusedAddress, by sender: Address, _ nonce: UInt64) {
    guard pending.noticed(nonce) else { return }
    counters.addressNotices += 1
    if reachability.noticed(refused, by: sender, among: context.others, at: context.time) {
      emit(.report(.advertisedAddressRefused(by: sender, refused)))
    }
    announceReadiness()
  }
}
