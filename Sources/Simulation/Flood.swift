// Floods: strangers that send a node thousands of datagrams a second, so that it has no time for anybody else.
//
// Each is well-formed and of the right cluster, or it would cost the node a checksum and no more. None says what could be
// believed: a flood is about attention, lies are `sendLie`. One is in the queue at a time, so that a flood of an hour
// costs no memory. Rejected: bursts of many at one instant, which a socket's buffer would cut.

internal import Gossip

/// What floods a node.
package struct Flood: Equatable, Sendable {
  /// Whom the datagrams come from, for all that the node can see.
  package enum Source: Equatable, Sendable {
    /// One stranger.
    case one
    /// So many strangers in turn.
    case some(Int)
    /// Another stranger each time.
    case many
    /// The IP address of this host, at any port but its own.
    case neighbour(of: Int)
    /// This host, at its very address.
    case impostor(of: Int)
    /// Any of the hosts.
    case anyHost
  }

  package enum Content: Equatable, Sendable {
    /// What costs the sender least: gossip, pings, acks and contacts of some 70 bytes.
    case short
    /// What a newcomer sends: contacts of full length.
    case introductions
    /// All of it, and pulls.
    case anything
  }

  package var source: Source
  package var content: Content
  package var perSecond: Int

  package init(_ source: Source, _ content: Content = .short, perSecond: Int = 3000) {
    self.source = source
    self.content = content
    self.perSecond = perSecond
  }
}

extension Cluster {
  mutating func beginFlood(_ id: FaultID, of host: Int, _ flood: Flood) {
    floods.append((id, host, flood, sent: 0))
    queue.add(.flood(id), at: time)
  }

  /// The next datagram of a flood, unless it has ended.
  mutating func floodOn(_ id: FaultID) {
    guard let index = floods.firstIndex(where: { $0.id == id }) else { return }
    let (_, host, flood, sent) = floods[index]
    floods[index].sent += 1
    // Twice the mean at most, or floods of several hosts would march in step with each other and with timers.
    let gap = 2_000_000 / max(flood.perSecond, 1)
    queue.add(.flood(id), at: time + .microseconds(1 + strangerDice.below(gap)))
    let source = source(of: flood, of: host, sent: sent)
    // Whom a stranger claims to be is its own address or, half of the time, somebody else's.
    let isOwn = owner(of: source) != nil || strangerDice.chance(0.5)
    let claimed = isOwn ? source : stranger(strangerDice.below(Cluster.strangers))
    let wall = hosts[host].clock.now(at: time).wall
    let incarnation = owner(of: source) == nil ? wall : max(1, invariants.claimed(source))
    let body = body(of: flood.content, from: sent)
    let isLong = flood.content == .introductions
    let sender = Message.Sender(address: claimed, incarnation: incarnation, isReady: false, wantsIntroduction: isLong)
    var message = Message(
      sender: sender, stamp: .initial, digest: strangerDice.next(), nonce: strangerDice.next(), body: body)
    if isLong { message.paddedSize = Wire.introductionSize }
    if case .pull = body { message.paddedSize = Wire.maximumPlainSize }
    let cluster = Hash.of(hosts[host].settings.cluster)
    send(Wire.encode(message, cluster: cluster), from: source, nil, to: hosts[host].address)
  }

  private mutating func source(of flood: Flood, of target: Int, sent: Int) -> Address {
    switch flood.source {
    case .one: return stranger(0)
    case .some(let count): return stranger(sent % max(count, 1))
    case .many: return stranger(strangerDice.below(Cluster.strangers))
    case .neighbour(let host):
      return hosts[host].address.with(port: UInt16(10_000 + strangerDice.below(50_000)))
    case .impostor(let host): return hosts[host].address
    case .anyHost:
      let others = hosts.indices.filter { $0 != target }
      return hosts[others[strangerDice.below(others.count)]].address
    }
  }

  private mutating func body(of content: Flood.Content, from sent: Int) -> Message.Body {
    switch content {
    case .introductions: return .join
    case .short: return shortBody(sent % 4)
    case .anything:
      if sent % 5 == 4 { return .pull(after: nil, buckets: (0..<Wire.buckets).map { _ in strangerDice.next() }) }
      return shortBody(sent % 5)
    }
  }

  private func shortBody(_ number: Int) -> Message.Body {
    switch number {
    case 0: .gossip
    case 1: .ping(target: Host.address(inSlot: 0))
    case 2: .join
    default: .ack
    }
  }

  /// 100.64.0.0/10, of which no host is.
  private func stranger(_ number: Int) -> Address {
    Address(ipv4: 0x6440_0000 | UInt32(number), port: Host.udpPort)
  }

  private static let strangers = 1 << 22
}
