// What a process sends: no datagram that is too long or goes nowhere, and no stranger gets more than it sent.

internal import Gossip

/// The rules of the datagrams of one process.
struct DatagramRules {
  /// The bytes that each stranger sent, less those that it was sent, verifying pings left out.
  private var owed: [Address: Int] = [:]

  mutating func check(_ step: Step, _ findings: inout Findings) {
    var stranger: (address: Address, bytes: Int)?
    if case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil {
      stranger = (source, bytes.count)
      owed[source, default: 0] += bytes.count
    }
    var source: Address?
    if case .received(_, let from) = step.event { source = from }
    var answered = 0
    for effect in step.effects {
      guard case .send(let bytes, let address) = effect else { continue }
      let kind = Peek(bytes)?.kind
      let most = DatagramRules.isLarge(kind) ? Wire.maximumPlainSize : Wire.modestPlainSize
      if bytes.count > most { findings.broken(.datagramSize, "\(bytes.count) bytes") }
      if !address.isReachable { findings.broken(.datagramSize, "a datagram to \(address)") }
      checkBalance(with: address, less: bytes.count, kind, &findings)
      if address == source, DatagramRules.isAnswer(kind) { answered += bytes.count }
    }
    if let stranger, answered > stranger.bytes {
      findings.broken(.noAmplification, "\(answered) bytes in answer to \(stranger.bytes)")
    }
  }

  /// Whatever is sent to a stranger, also later: all of it together is no more than came from there.
  private mutating func checkBalance(
    with address: Address, less bytes: Int, _ kind: Message.Kind?, _ findings: inout Findings
  ) {
    guard Host.slot(of: address) == nil, address.isReachable, kind != .ping, kind != .join else { return }
    let left = owed[address, default: 0] - bytes
    owed[address] = left
    if left < 0 { findings.broken(.noAmplification, "\(-left) bytes more to \(address) than came from there") }
  }

  /// Whether a datagram to a stranger answers what it sent just now.
  ///
  /// The ping that verifies a stranger goes to the address that it claims, and pings are limited in number; a join
  /// asks whoever is at the address of a seed; and a notice answers a join of some time ago, which was longer.
  private static func isAnswer(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .ping, .join, .notice: false
    case .ack, .misdirected, .pingRequest, .indirectAck, .nack, .gossip, .pull, .page, nil: true
    }
  }

  /// Whether this kind may be larger than what every path lets through: it is repeated, or asked for again.
  private static func isLarge(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .gossip, .pull, .page: true
    case .ping, .ack, .misdirected, .join, .pingRequest, .indirectAck, .nack, .notice, nil: false
    }
  }
}
