// When people are told: members and state every five seconds and after a change, but once a second at most; and the
// ticker of the original, which posts the stamp over HTTP to two members every two seconds.

/// When the next summary is due and what changed since the last one.
struct Reports: Sendable {
  private var changedMembers: [Address] = []
  private var isChanged = true
  private var last: Instant
  private let interval: Duration
  private let spacing: Duration

  init(at now: Instant, _ settings: Settings) {
    interval = settings.reportInterval
    spacing = settings.reportSpacing
    last = now - spacing
  }

  var deadline: Instant {
    guard interval > .zero else { return .distantFuture }
    return last + (isChanged ? min(spacing, interval) : interval)
  }

  mutating func changed(_ member: Address? = nil) {
    isChanged = true
    guard interval > .zero, let member, !changedMembers.contains(member) else { return }
    if changedMembers.count < Reports.mostChanges { changedMembers.append(member) }
  }

  /// Begins a summary; returns the members that changed since the last.
  mutating func begin(at now: Instant) -> [Address] {
    last = now
    isChanged = false
    defer { changedMembers = [] }
    return changedMembers
  }

  /// A line that lists more is not read; the log has a line for each change besides.
  private static let mostChanges = 64
}

extension Node {
  /// Tells members and state.
  mutating func reportIfDue() {
    guard reports.deadline <= now.monotonic else { return }
    let changed = reports.begin(at: now.monotonic)
    let indices: [Int]
    if members.count <= settings.reportedMembers {
      indices = Array(0..<members.count)
    } else {
      indices = changed.compactMap { members.index(of: $0) }
    }
    let listed = indices.map { index in
      let record = members[index].record
      return MemberSummary(name: record.name, address: record.address, status: record.state.status)
    }
    emit(.report(.summary(members: listed, live: members.liveCount, stamp: register.stamp)))
  }

  /// Posts the stamp to two random live members and to the extra peers.
  mutating func notifyIfDue() {
    guard notifyAt <= now.monotonic else { return }
    notifyAt = now.monotonic + settings.notifyInterval
    // Above the ceiling of others for strangers it would only be refused: then it spreads by datagrams alone.
    guard !leaving.isUnderWay, register.stamp.generation <= ceiling.forStrangers else { return }
    let ourselves = identity.address
    let (refused, time) = (refusedPorts, now.monotonic)
    let peers = members.random(settings.notifyFanout, using: &generator) {
      $0.isLive && $0.address != ourselves && $0.httpPort != 0
        && !refused.isResting($0.address, incarnation: $0.incarnation, at: time)
    }
    for peer in peers {
      guard let index = members.index(of: peer) else { continue }
      emit(.notify(.member(peer, http: peer.with(port: members[index].httpPort)), register.stamp))
    }
    for peer in 0..<settings.notifyPeers { emit(.notify(.peer(peer), register.stamp)) }
  }
}
