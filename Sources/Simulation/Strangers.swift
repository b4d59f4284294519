// Strangers: whoever can reach a node's port without being a member. They send noise and, worse, well-formed lies.

internal import Gossip

extension Cluster {
  /// Bytes at random; sometimes they begin like a datagram of ours.
  mutating func sendNoise(to host: Int) {
    var bytes = (0..<strangerDice.below(Wire.maximumSize + 100)).map { _ in UInt8(strangerDice.below(256)) }
    if strangerDice.chance(0.5), bytes.count > 10 {
      bytes[0] = Wire.version
      bytes[1] = 0
    }
    send(bytes, from: strangersAddress(), nil, to: hosts[host].address)
  }

  /// A datagram in the right format, of the right cluster, that says what is not so.
  mutating func sendLie(to host: Int) {
    let source = strangersAddress()
    let victim = hosts[strangerDice.below(hosts.count)].address
    let wall = hosts[host].clock.now(at: time).wall
    let claimed = strangerDice.chance(0.5) ? victim : source
    let sender = Message.Sender(
      address: claimed, incarnation: wall + UInt64(strangerDice.below(1_000_000)),
      isReady: strangerDice.chance(0.5), wantsIntroduction: strangerDice.chance(0.5))
    let stamp = Stamp(generation: wall, value: Int64(strangerDice.below(1000)))
    var message = Message(
      sender: sender, stamp: stamp, digest: strangerDice.next(), nonce: strangerDice.next(), body: lyingBody(victim))
    let state = Record.State(rawValue: UInt8(strangerDice.below(4))) ?? .dead
    message.rumours = [
      Record(
        address: victim, incarnation: wall + 1_000_000, state: state, name: "lie", httpPort: Host.httpPort,
        accuser: state == .suspect || state == .dead ? source : nil)
    ]
    let cluster = Hash.of(strangerDice.chance(0.1) ? "another" : hosts[host].settings.cluster)
    send(Wire.encode(message, cluster: cluster), from: source, nil, to: hosts[host].address)
  }

  /// A lie under a member's own address: it is believed, until the one whom it is about answers it.
  ///
  /// It says of a host that it is suspect, dead or gone, or lives on where it does not, at an incarnation that the host
  /// never had. Only a key would keep it out; what must hold is that it does not stay.
  mutating func sendForgery(to host: Int, as liar: Int) {
    let victim = strangerDice.below(hosts.count)
    let state = Record.State(rawValue: UInt8(strangerDice.below(4))) ?? .dead
    let address = hosts[victim].address
    // A day ahead is the most that is believed of another; half of it stays so under clocks that were turned back.
    let ahead = 1 + UInt64(strangerDice.below(43_200_000_000))
    let incarnation = invariants.claimed(address) + (strangerDice.chance(0.5) ? 1 : ahead)
    // Only what can be believed becomes a claim that others may hold.
    invariants.claims(incarnation, of: address)
    let source = hosts[liar].address
    let sender = Message.Sender(address: source, incarnation: invariants.claimed(source), isReady: false)
    var message = Message(sender: sender, stamp: .initial, digest: strangerDice.next(), body: .gossip)
    message.rumours = [
      Record(
        address: address, incarnation: incarnation, state: state, name: "n\(victim)", httpPort: Host.httpPort,
        accuser: state == .suspect || state == .dead ? source : nil)
    ]
    let cluster = Hash.of(hosts[host].settings.cluster)
    send(Wire.encode(message, cluster: cluster), from: source, nil, to: hosts[host].address)
  }

  private mutating func lyingBody(_ victim: Address) -> Message.Body {
    switch strangerDice.below(8) {
    case 0: .ping(target: victim)
    case 1: .ack
    case 2: .misdirected
    case 3: .join
    case 4: .pingRequest(target: victim, deadline: 100)
    case 5: .page(more: strangerDice.chance(0.5))
    case 6: .pull(after: nil, buckets: (0..<Wire.buckets).map { _ in strangerDice.next() })
    default: .gossip
    }
  }

  /// Outside the network of the hosts.
  private mutating func strangersAddress() -> Address {
    let address = Cluster.strangersNetwork | UInt32(strangerDice.below(256))
    return Address(ipv4: address, port: UInt16(1024 + strangerDice.below(60_000)))
  }

  /// Where those come from who say whatever they like: 192.168.0.0/16, in which no host is.
  private static let strangersNetwork: UInt32 = 0xC0A8_0000

  /// Whether a datagram from here is a stranger's, whose word nobody may believe.
  static func isStranger(_ source: Address) -> Bool {
    UInt32(truncatingIfNeeded: source.low) & 0xFFFF_0000 == strangersNetwork
  }
}
