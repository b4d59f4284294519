// Reports members and state every five seconds and after a change, but at most once a second. Rejected: only a line for
// each change (a value that does not change would never appear in the log).

/// When the next summary is due, and what changed since the last one.
struct Summaries: Sendable {
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

  /// The value or a member changed.
  mutating func changed(_ member: Address? = nil) {
    isChanged = true
    guard interval > .zero, let member, !changedMembers.contains(member) else { return }
    if changedMembers.count < Summaries.maximumChanges { changedMembers.append(member) }
  }

  /// Reports members and state if it is time.
  mutating func advance(_ stamp: Stamp, _ context: Context, into outbox: inout Outbox) {
    guard deadline <= context.time else { return }
    last = context.time
    isChanged = false
    defer { changedMembers = [] }
    let members = context.members
    let indices =
      members.count <= context.settings.reportedMembers
      ? Array(0..<members.count) : changedMembers.compactMap { members.index(of: $0) }
    let listed = indices.map { index in
      let record = members[index].record
      return MemberSummary(name: record.name, address: record.address, status: record.state.status)
    }
    outbox.report(.summary(members: listed, live: members.activeCount, stamp: stamp))
  }

  /// Nobody reads a line that lists more; the log also has a line for each change.
  private static let maximumChanges = 64
}
