// Putting a datagram together: what it is for, then what its receiver most needs to know, then other news as it fits.

extension Node {
  /// Sends a datagram.
  ///
  /// - Parameters:
  ///   - destination: the address to send to.
  ///   - recipient: the identity that it is meant for, when that is not the destination. An accusation of it goes first,
  ///     so that it can refute at once (Lifeguard's "buddy system", section IV.C).
  ///   - first: records that must be in it, most important first.
  ///   - limit: its greatest size, when it is another than that of its kind: a stranger's answer is no larger than its
  ///     question. What does not fit is left out.
  ///   - isStranger: other news is none of its business.
  mutating func send(
    _ body: Message.Body, to destination: Address, recipient: Address? = nil, nonce: UInt64 = 0, first: [Record] = [],
    limit: Int? = nil, wantsIntroduction: Bool = false, isStranger: Bool = false
  ) {
    var message = Message(
      sender: Message.Sender(
        address: identity.address, incarnation: ownIncarnation,
        isReady: readiness.vouches(at: now.monotonic) && !leaving.isUnderWay,
        wantsIntroduction: wantsIntroduction),
      stamp: register.stamp, digest: members.digest, nonce: nonce, body: body)
    // Gossip alone is repeated to others, and so may be lost.
    let limit = limit ?? (body == .gossip ? antiEntropy.pathSize.most(at: now.monotonic) : Wire.modestPlainSize)
    var room = limit - Wire.size(of: message)
    guard room >= 0 else { return }
    let accusation = accusation(of: recipient ?? destination)
    if let accusation, Wire.size(of: accusation) <= room {
      room -= Wire.size(of: accusation)
      message.rumours.append(accusation)
    }
    for record in first where Wire.size(of: record) <= room && record != accusation {
      room -= Wire.size(of: record)
      message.rumours.append(record)
    }
    if !isStranger { message.rumours += news(room: room) }
    if case .pull = body { message.paddedSize = limit }
    if wantsIntroduction { message.paddedSize = Wire.introductionSize }
    let bytes = Wire.encode(message, cluster: cluster)
    counters.count(body.kind, .sent, bytes: bytes.count)
    emit(.send(bytes, to: destination))
  }

  /// Asks a question: sends it with a nonce that its answer must repeat. One that introduces us asks for an introduction
  /// in return, and is as long as that may be.
  mutating func ask(
    _ body: Message.Body, _ target: Address, for purpose: Questions.Purpose, introduces: Bool = false
  ) {
    let nonce = questions.ask(target, for: purpose, at: now.monotonic)
    send(
      body, to: target, nonce: nonce, first: introduces ? [ownRecord] : [], wantsIntroduction: introduces,
      isStranger: introduces || purpose == .verification)
  }

  /// What is held against this member, if anything.
  func accusation(of address: Address) -> Record? {
    guard address != identity.address, let index = members.index(of: address), members[index].state != .alive else {
      return nil
    }
    return told(members[index].record)
  }

  /// A record as we tell it: with the first accuser, if it is suspect.
  func told(_ record: Record) -> Record {
    var record = record
    if record.state == .suspect {
      record.accuser = suspicions.first { $0.address == record.address }?.accusers.first
    }
    return record
  }

  private mutating func news(room: Int) -> [Record] {
    guard rumours.count > 0 else { return [] }
    var room = room
    // How often a rumour is sent: the factor times the logarithm to base 2 of the members and one, rounded up.
    let logarithm = Int.bitWidth - members.liveCount.leadingZeroBitCount
    let members = self.members
    return rumours.take(
      transmissions: settings.rumourFactor * logarithm,
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
}

extension Wire {
  /// A name cut to `maximumName` bytes, at a whole character.
  package static func truncated(_ name: String) -> String {
    var name = name
    while name.utf8.count > maximumName { name.removeLast() }
    return name
  }
}
