// How a forecast is made.
//
// One cluster goes through three acts, each of which measures one thing without disturbing another. It comes up. Then
// it lives for the given time while some of its processes are killed and nobody writes: that measures detection, false
// alarms and what idling costs. Last, clients write, one write after the other: that measures how fast a write spreads
// and what it costs. Rejected: all at once (a write's packets would hide what idling costs), and a cluster for each
// figure (bringing up a hundred nodes costs as much as half a minute of their life).

internal import Gossip

/// A scenario as it is played.
struct ForecastRun {
  private let scenario: Scenario
  private var cluster: Cluster
  private var watch: ForecastWatch
  private var forecast: Forecast
  private var generator: Generator
  /// False alarms before the second act.
  private var alarmsBefore = FalseAlarms()

  /// Round trips are measured, and rumours of joining or dying have ended by then.
  static let warmUp: Duration = .seconds(5)
  /// Between the end of a write and the next: more than the 0.12 s after which the pushes of one write are paid for
  /// (`Settings.pushRate`), and drawn from half to one and a half so that writes meet probes at all their phases.
  static let writeSpacing: Duration = .milliseconds(400)
  /// What takes longer did not happen. Probes and pulls mend within seconds whatever can be mended.
  private static let timeLimit: Duration = .seconds(30)
  /// How often the log is read, in virtual time. Joining and detection are exact all the same.
  private static let look: Duration = .milliseconds(20)

  init(_ scenario: Scenario) {
    self.scenario = scenario
    cluster =
      Experiment(
        hosts: scenario.nodes, conditions: scenario.conditions, settings: scenario.settings, seed: scenario.seed
      ).started()
    watch = ForecastWatch(nodes: scenario.nodes)
    forecast = Forecast(scenario: scenario)
    generator = Generator(seed: scenario.seed, for: "forecast")
  }

  // MARK: The acts

  /// All processes start at once and find each other.
  mutating func comeUp(_ progress: (Double) -> Void) throws(Violation) {
    let start = cluster.time
    let share = scenario.acts.life
    let isWhole = try pass(ForecastRun.timeLimit) { watch in
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
    alarmsBefore = cluster.membershipLog.falseAlarms
    let before = cluster.sent
    var victims = Array(0..<scenario.nodes)
    generator.shuffle(&victims)
    for (number, victim) in victims.prefix(scenario.kills).enumerated() {
      // The middle of its share of the time, and up to a quarter of the share earlier or later.
      let share = scenario.duration.microseconds / Int64(scenario.kills)
      let place = Int64(number) * share + share / 4 + Int64(generator.below(Int(share / 2) + 1))
      cluster.schedule(.crash(victim), at: start + .microseconds(place))
      forecast.losses.append(Forecast.Loss(node: victim, time: .microseconds(place)))
    }
    let (from, to) = scenario.acts
    // A hundred updates are about as many as the progress bar has cells.
    for part in 1...100 {
      let end = start + .microseconds(scenario.duration.microseconds * Int64(part) / 100)
      try pass(end - cluster.time)
      progress(from + (to - from) * Double(part) / 100)
    }
    forecast.perSecond = (cluster.sent - before).divided(by: lived(from: start))
    watch.endTimeline(at: cluster.time)
    let killed = forecast.losses.map(\.node)
    try pass(ForecastRun.timeLimit) { $0.knowsDead(killed) }
  }

  /// Clients write, each on a random node that runs, one after the other.
  mutating func write(_ progress: (Double) -> Void) throws(Violation) {
    guard scenario.writes > 0 else { return }
    if let rate = scenario.writeRate { return try stream(perSecond: rate) }
    let running = cluster.running
    let quiet = try rest(running)
    let (start, before) = (cluster.time, cluster.sent)
    let first = scenario.acts.writes
    for number in 0..<scenario.writes {
      let wait = ForecastRun.writeSpacing.microseconds
      try pass(.microseconds(wait / 2 + Int64(generator.below(Int(wait)))))
      // No two values are the same, and none is the first.
      forecast.spreads.append(
        try spread(of: Int64(1000 + number), from: running[generator.below(running.count)], running))
      progress(first + (1 - first) * Double(number + 1) / Double(scenario.writes))
    }
    let seconds = (cluster.time - start).inSeconds
    let all = (cluster.sent - before).divided(by: Double(running.count))
    let count = Double(scenario.writes)
    let (packets, bytes) = (all.packets - quiet.packets * seconds, all.bytes - quiet.bytes * seconds)
    // What writes add may be lost in the noise of everything else; then no figure is given.
    if packets > 0, bytes > 0 { forecast.perWrite = Traffic.Rate(packets: packets / count, bytes: bytes / count) }
  }

  /// Clients write without waiting for each other.
  private mutating func stream(perSecond rate: Int) throws(Violation) {
    try pass(ForecastRun.warmUp)
    forecast.stream = WriteStream.run(
      on: &cluster, writes: scenario.writes, perSecond: Double(rate), using: &generator)
    try cluster.check()
    watch.read(cluster)
  }

  /// What a node sends in a second when nobody was killed just before. Writes are compared with that.
  private mutating func rest(_ running: [Int]) throws(Violation) -> Traffic.Rate {
    try pass(ForecastRun.warmUp)
    let before = cluster.sent
    try pass(ForecastRun.warmUp)
    return (cluster.sent - before).divided(by: Double(running.count) * ForecastRun.warmUp.inSeconds)
  }

  /// Adds the figures that only the whole run has.
  consuming func finished() -> Forecast {
    let running = cluster.running
    for index in forecast.losses.indices {
      let loss = forecast.losses[index]
      // A node that held it dead before it was killed has detected nothing.
      let delays = running.map { watch.death(of: loss.node, by: $0) - watch.start - loss.time }.filter { $0 >= .zero }
      let known = delays.filter { $0 < ForecastRun.timeLimit + scenario.duration }
      forecast.losses[index].first = known.min()
      forecast.losses[index].all = known.count == delays.count ? delays.max() : nil
    }
    forecast.falseAlarms = cluster.membershipLog.falseAlarms - alarmsBefore
    forecast.nodeTime = .microseconds(Int64(lived(from: watch.start) * 1_000_000))
    forecast.timeline = watch.timeline
    forecast.hash = cluster.trace.hash
    return forecast
  }

  // MARK: Steps

  /// Goes on for so long, or until the condition holds, and reads the membership log.
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
    while !isComplete && cluster.time - start < ForecastRun.timeLimit {
      // A few datagrams' time. That is short beside what a write takes, so the pause before the next one is as drawn.
      cluster.run(for: .milliseconds(2))
      try cluster.check()
      isComplete = running.allSatisfy { cluster.stamp(of: $0) >= stamp }
    }
    watch.read(cluster)
    let holders = running.filter { cluster.stamp(of: $0) >= stamp }
    return Forecast.Spread(
      arrivals: holders.map { cluster.hosts[$0].stampSince - start }.sorted(), isComplete: isComplete)
  }

  /// The seconds that all processes together ran since the second act began.
  private func lived(from start: Instant) -> Double {
    let dead = forecast.losses.reduce(0.0) { sum, loss in
      sum + max(0, (cluster.time - (watch.start + loss.time)).inSeconds)
    }
    return Double(scenario.nodes) * (cluster.time - start).inSeconds - dead
  }
}

extension Scenario {
  /// Plays all of it.
  ///
  /// - Parameter progress: gets the share that is done, now and then.
  /// - Throws: the rule of the protocol that was broken; figures of such a run would mean nothing.
  package func predict(progress: (Double) -> Void = { _ in }) throws(Violation) -> Forecast {
    var run = ForecastRun(self)
    try run.comeUp(progress)
    try run.live(progress)
    try run.write(progress)
    return run.finished()
  }

  /// The shares of the whole at which the second and third acts begin, by the virtual time that each takes on a quiet
  /// network.
  var acts: (life: Double, writes: Double) {
    let up = ForecastRun.warmUp.inSeconds
    let life = duration.inSeconds
    let all = up + life + Double(writes) * ForecastRun.writeSpacing.inSeconds
    return (up / all, (up + life) / all)
  }
}
