// `/members`: who is there, and who holds which value. A table for people, JSON for programs.

package import Gossip

/// A node's view of the cluster, written out.
package enum MembersText {
  /// An aligned table, a line on convergence, and the last lost writes.
  package static func text(_ status: StatusSnapshot) -> String {
    var rows = [["NAME", "ADDRESS", "HTTP", "STATUS", "INCARNATION", "GENERATION", "VALUE", "RTT", "COPY"]]
    rows += status.members.map(row)
    return aligned(rows) + "\n" + convergence(status) + losses(status)
  }

  /// Tools rely on the names `members[].name` and `.status`. Names may be added, but never changed.
  package static func json(_ status: StatusSnapshot) -> String {
    let count = status.convergence
    return JSON.object([
      ("members", JSON.array(status.members.map(member))),
      ("stamp", JSON.stamp(status.stamp)),
      (
        "convergence",
        JSON.object([
          ("current", JSON.integer(count.current)), ("behind", JSON.integer(count.behind)),
          ("unheard", JSON.integer(count.unheard)),
        ])
      ),
      ("sets", JSON.integer(status.sets)),
      ("lost_writes", JSON.integer(status.lostWrites)),
      ("recent_losses", JSON.array(status.recentLosses.map(loss))),
      ("local_health", JSON.integer(status.localHealth)),
    ])
  }

  private static func row(_ member: MemberView) -> [String] {
    [
      ForeignText.visible(member.name), "\(member.address)", member.reachedPort.map { "\($0)" } ?? "-",
      member.status.rawValue,
      "\(member.incarnation)", member.stamp.map { "\($0.generation)" } ?? "-",
      member.stamp.map { "\($0.value)" } ?? "-", member.roundTrip.map { "\($0.inMilliseconds) ms" } ?? "-",
      member.isSelf ? "this node" : member.convergence?.rawValue ?? "-",
    ]
  }

  /// Columns as wide as their widest cell, counted in characters, two spaces apart.
  private static func aligned(_ rows: [[String]]) -> String {
    guard let first = rows.first else { return "" }
    let widths = first.indices.map { column in rows.reduce(0) { max($0, $1[column].count) } }
    return rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let isLast = column == widths.count - 1
        return isLast ? cell.0 : cell.0 + String(repeating: " ", count: cell.1 - cell.0.count + 2)
      }.joined() + "\n"
    }.joined()
  }

  private static func convergence(_ status: StatusSnapshot) -> String {
    let count = status.convergence
    let others = count.current + count.behind + count.unheard
    let head = "Value \(status.stamp.value), generation \(status.stamp.generation)"
    guard others > 0 else { return "\(head); no other live member is known.\n" }
    let current = "\(count.current) of \(others) other\(others == 1 ? " is" : "s are") current"
    let behind = count.behind > 0 ? ", \(count.behind) held an older one when last heard" : ""
    let unheard = count.unheard > 0 ? ", \(count.unheard) not heard since" : ""
    return "\(head): \(current)\(behind)\(unheard).\n"
  }

  private static func losses(_ status: StatusSnapshot) -> String {
    guard status.lostWrites > 0 else { return "" }
    let last = status.recentLosses.map { loss in
      "  \(loss.write.value) (generation \(loss.write.generation)) to \(loss.winner.value) "
        + "(generation \(loss.winner.generation))\n"
    }
    return "Of \(status.sets) writes to this node, \(status.lostWrites) gave way to concurrent ones"
      + (last.isEmpty ? ".\n" : "; the last:\n" + last.joined())
  }

  private static func member(_ member: MemberView) -> String {
    JSON.object([
      ("name", JSON.string(member.name)),
      ("address", JSON.string("\(member.address)")),
      ("http_port", JSON.integer(member.reachedPort)),
      ("status", JSON.string(member.status.rawValue)),
      ("incarnation", JSON.integer(member.incarnation)),
      ("generation", JSON.integer(member.stamp?.generation)),
      ("value", JSON.integer(member.stamp?.value)),
      ("last_heard_ms", JSON.milliseconds(member.lastHeard)),
      ("rtt_ms", JSON.milliseconds(member.roundTrip)),
      ("convergence", member.convergence.map { JSON.string($0.rawValue) } ?? "null"),
      ("self", member.isSelf ? "true" : "false"),
    ])
  }

  private static func loss(_ loss: LostWrite) -> String {
    JSON.object([
      ("write", JSON.stamp(loss.write)), ("winner", JSON.stamp(loss.winner)),
      ("noticed", JSON.integer(loss.noticed)),
    ])
  }
}

extension MemberView {
  /// Its HTTP port; nil if it has none for other machines.
  fileprivate var reachedPort: UInt16? { httpPort == 0 ? nil : httpPort }
}
