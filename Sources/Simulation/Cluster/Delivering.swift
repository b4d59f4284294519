// What nodes ask for is done here: datagrams go through the network, notifies over HTTP, names to the name server.

internal import Gossip

extension Cluster {
  mutating func perform(_ effect: Effect, of host: Int) {
    switch effect {
    case .send(let ours, let to):
      let bytes = hosts[host].speaksLaterVersion ? LaterVersion.rewritten(ours) : ours
      hosts[host].sent.add(bytes: bytes.count)
      transmit(bytes, from: mappings.source(of: host, at: hosts[host].address, to: to), host, to: to)
    case .notify(.member(let member, let http), let stamp): post(stamp, from: host, to: http, of: member)
    case .notify(.peer, _): break
    case .resolve(let seed): lookUp(seed, for: host)
    case .left: end(host)
    case .report(.memberChanged(_, let address, let from, let to, let reason)):
      let wasRunning = owner(of: address).map { hosts[$0].activity == .running } ?? false
      membershipLog.note(
        MembershipLog.Change(
          time: time, observer: host, address: address, from: from, to: to, reason: reason, wasRunning: wasRunning))
    case .publish, .retract, .answer, .readiness, .report: break
    }
  }

  func owner(of address: Address) -> Int? {
    Host.slot(of: address).flatMap { $0 < owners.count ? owners[$0] : nil }
  }

  /// The host that a datagram to this address reaches.
  private func receiver(at address: Address) -> Int? {
    owner(of: address) ?? mappings.host(at: address) { owner(of: $0) }
  }

  mutating func transmit(_ bytes: [UInt8], from: Address, _ sender: Int?, to: Address) {
    network.carry(bytes, from: from, sender, to: to, receiver(at: to), at: time, into: &arrivals)
    for arrival in arrivals {
      lastArrival = max(lastArrival, time + arrival.after)
      queue.add(.datagram(arrival.bytes, from: arrival.from, to: arrival.to), at: time + arrival.after)
    }
    arrivals.removeAll(keepingCapacity: true)
  }

  /// A datagram reached the machine at this address.
  mutating func arrived(_ bytes: [UInt8], from: Address, to: Address) {
    guard let host = receiver(at: to), hosts[host].activity != .down else { return }
    let lateness = hosts[host].lateness
    guard lateness > .zero, hosts[host].activity == .running else { return read(bytes, from: from, on: host) }
    let wait = Duration.microseconds(latenessGenerator.below(Int(lateness.microseconds)))
    queue.add(.read(bytes, from: from, host: host, process: hosts[host].process), at: time + wait)
  }

  /// The process reads it, or finds it in the socket when it goes on.
  mutating func read(_ bytes: [UInt8], from: Address, on host: Int) {
    switch hosts[host].activity {
    case .running: handle(.received(bytes, from: from), on: host)
    case .paused:
      if hosts[host].socket.count < Host.socketCapacity { hosts[host].socket.append((bytes, from)) }
    case .down: break
    }
  }

  // MARK: HTTP

  /// A notify over TCP. What is lost is sent again, so faults make it late, and only a cut keeps it away.
  private mutating func post(_ stamp: Stamp, from host: Int, to http: Address, of member: Address) {
    let process = hosts[host].process
    let trip = network.delay() + network.delay()
    let resends = httpGenerator.chance(network.conditions.loss) ? Cluster.resend : .zero
    guard let peer = owner(of: http.with(port: DefaultPort.gossip)), !network.isCut(from: host, to: peer),
      !network.isCut(from: peer, to: host)
    else { return }
    switch hosts[peer].activity {
    // This comes before `paused`: the kernel answers for a port on which nothing listens, and it runs.
    case _ where hosts[peer].refusesHTTP, .down:
      queue.add(.event(.connectionRefused(member), host: host, process: process), at: time + trip)
    case .running:
      lastArrival = max(lastArrival, time + trip + resends)
      queue.add(.post(stamp, by: host, to: http.with(port: DefaultPort.gossip)), at: time + trip + resends)
      queue.add(.event(.notifyDelivered(member), host: host, process: process), at: time + trip + trip + resends)
    case .paused: break
    }
  }

  mutating func posted(_ stamp: Stamp, by notifier: Int, to address: Address) {
    guard let host = owner(of: address), hosts[host].activity == .running else { return }
    handle(.notified(stamp, by: "n\(notifier)", nextRequest()), on: host)
  }

  /// TCP's first retransmission.
  private static let resend: Duration = .milliseconds(200)

  // MARK: Names

  private mutating func lookUp(_ seed: Int, for host: Int) {
    let peers = hosts[host].seeds.indices.contains(seed) ? hosts[host].seeds[seed] : []
    let listed = nameServer.resolve(peers.map { hosts[$0].address })
    let failure = listed == nil ? "no answer from the name server" : nil
    let event = Event.resolved(seed: seed, listed ?? [], failure: failure)
    queue.add(.event(event, host: host, process: hosts[host].process), at: time + Cluster.nameServerDelay)
  }

  /// A name server in the same network.
  private static let nameServerDelay: Duration = .milliseconds(1)
}
