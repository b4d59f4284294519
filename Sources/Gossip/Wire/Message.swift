// The content of one datagram. Every datagram carries its sender, the sender's stamp and the digest of its member list,
// so that any traffic at all spreads the value and reveals differing lists; the kind adds a request or an answer.
//
// Rejected: several messages in one datagram (memberlist's compound messages). Rumours are the only thing worth
// bundling, and they have a place in every datagram.

/// One datagram, decoded.
package struct Message: Equatable, Sendable {
  /// The sender: its advertised address, its incarnation, and whether it is ready.
  package var sender: Sender
  /// The sender's stamp.
  package var stamp: Stamp
  /// The sender's digest of its active members (see `Membership`).
  package var digest: UInt64
  /// Matches an answer to its request. Nobody but the asker can guess a request's nonce (see `Nonces`). It is zero
  /// where no answer is wanted.
  package var nonce: UInt64
  package var body: Body
  /// News of members, most urgent first.
  package var rumours: [Record]
  /// The datagram's size, if there is anything behind its records: we pad questions with zeros, so that their answers may
  /// be as large. 0 means that there is nothing.
  package var paddedSize = 0

  package init(sender: Sender, stamp: Stamp, digest: UInt64, nonce: UInt64 = 0, body: Body, rumours: [Record] = []) {
    self.sender = sender
    self.stamp = stamp
    self.digest = digest
    self.nonce = nonce
    self.body = body
    self.rumours = rumours
  }

  /// The sender of a datagram, as it describes itself.
  package struct Sender: Equatable, Sendable {
    package var address: Address
    package var incarnation: UInt64
    /// It vouches for its stamp: a newcomer may start from that stamp (see `ReadinessGate`).
    package var isReady: Bool
    /// It asks for the receiver's own record in the answer.
    package var wantsIntroduction: Bool
    /// It does not know the value, because it cannot understand a seed that may hold it.
    package var isHeldBack: Bool
    /// The highest version of the wire format that it understands.
    package var highestVersion = Wire.version

    package init(
      address: Address, incarnation: UInt64, isReady: Bool = true, wantsIntroduction: Bool = false,
      isHeldBack: Bool = false
    ) {
      self.address = address
      self.incarnation = incarnation
      self.isReady = isReady
      self.wantsIntroduction = wantsIntroduction
      self.isHeldBack = isHeldBack
    }
  }

  /// The kinds of datagram; the raw value is the byte on the wire. One that we do not know is read as `gossip`.
  package enum Kind: UInt8, CaseIterable, Sendable {
    case ping = 1
    case ack, misdirected, join, pingRequest, indirectAck, nack, gossip, pull, page, notice

    /// The name in `/metrics`. It is published, and so older than some names of cases.
    package var name: String {
      switch self {
      case .ping: "ping"
      case .ack: "ack"
      case .misdirected: "refusal"
      case .join: "contact"
      case .pingRequest: "request"
      case .indirectAck: "vouch"
      case .nack: "nack"
      case .gossip: "gossip"
      case .pull: "pull"
      case .page: "page"
      case .notice: "notice"
      }
    }
  }

  /// The request or the answer.
  package enum Body: Equatable, Sendable {
    /// "Are you there?", to the process that is known by this address. It answers with `ack`; any other process answers
    /// with `misdirected`.
    case ping(target: Address)
    /// "I am": answers `ping` and `join`.
    case ack
    /// "Not me": the pinged address belongs to another process, the sender of this.
    case misdirected
    /// "Whoever is there, answer me", to an address that need not be anybody's identity, such as a seed's. Answered by
    /// `ack`.
    case join
    /// "Ping this member for me", with the asker's deadline for the answer, in milliseconds (SWIM's ping-req).
    case pingRequest(target: Address, deadline: UInt16)
    /// "It answered": a helper's positive answer to `pingRequest`, with the incarnation that it saw (SWIM's indirect ack).
    case indirectAck(target: Address, incarnation: UInt64)
    /// "It has not answered me so far" (Lifeguard, section IV.A).
    case nack
    /// News, without a request.
    case gossip
    /// "Send me the records of the buckets in which we differ, after this address" (nil: from the start), with the
    /// digests of the asker's `Wire.buckets` buckets, or of those that remain after some foldings. It is as large as
    /// its answer can be.
    case pull(after: Address?, buckets: [UInt64])
    /// Answers `pull`: the rumours are the requested records. `more` says that some did not fit.
    case page(more: Bool)
    /// "Your advertised address does not lead to you", sent to the address that a newcomer's datagram came from.
    case notice(RefusedAddress)

    package var kind: Kind {
      switch self {
      case .ping: .ping
      case .ack: .ack
      case .misdirected: .misdirected
      case .join: .join
      case .pingRequest: .pingRequest
      case .indirectAck: .indirectAck
      case .nack: .nack
      case .gossip: .gossip
      case .pull: .pull
      case .page: .page
      case .notice: .notice
      }
    }
  }
}

/// What is wrong with an advertised address.
package enum RefusedAddress: UInt8, Equatable, Sendable, CaseIterable {
  /// Nobody answered there.
  case unreachable = 1
  /// Another process answered there.
  case taken = 2
}

extension Message.Body {
  /// Whether this message only makes sense as an answer to a request.
  var isAnswer: Bool {
    switch self {
    case .ack, .misdirected, .indirectAck, .nack, .page, .notice: true
    case .ping, .join, .pingRequest, .gossip, .pull: false
    }
  }
}
