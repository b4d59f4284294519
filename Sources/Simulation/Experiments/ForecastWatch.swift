// Who held whom for what, over time, from the changes that nodes report. A matrix of all nodes by all nodes, one byte
// for each pair, so that a hundred nodes cost nothing and a thousand a megabyte.

internal import Gossip

/// Reads the membership log of a run as it grows.
struct ForecastWatch {
  private let nodes: Int
  /// What each observer holds of each member, by `observer * nodes + member`.
  private var views: [MemberStatus?]
  /// When an observer last came to hold a member dead.
  private var deaths: [Instant]
  private var changesRead = 0
  /// Pairs in which the observer lists the member as alive.
  private var alivePairs = 0
  /// When the last change was made.
  private(set) var lastChange = Instant(microseconds: 0)
  /// When drawing began.
  private(set) var start = Instant.distantFuture
  private var end = Instant.distantFuture
  private var isRunning: [Bool]
  private var runningCount: Int
  private var points: [[ForecastTimeline.Point]]

  init(nodes: Int) {
    self.nodes = nodes
    views = Array(repeating: nil, count: nodes * nodes)
    deaths = Array(repeating: .distantFuture, count: nodes * nodes)
    isRunning = Array(repeating: true, count: nodes)
    runningCount = nodes
    points = Array(repeating: [], count: nodes)
  }

  /// Every node lists every other as alive.
  var isWhole: Bool { alivePairs == nodes * (nodes - 1) }

  /// The share of pairs for which that is true, up to one.
  var acquaintance: Double { Double(alivePairs) / Double(max(1, nodes * (nodes - 1))) }

  /// Views are drawn from now on.
  mutating func begin(at time: Instant) { start = time }

  /// The drawing ends here.
  mutating func endTimeline(at time: Instant) { end = time }

  /// Whether all running nodes hold all of these dead.
  func knowsDead(_ members: [Int]) -> Bool {
    members.allSatisfy { member in
      (0..<nodes).allSatisfy { !isRunning[$0] || views[$0 * nodes + member] == .dead }
    }
  }

  /// When this observer came to hold the member dead for good; the distant future when it does not.
  func death(of member: Int, by observer: Int) -> Instant {
    views[observer * nodes + member] == .dead ? deaths[observer * nodes + member] : .distantFuture
  }

  /// Takes in what was reported since the last time.
  mutating func read(_ cluster: borrowing Cluster) {
    let changes = cluster.membershipLog.changes
    for change in changes[changesRead...] {
      guard let member = cluster.owner(of: change.address), member != change.observer else { continue }
      note(change, of: member)
    }
    changesRead = changes.count
    note(running: cluster.running)
  }

  /// The views of a process that ended count no longer.
  private mutating func note(running: [Int]) {
    guard running.count != runningCount else { return }
    runningCount = running.count
    isRunning = Array(repeating: false, count: nodes)
    for node in running { isRunning[node] = true }
    for member in 0..<nodes where !points[member].isEmpty { draw(member, at: lastChange) }
  }

  private mutating func note(_ change: MembershipLog.Change, of member: Int) {
    let pair = change.observer * nodes + member
    if views[pair] == .alive { alivePairs -= 1 }
    if change.to == .alive { alivePairs += 1 }
    if change.to == .dead { deaths[pair] = change.time }
    views[pair] = change.to
    lastChange = change.time
    guard change.time >= start else { return }
    guard change.time <= end else { return }
    draw(member, at: change.time)
  }

  // MARK: Drawing

  /// Notes how many nodes doubt the member now, when that changed.
  private mutating func draw(_ member: Int, at time: Instant) {
    guard time >= start, time <= end else { return }
    var point = ForecastTimeline.Point(time: time - start, suspect: 0, dead: 0)
    for observer in 0..<nodes where isRunning[observer] {
      switch views[observer * nodes + member] {
      case .suspect: point.suspect += 1
      case .dead: point.dead += 1
      case .alive, .left, .replaced, nil: break
      }
    }
    if let last = points[member].last, (last.suspect, last.dead) == (point.suspect, point.dead) { return }
    points[member].append(point)
  }

  /// What was drawn.
  var timeline: ForecastTimeline {
    var timeline = ForecastTimeline()
    timeline.duration = end < .distantFuture ? end - start : .zero
    timeline.rows = points.indices.filter { !points[$0].isEmpty }.map { .init(node: $0, points: points[$0]) }
    return timeline
  }
}
