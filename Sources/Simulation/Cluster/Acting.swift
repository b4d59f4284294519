// What is done to a cluster from outside: processes started and killed, clients' writes, faults switched on and off.

package import Gossip

extension Cluster {
  // MARK: Hosts

  /// A cluster with all its hosts, started all at once.
  ///
  /// - Parameters:
  ///   - mutation: a planted bug.
  ///   - ignored: rules that are left out, to see whether another one finds the same bug.
  package init(
    _ configuration: ClusterConfiguration, telling: Trace.Telling? = nil, mutation: Mutation? = nil,
    ignoring ignored: Set<Violation.Rule> = []
  ) {
    self.init(seed: configuration.seed, conditions: configuration.conditions, telling: telling)
    self.mutation = mutation
    invariants.ignored = ignored
    for seeds in configuration.seeds { addHost(seeds: seeds, settings: configuration.settings) }
    for host in hosts.indices { perform(.start(host)) }
  }

  /// Adds a host, which is down. Its seeds' names stand for these hosts.
  @discardableResult
  package mutating func addHost(seeds: [[Int]] = [], settings: Settings = Settings()) -> Int {
    let number = hosts.count
    let origin = Int64(seedGenerator.below(1_000_000_000_000))
    var settings = settings
    settings.seeds = seeds.indices.map { "seed\($0)" }
    let host = Host(slot: owners.count, clock: HostClock(origin: origin), seeds: seeds, settings: settings)
    hosts.append(host)
    owners.append(number)
    wakeUps.addHost()
    network.addHost()
    invariants.addHost()
    nodes.append(makeNode(on: number))
    return number
  }

  /// Adds so many hosts that know the first one by name, and starts them all at once.
  package mutating func startHosts(_ count: Int, settings: Settings = Settings()) {
    for seeds in ClusterConfiguration.joiningFirst(count) { addHost(seeds: seeds, settings: settings) }
    for number in 0..<count { perform(.start(number)) }
  }

  /// The same, and they know each other from their first moment: see `Node.preload`.
  package mutating func startAcquainted(_ count: Int, settings: Settings = Settings()) {
    precondition(hosts.isEmpty, "others are there that would not be known")
    for seeds in ClusterConfiguration.joiningFirst(count) { addHost(seeds: seeds, settings: settings) }
    let records = hosts.indices.map { host in
      Record(
        address: hosts[host].address, incarnation: hosts[host].clock.now(at: time).wall, state: .alive,
        name: "n\(host)", httpPort: DefaultPort.http)
    }
    guard let members = Membership(of: records) else { return }
    for number in 0..<count {
      perform(.start(number))
      nodes[number].preload(members)
    }
  }

  private mutating func makeNode(on host: Int) -> Node {
    let address = hosts[host].advertised ?? hosts[host].address
    let identity = Identity(address: address, name: "n\(host)", httpPort: DefaultPort.http)
    let settings = mutation?.settings(host, hosts[host].settings) ?? hosts[host].settings
    let key = SecretKey(low: seedGenerator.next(), high: seedGenerator.next())
    return Node(identity: identity, settings: settings, seed: seedGenerator.next(), key: key, now: readClock(of: host))
  }

  /// Does this now.
  package mutating func perform(_ action: Action) {
    let isDone = makesSense(action)
    trace.note(action, at: time, isDone: isDone)
    guard isDone else { return }
    defer { if changesPaths(action) { notePaths() } }
    switch action {
    case .start(let host): start(host)
    case .crash(let host): end(host)
    case .move(let host): move(host)
    case .pause(let host): pause(host)
    case .resume(let host): resume(host)
    case .leave(let host): leave(host)
    case .set(let host, let value): handle(.setRequested(value, nextRequest()), on: host)
    case .notify(let host, let ahead, let value):
      let stamp = Stamp(generation: nodes[host].stamp.generation + ahead, value: value)
      handle(.notified(stamp, by: "outside", nextRequest()), on: host)
    case .notifyNearCeiling(let host, let below, let value):
      let ceiling = Ceiling(wall: readClock(of: host).wall, released: hosts[host].settings.released).forStrangers
      let generation = UInt64(clamping: Int64(clamping: ceiling) - below)
      handle(.notified(Stamp(generation: generation, value: value), by: "outside", nextRequest()), on: host)
    case .turnClock(let host, let duration): hosts[host].clock.turn(by: duration)
    case .drift(let host, let drift): hosts[host].clock.set(drift: drift)
    case .slow(let host, let duration): hosts[host].lateness = duration
    case .refuseHTTP(let host, let isRefusing): hosts[host].refusesHTTP = isRefusing
    case .map(let id, let host, let mapping): mappings.begin(id, host, mapping)
    case .advertise(let host, let other): hosts[host].advertised = other.map { hosts[$0].address }
    case .upgrade(let host, let isUpgraded): hosts[host].speaksLaterVersion = isUpgraded
    case .impair(let id, let impairments): network.impair(id, impairments)
    case .worsen(let id, let conditions): network.worsen(id, conditions)
    case .name(let naming): nameServer.naming = naming
    case .loseNames(let id): nameServer.fallSilent(id)
    case .misname(let id, let lie): nameServer.lie(id, lie)
    case .end(let id):
      network.end(id)
      nameServer.end(id)
      floods.end(id)
      mappings.end(id)
    case .flood(let id, let host, let flood):
      floods.begin(id, of: host, flood)
      queue.add(.flood(id), at: time)
    case .noise(let host): transmit(adversary.noise(), to: host)
    case .lie(let host): transmit(adversary.lie(to: host, targets), to: host)
    case .forge(let host, let liar): transmit(adversary.forgery(to: host, as: liar, targets), to: host)
    }
  }

  /// An action that makes no sense when its time comes, such as a crash of a host that is down, is not done.
  private func makesSense(_ action: Action) -> Bool {
    switch action {
    case .start(let host), .move(let host), .drift(let host, _), .advertise(let host, _), .upgrade(let host, _):
      hosts[host].activity == .down
    case .crash(let host): hosts[host].activity != .down
    case .pause(let host), .set(let host, _), .notify(let host, _, _), .notifyNearCeiling(let host, _, _):
      hosts[host].activity == .running
    case .resume(let host): hosts[host].activity == .paused
    case .leave(let host): hosts[host].activity == .running && !hosts[host].isLeaving
    case .slow(let host, let lateness): hosts[host].lateness != lateness
    case .refuseHTTP(let host, let isRefusing):
      hosts[host].activity != .down && hosts[host].refusesHTTP != isRefusing
    case .turnClock, .map, .impair, .worsen, .name, .loseNames, .misname, .end, .flood, .noise, .lie, .forge: true
    }
  }

  private func changesPaths(_ action: Action) -> Bool {
    switch action {
    case .start, .crash, .move, .pause, .resume, .leave, .slow, .map, .advertise, .impair, .worsen, .name, .loseNames,
      .misname, .end, .flood:
      true
    case .set, .notify, .notifyNearCeiling, .turnClock, .drift, .refuseHTTP, .upgrade, .noise, .lie, .forge: false
    }
  }

  /// Looks anew at what is in the way between hosts.
  private mutating func notePaths() {
    invariants.note(surroundings, network, isFlooded: !floods.isEmpty, namesAreTrue: nameServer.isHonest)
  }

  // MARK: Processes

  private mutating func start(_ host: Int) {
    hosts[host].activity = .running
    hosts[host].process += 1
    hosts[host].isLeaving = false
    hosts[host].refusesHTTP = false
    hosts[host].socket = []
    hosts[host].stampSince = time
    hosts[host].deadline = .distantFuture
    nodes[host] = makeNode(on: host)
    let isImpostor = hosts[host].advertised != nil
    invariants.started(host, nodes[host], hosts[host].settings, isImpostor: isImpostor, at: time)
    rearm(host)
  }

  /// The process ends.
  mutating func end(_ host: Int) {
    guard hosts[host].activity != .down else { return }
    hosts[host].activity = .down
    hosts[host].socket = []
    wakeUps.set(host, to: .distantFuture)
    notePaths()
  }

  private mutating func move(_ host: Int) {
    owners[hosts[host].slot] = nil
    hosts[host].slot = owners.count
    owners.append(host)
  }

  private mutating func pause(_ host: Int) {
    hosts[host].activity = .paused
    wakeUps.set(host, to: .distantFuture)
  }

  /// The process reads what waited in its socket before it looks at any timer.
  private mutating func resume(_ host: Int) {
    hosts[host].activity = .running
    let waiting = hosts[host].socket
    hosts[host].socket = []
    for (bytes, from) in waiting where hosts[host].activity == .running {
      handle(.received(bytes, from: from), on: host)
    }
    hosts[host].deadline = .distantFuture
    rearm(host)
  }

  private mutating func leave(_ host: Int) {
    hosts[host].isLeaving = true
    handle(.leaveRequested, on: host)
  }

  // MARK: The adversary

  private var targets: Targets { Targets(hosts: hosts, incarnations: invariants.incarnations, time: time) }

  private mutating func transmit(_ datagram: Adversary.Datagram, to host: Int) {
    if let claim = datagram.claim { invariants.note(claim) }
    transmit(datagram.bytes, from: datagram.source, nil, to: hosts[host].address)
  }

  /// The next datagram of a flood, unless it has ended.
  mutating func continueFlood(_ id: FaultID) {
    guard let (host, flood, sent) = floods.next(id) else { return }
    queue.add(.flood(id), at: time + adversary.gap(in: flood))
    transmit(adversary.floodDatagram(of: flood, to: host, sent: sent, targets), to: host)
  }
}
