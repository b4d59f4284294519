// What to expect of a cluster with given settings on a given network: the figures behind `unum simulate`.
//
// One cluster goes through three acts, each of which says one thing without disturbing another. It comes up. It then
// lives for the asked time while some of its processes are killed and nobody writes: that tells detection, false alarms
// and what idling costs. At last clients write, one write after the other: that tells how fast a write spreads and what
// it costs. Rejected: all at once (a write's packets would hide what idling costs), and a cluster for each figure (the
// coming up of a hundred nodes costs as much as half a minute of their life).

package import Gossip

/// What is to be foretold.
package struct Scenario: Sendable {
  package var nodes = 5
  package var conditions = Conditions.lan
  package var settings = Settings()
  /// Processes killed, one after the other, in the second act. One at least must live on.
  package var kills = 0
  /// The length of the second act.
  package var duration: Duration = .seconds(60)
  /// The number of writes in the third.
  package var writes = 100
  /// Writes a second, if they come in a stream; nil when each waits for the one before.
  package var writeRate: Int?
  package var seed: UInt64 = 1

  package init() {}
}

/// What came of it.
package struct Forecast: Sendable {
  /// One write: when each node that ran held it, in order, counted from the write.
  package struct Spread: Sendable {
    package var arrivals: [Duration]
    /// All nodes came to hold it before patience was over.
    package var isComplete: Bool
  }

  /// One killed process.
  package struct Loss: Sendable {
    package var node: Int
    /// When it was killed, counted from the beginning of the second act.
    package var time: Duration
    /// When the first and the last of those who lived to the end called it dead, counted from the kill; nil when it
    /// did not happen before patience was over.
    package var first: Duration?
    package var all: Duration?
  }

  /// Messages and bytes, headers included, that one node sends.
  package struct Traffic: Sendable {
    package var packets = 0.0
    package var bytes = 0.0
  }

  package var scenario: Scenario
  /// From the start of all processes until each listed all others; nil when that did not happen.
  package var joining: Duration?
  package var spreads: [Spread] = []
  package var losses: [Loss] = []
  /// How often a node called a running one suspect, and dead, in the second and third acts …
  package var falseSuspicions = 0
  package var falseDeaths = 0
  /// … which together were as long as this, for all nodes added up.
  package var nodeTime = Duration.zero
  /// What a node sent in a second of the second act, the noise about those who were killed included.
  package var perSecond = Traffic()
  /// What came of the writes if they came in a stream; nil when they came one after the other.
  package var stream: WriteStream?
  /// What a write adds to a calm second, for each node; nil without writes or in a stream of them.
  package var perWrite: Traffic?
  package var timeline = ForecastTimeline()
  /// Of everything that happened: two runs with the same hash were the same.
  package var hash: UInt64 = 0

  /// From a write to all nodes holding it, in milliseconds, for the writes that reached all.
  package var convergence: Distribution {
    var found = Distribution()
    for spread in spreads where spread.isComplete { found.add((spread.arrivals.last ?? .zero).inSeconds * 1000) }
    return found
  }

  /// Writes that some nodes did not hold when patience was over.
  package var unfinishedWrites: Int { spreads.count { !$0.isComplete } }
}

extension Scenario {
  /// Plays all of it.
  ///
  /// - Parameter progress: told now and then which share is done.
  /// - Throws: the rule of the protocol that was broken; figures of such a run would mean nothing.
  package func foretell(progress: (Double) -> Void = { _ in }) throws(Violation) -> Forecast {
    var run = ForecastRun(self)
    try run.comeUp(progress)
    try run.live(progress)
    try run.write(progress)
    return run.finished()
  }

  /// Where in the whole the second and third acts begin, by the virtual time that each takes on a quiet network.
  var acts: (life: Double, writes: Double) {
    let up = ForecastRun.warmUp.inSeconds
    let life = duration.inSeconds
    let all = up + life + Double(writes) * ForecastRun.writeSpacing.inSeconds
    return (up / all, (up + life) / all)
  }
}

/// A scenario as it is played.
struct ForecastRun {
  private let scenario: Scenario
  private var cluster: Cluster
  private var watch: ForecastWatch
  private var forecast: Forecast
  private var dice: Generator

  /// Round trips are measured, and rumours of joining or dying have ended by then.
  static let warmUp: Duration = .seconds(5)
  /// Between the end of a write and the next: more than the 0.12 s after which the pushes of one write are paid for
  /// (`Settings.pushRate`), and drawn from half to one and a half so that writes meet probes at all their phases.
  static let writeSpacing: Duration = .milliseconds(400)
  /// What takes longer did not happen. Probes and pulls mend within seconds whatever can be mended.
  private static let patience: Duration = .seconds(30)
  /// How often it is looked, in virtual time: what the joining and detection are rounded to is exact all the same.
  private static let look: Duration = .milliseconds(20)
  /// 14 bytes of Ethernet, 20 of IPv4, 8 of UDP.
  private static let headers = 42

  init(_ scenario: Scenario) {
    self.scenario = scenario
    var settings = scenario.settings
    // Nobody reads the summaries, and they are most of a quiet node's work.
    settings.reportInterval = .zero
    cluster = Cluster(seed: scenario.seed, conditions: scenario.conditions)
    cluster.startHosts(scenario.nodes, settings: settings)
    watch = ForecastWatch(nodes: scenario.nodes)
    forecast = Forecast(scenario: scenario)
    dice = Generator(seed: scenario.seed, for: "forecast")
  }

  // MARK: The acts

  /// All processes start at once and find each other.
  mutating func comeUp(_ progress: (Double) -> Void) throws(Violation) {
    let start = cluster.time
    let share = scenario.acts.life
    let isWhole = try pass(ForecastRun.patience) { watch in
      progress(share * watch.acquaintance)
      return watch.isWhole
    }
    forecast.joining = isWhole ? watch.lastChange - start : nil
    try pass(ForecastRun.warmUp)
    progress(share)
  }

  /// Nobody writes; some are killed, at moments spread over the time and unrelated to any period.
  mutating func live(_ progress: (Double) -> Void) throws(Violation) {
    let start = cluster.time
    watch.begin(at: start)
    let before = cluster.sent
    var victims = Array(0..<scenario.nodes)
    dice.shuffle(&victims)
    for (number, victim) in victims.prefix(scenario.kills).enumerated() {
      // The middle of its share of the time, and up to a quarter of the share earlier or later.
      let share = scenario.duration.microseconds / Int64(scenario.kills)
      let place = Int64(number) * share + share / 4 + Int64(dice.below(Int(share / 2) + 1))
      cluster.schedule(.crash(victim), at: start + .microseconds(place))
      forecast.losses.append(Forecast.Loss(node: victim, time: .microseconds(place)))
    }
    let (from, to) = scenario.acts
    // A hundred looks at the bar are as many as it has cells, more or less.
    for part in 1...100 {
      let end = start + .microseconds(scenario.duration.microseconds * Int64(part) / 100)
      try pass(end - cluster.time)
      progress(from + (to - from) * Double(part) / 100)
    }
    forecast.perSecond = traffic(since: before, shares: lived(from: start))
    watch.endTimeline(at: cluster.time)
    let killed = forecast.losses.map(\.node)
    try pass(ForecastRun.patience) { $0.knowsDead(killed) }
  }

  /// Clients write, each on a random node that runs, one after the other.
  mutating func write(_ progress: (Double) -> Void) throws(Violation) {
    guard scenario.writes > 0 else { return }
    if let rate = scenario.writeRate { return try stream(perSecond: rate) }
    let running = cluster.running
    let calm = try rest(running)
    let (start, before) = (cluster.time, cluster.sent)
    let first = scenario.acts.writes
    for number in 0..<scenario.writes {
      let wait = ForecastRun.writeSpacing.microseconds
      try pass(.microseconds(wait / 2 + Int64(dice.below(Int(wait)))))
      // No two values are the same, and none is the first.
      forecast.spreads.append(try spread(of: Int64(1000 + number), from: running[dice.below(running.count)], running))
      progress(first + (1 - first) * Double(number + 1) / Double(scenario.writes))
    }
    let seconds = (cluster.time - start).inSeconds
    let all = traffic(since: before, shares: Double(running.count))
    let count = Double(scenario.writes)
    let (packets, bytes) = (all.packets - calm.packets * seconds, all.bytes - calm.bytes * seconds)
    // What writes add may be lost in the chance of the rest; then nothing is said of it.
    if packets > 0, bytes > 0 { forecast.perWrite = Forecast.Traffic(packets: packets / count, bytes: bytes / count) }
  }

  /// Clients write without waiting for each other.
  private mutating func stream(perSecond rate: Int) throws(Violation) {
    try pass(ForecastRun.warmUp)
    forecast.stream = try WriteStream.run(
      on: &cluster, writes: scenario.writes, perSecond: Double(rate), using: &dice)
    watch.read(cluster)
  }

  /// What a node sends in a second when nobody was killed just now, with which writes are compared.
  private mutating func rest(_ running: [Int]) throws(Violation) -> Forecast.Traffic {
    try pass(ForecastRun.warmUp)
    let before = cluster.sent
    try pass(ForecastRun.warmUp)
    return traffic(since: before, shares: Double(running.count) * ForecastRun.warmUp.inSeconds)
  }

  /// Counts what is left to count.
  consuming func finished() -> Forecast {
    let running = cluster.running
    for index in forecast.losses.indices {
      let loss = forecast.losses[index]
      // Who held it dead before it was killed has found nothing.
      let delays = running.map { watch.death(of: loss.node, by: $0) - watch.start - loss.time }.filter { $0 >= .zero }
      let known = delays.filter { $0 < ForecastRun.patience + scenario.duration }
      forecast.losses[index].first = known.min()
      forecast.losses[index].all = known.count == delays.count ? delays.max() : nil
    }
    forecast.falseSuspicions = watch.falseSuspicions
    forecast.falseDeaths = watch.falseDeaths
    forecast.nodeTime = .microseconds(Int64(lived(from: watch.start) * 1_000_000))
    forecast.timeline = watch.timeline
    forecast.hash = cluster.trace.hash
    return forecast
  }

  // MARK: Steps

  /// Goes on for so long, or until the condition holds, and keeps the account of members.
  /// - Returns: whether the condition held.
  @discardableResult
  private mutating func pass(
    _ duration: Duration, until isDone: (ForecastWatch) -> Bool = { _ in false }
  ) throws(Violation) -> Bool {
    let end = cluster.time + duration
    while cluster.time < end {
      cluster.run(until: min(end, cluster.time + ForecastRun.look))
      try cluster.check()
      watch.read(cluster)
      if isDone(watch) { return true }
    }
    return false
  }

  /// Writes on a node and waits until all hold it.
  private mutating func spread(of value: Int64, from node: Int, _ running: [Int]) throws(Violation) -> Forecast.Spread {
    let start = cluster.time
    cluster.perform(.set(node, value))
    let stamp = cluster.stamp(of: node)
    var isComplete = false
    while !isComplete && cluster.time - start < ForecastRun.patience {
      // A few datagrams' time: short beside what a write takes, so that the pause to the next one is as drawn.
      cluster.run(for: .milliseconds(2))
      try cluster.check()
      isComplete = running.allSatisfy { cluster.stamp(of: $0) >= stamp }
    }
    watch.read(cluster)
    let holders = running.filter { cluster.stamp(of: $0) >= stamp }
    return Forecast.Spread(
      arrivals: holders.map { cluster.hosts[$0].stampSince - start }.sorted(), isComplete: isComplete)
  }

  /// What was sent since then, for each of so many shares.
  private func traffic(since before: (datagrams: Int, bytes: Int), shares: Double) -> Forecast.Traffic {
    let packets = cluster.sent.datagrams - before.datagrams
    let bytes = cluster.sent.bytes - before.bytes + packets * ForecastRun.headers
    return Forecast.Traffic(packets: Double(packets) / shares, bytes: Double(bytes) / shares)
  }

  /// The seconds that all processes together ran since the second act began.
  private func lived(from start: Instant) -> Double {
    let dead = forecast.losses.reduce(0.0) { sum, loss in
      sum + max(0, (cluster.time - (watch.start + loss.time)).inSeconds)
    }
    return Double(scenario.nodes) * (cluster.time - start).inSeconds - dead
  }
}
