// What one datagram says. Every datagram carries its sender, the sender's stamp and the digest of its member list, so
// that any traffic at all spreads the value and finds differing lists; the kind adds a question or an answer.
//
// Rejected: several messages in one datagram (memberlist's compound messages). Rumours are the only thing worth
// bundling, and they have a place in every datagram.

/// One datagram, decoded.
package struct Message: Equatable, Sendable {
  /// Who sends it: the advertised address, the incarnation, and whether it is ready.
  package var sender: Sender
  /// The sender's stamp.
  package var stamp: Stamp
  /// The sender's digest of its live members (see `Membership`).
  package var digest: UInt64
  /// Ties an answer to its question. Nobody but the asker can guess a question's (see `Nonces`). Zero where no answer is wanted.
  package var nonce: UInt64
  package var body: Body
  /// News of members, most urgent first.
  package var rumours: [Record]
  /// The datagram is filled with zeros up to this size, so that its answer may be as large; 0 is no filling.
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
    /// It vouches for its stamp: that is one to start from (see `ReadinessGate`).
    package var isReady: Bool
    /// It wants the answer to hold the answerer's own record.
    package var wantsIntroduction: Bool

    package init(address: Address, incarnation: UInt64, isReady: Bool = true, wantsIntroduction: Bool = false) {
      self.address = address
      self.incarnation = incarnation
      self.isReady = isReady
      self.wantsIntroduction = wantsIntroduction
    }
  }

  /// The kinds of datagram; the raw value is the byte on the wire.
  package enum Kind: UInt8, CaseIterable, Sendable {
    case ping = 1
    case ack, refusal, contact, request, vouch, nack, gossip, pull, page, notice

    /// The name in `/metrics`.
    package var name: String { String(describing: self) }
  }

  /// The question or the answer.
  package enum Body: Equatable, Sendable {
    /// "Are you there?", to the process that is known by this address. Answered by `ack`, or by `refusal` from any other.
    case ping(target: Address)
    /// "I am": answers `ping` and `contact`.
    case ack
    /// "Not me": the pinged address belongs to another process, the sender of this.
    case refusal
    /// "Whoever is there": to an address that is no identity, such as a seed's. Answered by `ack`.
    case contact
    /// "Ping this member for me", with the asker's own deadline for the answer, in milliseconds (SWIM's ping-req).
    case request(target: Address, deadline: UInt16)
    /// "It answered": a helper's good answer to `request`, with the incarnation that it saw.
    case vouch(target: Address, incarnation: UInt64)
    /// "It has not answered me so far" (Lifeguard, section IV.A).
    case nack
    /// News; nothing is asked.
    case gossip
    /// "Send me the records of the buckets in which we differ, after this address" (nil from the start), with the digests
    /// of the asker's `Wire.buckets`, or of as many as remain after some foldings. As large as its answer can be.
    case pull(after: Address?, buckets: [UInt64])
    /// Answers `pull`: the records are the rumours. `more` says that some did not fit.
    case page(more: Bool)
    /// "Your advertised address does not lead to you", to where a newcomer sent from.
    case notice(RefusedAddress)

    package var kind: Kind {
      switch self {
      case .ping: .ping
      case .ack: .ack
      case .refusal: .refusal
      case .contact: .contact
      case .request: .request
      case .vouch: .vouch
      case .nack: .nack
      case .gossip: .gossip
      case .pull: .pull
      case .page: .page
      case .notice: .notice
      }
    }
  }
}

/// Why an advertised address was refused.
package enum RefusedAddress: UInt8, Equatable, Sendable, CaseIterable {
  /// Nobody answered there.
  case unreachable = 1
  /// Another process answered there.
  case taken = 2
}

extension Message.Body {
  /// Whether it only makes sense as an answer to a request.
  var isAnswer: Bool {
    switch self {
    case .ack, .refusal, .vouch, .nack, .page, .notice: true
    case .ping, .contact, .request, .gossip, .pull: false
    }
  }
}
