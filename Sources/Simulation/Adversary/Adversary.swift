// The adversary: whoever can reach a node's port without being a member. It sends noise, floods and, worse, well-formed
// lies.
//
// It has no place in the network: it writes a datagram, names an address that the datagram seems to come from, and the
// cluster sends it.

internal import Gossip

/// Writes datagrams that no node wrote.
struct Adversary {
  /// One datagram of the adversary.
  struct Datagram {
    var bytes: [UInt8]
    /// Where it seems to come from.
    var source: Address
    /// What it claims of a member and others may now hold, where it can be believed.
    var claim: Claim?
  }

  /// What is claimed of a member, and in whose name.
  struct Claim {
    var address: Address
    var incarnation: UInt64
    var source: Address
  }

  private var generator: Generator

  /// - Parameter seed: of the run. The concern has its old name, as another one would draw other lies for every seed.
  init(seed: UInt64) { generator = Generator(seed: seed, for: "strangers") }

  // MARK: Noise and lies

  /// Random bytes; sometimes they begin like a datagram of ours.
  mutating func noise() -> Datagram {
    var bytes = (0..<generator.below(Wire.maximumSize + 100)).map { _ in UInt8(generator.below(256)) }
    if generator.chance(0.5), bytes.count > 10 {
      bytes[0] = Wire.version
      bytes[1] = 0
    }
    return Datagram(bytes: bytes, source: ownAddress())
  }

  /// A datagram in the right format, of the right cluster, that says what is not true.
  mutating func lie(to host: Int, _ targets: Targets) -> Datagram {
    let source = ownAddress()
    let victim = targets.address(of: generator.below(targets.hosts.count))
    let wall = targets.wall(of: host)
    let claimed = generator.chance(0.5) ? victim : source
    let sender = Message.Sender(
      address: claimed, incarnation: wall + UInt64(generator.below(1_000_000)), isReady: generator.chance(0.5),
      wantsIntroduction: generator.chance(0.5))
    let stamp = Stamp(generation: wall, value: Int64(generator.below(1000)))
    var message = Message(
      sender: sender, stamp: stamp, digest: generator.next(), nonce: generator.next(), body: lyingBody(victim))
    let state = Record.State(rawValue: UInt8(generator.below(4))) ?? .dead
    message.rumours = [
      Record(
        address: victim, incarnation: wall + 1_000_000, state: state, name: "lie", httpPort: DefaultPort.http,
        accuser: state == .suspect || state == .dead ? source : nil)
    ]
    let cluster = generator.chance(0.1) ? Hash.of("another") : targets.cluster(of: host)
    return Datagram(bytes: Wire.encode(message, cluster: cluster), source: source)
  }

  private mutating func lyingBody(_ victim: Address) -> Message.Body {
    switch generator.below(8) {
    case 0: .ping(target: victim)
    case 1: .ack
    case 2: .misdirected
    case 3: .join
    case 4: .pingRequest(target: victim, deadline: 100)
    case 5: .page(more: generator.chance(0.5))
    case 6: .pull(after: nil, buckets: (0..<Wire.buckets).map { _ in generator.next() })
    default: .gossip
    }
  }

  /// A lie under a member's own address: nodes believe it, until the one that it is about answers it.
  ///
  /// It says that a host is suspect, dead or gone, or alive where it is not, at an incarnation that the host never had.
  /// Only a key would keep it out; what must hold is that it does not last.
  mutating func forgery(to host: Int, as liar: Int, _ targets: Targets) -> Datagram {
    let victim = generator.below(targets.hosts.count)
    let state = Record.State(rawValue: UInt8(generator.below(4))) ?? .dead
    let address = targets.address(of: victim)
    // A day ahead is the most that is believed of another; half of it stays so under clocks that were turned back.
    let ahead = 1 + UInt64(generator.below(43_200_000_000))
    let incarnation = targets.incarnations.highest(of: address) + (generator.chance(0.5) ? 1 : ahead)
    let source = targets.address(of: liar)
    let own = source == address ? incarnation : targets.incarnations.highest(of: source)
    let sender = Message.Sender(address: source, incarnation: own, isReady: false)
    var message = Message(sender: sender, stamp: .initial, digest: generator.next(), body: .gossip)
    message.rumours = [
      Record(
        address: address, incarnation: incarnation, state: state, name: "n\(victim)", httpPort: DefaultPort.http,
        accuser: state == .suspect || state == .dead ? source : nil)
    ]
    let claim = Claim(address: address, incarnation: incarnation, source: source)
    return Datagram(bytes: Wire.encode(message, cluster: targets.cluster(of: host)), source: source, claim: claim)
  }

  // MARK: Floods

  /// The time from one datagram of a flood to the next: at most twice the mean, or floods of several hosts would march
  /// in step with each other and with timers.
  mutating func gap(in flood: Flood) -> Duration {
    .microseconds(1 + generator.below(2_000_000 / max(flood.perSecond, 1)))
  }

  /// The next datagram of a flood, of which so many were sent.
  mutating func floodDatagram(of flood: Flood, to host: Int, sent: Int, _ targets: Targets) -> Datagram {
    let source = source(of: flood, to: host, sent: sent, targets)
    let isHost = targets.isHost(source)
    // The sender claims its own address or, half of the time, somebody else's.
    let isOwn = isHost || generator.chance(0.5)
    let claimed = isOwn ? source : Adversary.floodAddress(generator.below(Adversary.floodAddresses))
    let incarnation = isHost ? max(1, targets.incarnations.highest(of: source)) : targets.wall(of: host)
    let body = body(of: flood.content, sent: sent)
    let isLong = flood.content == .introductions
    let sender = Message.Sender(address: claimed, incarnation: incarnation, isReady: false, wantsIntroduction: isLong)
    var message = Message(
      sender: sender, stamp: .initial, digest: generator.next(), nonce: generator.next(), body: body)
    if isLong { message.paddedSize = Wire.introductionSize }
    if case .pull = body { message.paddedSize = Wire.maximumPlainSize }
    return Datagram(bytes: Wire.encode(message, cluster: targets.cluster(of: host)), source: source)
  }

  private mutating func source(of flood: Flood, to target: Int, sent: Int, _ targets: Targets) -> Address {
    switch flood.source {
    case .one: return Adversary.floodAddress(0)
    case .some(let count): return Adversary.floodAddress(sent % max(count, 1))
    case .many: return Adversary.floodAddress(generator.below(Adversary.floodAddresses))
    case .neighbour(let host):
      return targets.address(of: host).with(port: UInt16(10_000 + generator.below(50_000)))
    case .impostor(let host): return targets.address(of: host)
    case .anyHost:
      let others = targets.hosts.indices.filter { $0 != target }
      return targets.address(of: others[generator.below(others.count)])
    }
  }

  private mutating func body(of content: Flood.Content, sent: Int) -> Message.Body {
    switch content {
    case .introductions: return .join
    case .short: return Adversary.shortBody(sent % 4)
    case .anything:
      if sent % 5 == 4 { return .pull(after: nil, buckets: (0..<Wire.buckets).map { _ in generator.next() }) }
      return Adversary.shortBody(sent % 5)
    }
  }

  private static func shortBody(_ number: Int) -> Message.Body {
    switch number {
    case 0: .gossip
    case 1: .ping(target: Host.address(inSlot: 0))
    case 2: .join
    default: .ack
    }
  }

  // MARK: Addresses

  /// 100.64.0.0/10, where no host is: so many addresses that floods come from.
  private static func floodAddress(_ number: Int) -> Address {
    Address(ipv4: 0x6440_0000 | UInt32(number), port: DefaultPort.gossip)
  }

  private static let floodAddresses = 1 << 22

  /// An address that lies and noise come from.
  private mutating func ownAddress() -> Address {
    let address = Adversary.network | UInt32(generator.below(256))
    return Address(ipv4: address, port: UInt16(1024 + generator.below(60_000)))
  }

  /// 192.168.0.0/16, where no host is.
  private static let network: UInt32 = 0xC0A8_0000

  /// Whether a datagram from here is the adversary's, which nobody may believe.
  static func isSource(_ address: Address) -> Bool {
    UInt32(truncatingIfNeeded: address.low) & 0xFFFF_0000 == network
  }
}
