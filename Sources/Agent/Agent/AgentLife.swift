// The start and the stop of a node. The start makes the sockets first, then the identity that follows from them, then the
// node. The stop has an order that loses nothing.
//
// To stop, a node first says that it is not ready, then finishes what clients began (their writes still spread), then
// announces that it is leaving, and closes its sockets last. Every step has its own time limit, so that a stop takes
// under five seconds whatever the network does.

import Gossip
package import Logging
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix
import Platform
import ServiceLifecycle

extension Agent {
  /// Binds the sockets, finds the advertised address, and starts a node.
  /// - Parameters:
  ///   - version: of the program, for the first line of the log.
  ///   - udp: its loop runs the protocol. Many nodes may share it.
  ///   - http: runs clients' connections, in both directions.
  ///   - extraMetrics: further counters to show among the shell's own.
  package static func start(
    configuration: AgentConfiguration, version: String, udp: any EventLoopGroup, http: any EventLoopGroup,
    logger: Logger, clocks: Clocks = .system,
    extraMetrics: @escaping @Sendable () -> [ShellMetric] = { [] }
  ) async throws -> Agent {
    let loop = udp.next()
    let datagrams = try await StartError.catching(.datagrams, configuration.bind) {
      try await Datagrams.bind(to: configuration.bind, loop: loop)
    }
    let agent = Agent(
      configuration: configuration, datagrams: datagrams, clocks: clocks, logger: logger, extraMetrics: extraMetrics)
    do {
      if let failure = await datagrams.sendToItself() {
        // Without a way to the socket nothing is ever sent. Other reasons may hold for this machine's own addresses only.
        guard failure != .notConnected else { throw StartError.cannotSend(datagrams.localAddress) }
        agent.log(LogLines.ownDatagramRefused(at: datagrams.localAddress, failure))
      }
      let advertised = try await AdvertisedAddress.find(
        configured: configuration.advertise, bound: datagrams.localAddress, seeds: configuration.seeds,
        loop: loop)
      let server = try await StartError.catching(.http, configuration.http) {
        try await HTTPServer.bind(
          address: configuration.http, backend: agent, group: http, limits: configuration.limits)
      }
      agent.begin(advertised: advertised, server: server, httpLoop: http.next(), version: version)
    } catch {
      await datagrams.close()
      throw error
    }
    return agent
  }

  private func begin(advertised: AdvertisedAddress, server: HTTPServer, httpLoop: any EventLoop, version: String) {
    let identity = Identity(
      address: advertised.address, name: configuration.name,
      httpPort: advertised.httpPort(of: server.localAddress))
    log(
      LogLines.started(
        version: version, identity: identity, found: advertised.source, datagrams: datagramAddress,
        http: server.localAddress, configuration: configuration))
    let notifier = Notifier(peers: configuration.notify, name: identity.name, loop: httpLoop) { [weak self] in
      self?.handle($0)
    }
    let resolver = NameResolver(
      seeds: configuration.seeds, loop: loop, takesIPv6: !datagramAddress.isIPv4
    ) { [weak self] seed, addresses, failure in
      self?.handle(.resolved(seed: seed, addresses, failure: failure))
    }
    bindings.withLockedValue { bindings in
      bindings.identity = identity
      bindings.server = server
      bindings.httpAddress = server.localAddress
      bindings.workers = Workers(notifier: notifier, resolver: resolver)
    }
    var settings = configuration.settings
    settings.cluster = configuration.cluster
    settings.seeds = configuration.seeds
    settings.notifyPeers = configuration.notify.count
    settings.reach = datagramAddress.reach
    var system = SystemRandomNumberGenerator()
    let key = SecretKey(low: system.next(), high: system.next())
    let now = clocks.now()
    let node = Node(identity: identity, settings: settings, seed: system.next(), key: key, now: now)
    core.withLockedValue { $0.node = node }
    datagrams.open { [weak self] bytes, sender in self?.handle(.received(bytes, from: sender)) }
    handle(.timePassed)
    loop.execute { [self] in summarise(DropSummary(), 0) }
  }

  /// Returns when the node has stopped: after `stop`, when the task is cancelled, or on a graceful shutdown.
  package func run() async throws {
    await withTaskCancellationOrGracefulShutdownHandler {
      await stopRequested.wait()
    } onCancelOrGracefulShutdown: { [stopRequested] in
      stopRequested.open()
    }
    await stop()
  }

  /// Stops properly, in under five seconds. It may be called more than once; each call returns when the stop is done.
  package func stop() async {
    stopRequested.open()
    let isFirst = shown.withLockedValue { shown in
      defer { shown.show(.leaving) }
      return shown.readiness != .leaving
    }
    guard isFirst else { return await stopped.wait() }
    logger.info("Leaving: finishing requests, then telling the members")
    let (server, workers) = bindings.withLockedValue { ($0.server, $0.workers) }
    await server?.drain(within: configuration.stopTimes.drain)
    await announceLeaving()
    let waiting = core.withLockedValue { core in
      core.isOver = true
      defer { core.waiting = [:] }
      return core.waiting.values.map { $0 }
    }
    for completion in waiting { completion(.overloaded) }
    await workers?.notifier.close()
    await datagrams.close()
    // The server refers to its backend, which is this agent.
    bindings.withLockedValue { $0.server = nil }
    loop.execute { [self] in
      timer.value?.cancel()
      timer.value = nil
    }
    stopped.open()
    logger.info("Stopped")
  }

  /// Lets the node say goodbye. The node itself bounds the time; this timer is for a node that cannot.
  private func announceLeaving() async {
    let bound = loop.scheduleTask(in: .microseconds(configuration.stopTimes.leave.microseconds)) { [left] in
      _ = left.open()
    }
    handle(.leaveRequested)
    await left.wait()
    bound.cancel()
  }
}

// MARK: The shell's own metrics

extension Agent {
  package func shellMetrics() -> [ShellMetric] {
    let counts = datagrams.currentCounts
    var metrics = counts.sendErrors.sorted { $0.key.number < $1.key.number }.map { error, count in
      ShellMetric(
        name: "unum_datagram_send_errors_total", help: "Datagrams that the system refused to send, by error.",
        labels: [("error", error.symbol)], value: Double(count))
    }
    metrics.append(
      ShellMetric(
        name: "unum_datagram_receive_errors_total", help: "Errors while reading datagrams.",
        value: Double(counts.receiveErrors)))
    metrics.append(
      ShellMetric(
        name: "unum_datagram_rebinds_total", help: "Times that the datagram socket was lost and bound again.",
        value: Double(counts.rebinds)))
    if let workers = bindings.withLockedValue({ $0.workers }) {
      metrics += workers.notifier.metrics()
      metrics.append(
        ShellMetric(
          name: "unum_seed_lookup_failures_total", help: "Look-ups of a seed that gave no address.",
          value: Double(workers.resolver.failures)))
    }
    return metrics + extraMetrics()
  }

  /// Says what was refused since the last time, in one line, and comes again. On the loop.
  private func summarise(_ last: DropSummary, _ lastRebinds: UInt64) {
    guard !stopped.isOpen else { return }
    let summary = DropSummary(status().counters)
    let counts = datagrams.currentCounts
    if let line = summary.line(since: last, over: summaryInterval) { log(line) }
    if counts.rebinds > lastRebinds {
      logger.warning("The datagram socket was lost and bound again (\(counts.rebinds) times since the start)")
    }
    loop.assumeIsolated().scheduleTask(in: .microseconds(summaryInterval.microseconds)) { [weak self] in
      self?.summarise(summary, counts.rebinds)
    }
  }

  /// As often as the other periodic lines; once a minute if those are turned off.
  private var summaryInterval: Duration {
    let interval = configuration.settings.reportInterval
    return interval > .zero ? interval : .seconds(60)
  }
}
