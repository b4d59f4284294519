// The ticker of the original: every two seconds the stamp goes over HTTP to two random live members, and to the extra
// peers. It is the safety net where datagrams are lost, and all that the original program understands. Rejected: leaving
// it out where datagrams arrive (nobody can know that they do).

/// When whom to post the stamp to.
struct NotifyTicker: Sendable {
  private(set) var deadline: Instant
  private var refusedPorts = RefusedPorts()
  private var isStopped = false

  init(at first: Instant) { deadline = first }

  /// Posts the stamp, if it is time.
  mutating func advance(
    _ stamp: Stamp, _ context: Context, using generator: inout Generator, into outbox: inout Outbox
  ) {
    guard deadline <= context.time else { return }
    deadline = context.time + context.settings.notifyInterval
    // Above the ceiling of others for strangers it would only be refused: then it spreads by datagrams alone.
    guard !isStopped, stamp.generation <= context.ceiling.forStrangers else { return }
    let (ourselves, refused) = (context.ourselves, refusedPorts)
    let peers = context.members.random(context.settings.notifyFanout, using: &generator) {
      $0.isLive && $0.address != ourselves && $0.httpPort != 0
        && !refused.isResting($0.address, incarnation: $0.incarnation, at: context.time)
    }
    for peer in peers {
      guard let index = context.members.index(of: peer) else { continue }
      let http = peer.with(port: context.members[index].httpPort)
      outbox.emit(.notify(.member(peer, http: http), stamp))
    }
    for peer in 0..<context.settings.notifyPeers { outbox.emit(.notify(.peer(peer), stamp)) }
  }

  /// Nothing listens at the member's HTTP port.
  /// - Returns: whether that is news, and so a sign that it may be gone.
  mutating func refused(by address: Address, _ context: Context) -> Bool {
    guard let index = context.members.index(of: address) else { return false }
    return refusedPorts.refused(address, incarnation: context.members[index].incarnation, at: context.time)
  }

  /// A member took a notify.
  mutating func delivered(to address: Address) { refusedPorts.tookNotify(address) }

  /// We leave.
  mutating func stop() { isStopped = true }
}
