// The original program's ticker: every two seconds a node posts its stamp over HTTP to two random active members and to
// the extra peers. It is the safety net where datagrams are lost, and all that the original program understands.
// Rejected: leaving it out where datagrams arrive (no node can know that they do).

/// When to post the stamp, and to whom.
struct NotifyTicker: Sendable {
  private(set) var deadline: Instant
  private var refusedPorts = RefusedPorts()
  private var isStopped = false

  init(at first: Instant) { deadline = first }

  /// Posts the stamp if it is time.
  mutating func advance(
    _ stamp: Stamp, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard deadline <= context.time else { return }
    deadline = context.time + context.settings.notifyInterval
    // Others would refuse a stamp above their ceiling for strangers: such a stamp spreads by datagrams alone.
    guard !isStopped, stamp.generation <= context.ceiling.forStrangers else { return }
    let (ourselves, refused) = (context.ourselves, refusedPorts)
    let peers = context.members.random(context.settings.notifyFanout, using: &generator) {
      $0.isActive && $0.address != ourselves && $0.httpPort != 0
        && !refused.isResting($0.address, incarnation: $0.incarnation, at: context.time)
    }
    for peer in peers {
      guard let index = context.members.index(of: peer) else { continue }
      let http = peer.with(port: context.members[index].httpPort)
      outbox.emit(.notify(.member(peer, http: http), stamp))
    }
    for peer in 0..<context.settings.notifyPeers { outbox.emit(.notify(.peer(peer), stamp)) }
  }

  /// A member's HTTP port refused our connection.
  /// - Returns: whether this is news, and so a sign that the member may be gone.
  mutating func refused(by address: Address, _ context: Context) -> Bool {
    guard let index = context.members.index(of: address) else { return false }
    return refusedPorts.refused(address, incarnation: context.members[index].incarnation, at: context.time)
  }

  /// A member accepted a notify.
  mutating func delivered(to address: Address) { refusedPorts.tookNotify(address) }

  /// Stops posting, because we leave.
  mutating func stop() { isStopped = true }
}
