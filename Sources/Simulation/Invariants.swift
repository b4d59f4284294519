// What must hold after each step of every node, whatever the network does. Checked from outside, by what goes into a
// node and what comes out of it, so that a fault of the node cannot hide itself.
//
// Whether a cluster comes together when the faults have ended is another question: see `Agreement`.

package import Gossip

/// A rule that was broken, when and by whom.
package struct Violation: Equatable, Sendable, CustomStringConvertible {
  /// The rules.
  package enum Rule: String, CaseIterable, Sendable {
    /// Published stamps only grow while a process runs.
    case stampsGrow
    /// What is published is what the node holds.
    case publishedIsHeld
    /// Nobody holds a stamp that nobody wrote.
    case stampsAreWritten
    /// Each request of a client is answered exactly once, a notify at once.
    case answeredOnce
    /// A write is accepted as what was asked for, on top of what was held.
    case answersAreTrue
    /// No datagram is longer than may travel.
    case datagramSize
    /// A stranger gets no more than it sent.
    case noAmplification
    /// Time goes on: a node that was woken is not due any more, but for a few parts that take turns.
    case deadlineMovesOn
    /// No event has too many effects.
    case effectsAreBounded
    /// Only addresses that a process had are members.
    case membersExist
    /// Nobody says that it is ready twice, or leaves without being asked.
    case lifeIsOrdered
    /// When the faults have ended, the cluster comes together.
    case agreement
    /// And stays so, without any accusation.
    case calm
  }

  package var rule: Rule
  package var host: Int
  package var time: Instant
  package var detail: String

  package var description: String {
    "\(rule.rawValue) broken by n\(host) at \(Trace.seconds(time)): \(detail)"
  }
}

/// What went into a node and what came out.
struct Step {
  var host: Int
  var event: Event
  var effects: [Effect]
  /// The node's, after the event.
  var stamp: Stamp
  /// Its deadline has still come.
  var isOverdue: Bool
  var time: Instant
}

/// The rules of each step, and what they have to remember.
struct Invariants {
  private struct Memory {
    var published = Stamp.initial
    var outstanding: [(request: RequestID, value: Int64?)] = []
    var wakesInVain = 0
    var isReady = false
    var isAskedToLeave = false
  }

  private var memories: [Memory] = []
  private var written: Set<Stamp> = [.initial]

  mutating func addHost() { memories.append(Memory()) }

  /// A new process begins with nothing.
  mutating func started(_ host: Int) { memories[host] = Memory() }

  func published(_ host: Int) -> Stamp { memories[host].published }

  /// Requests that the host's process owes an answer.
  func outstanding(_ host: Int) -> Int { memories[host].outstanding.count }

  /// The first rule that this step breaks.
  mutating func check(_ step: Step, members: Int, isMember: (Address) -> Bool) -> Violation? {
    note(step.event, of: step.host)
    let found =
      checkAnswers(step) ?? checkStamps(step) ?? checkDatagrams(step) ?? checkTime(step)
      ?? checkReports(step, isMember) ?? checkBounds(step, members: members)
    return found.map { Violation(rule: $0.0, host: step.host, time: step.time, detail: $0.1) }
  }

  private typealias Finding = (Violation.Rule, String)

  private mutating func note(_ event: Event, of host: Int) {
    switch event {
    case .setRequested(let value, let request): memories[host].outstanding.append((request, value))
    case .notified(let stamp, _, let request):
      memories[host].outstanding.append((request, nil))
      written.insert(stamp)
    case .leaveRequested: memories[host].isAskedToLeave = true
    case .timePassed, .received, .resolved, .connectionRefused, .notifyDelivered: break
    }
  }

  private mutating func checkAnswers(_ step: Step) -> Finding? {
    for effect in step.effects {
      guard case .answer(let request, let answer) = effect else { continue }
      guard let index = memories[step.host].outstanding.firstIndex(where: { $0.request == request }) else {
        return (.answeredOnce, "an answer to \(request) that nobody waits for")
      }
      let asked = memories[step.host].outstanding.remove(at: index)
      guard case .accepted(let stamp) = answer else { continue }
      guard let value = asked.value else { continue }
      guard stamp.value == value, stamp.generation > memories[step.host].published.generation else {
        return (.answersAreTrue, "a write of \(value) was accepted as \(stamp)")
      }
      written.insert(stamp)
    }
    if case .notified(_, _, let request) = step.event,
      memories[step.host].outstanding.contains(where: { $0.request == request })
    {
      return (.answeredOnce, "a notify was not answered at once")
    }
    return nil
  }

  private mutating func checkStamps(_ step: Step) -> Finding? {
    for effect in step.effects {
      guard case .publish(let stamp) = effect else { continue }
      guard stamp > memories[step.host].published else {
        return (.stampsGrow, "\(stamp) published after \(memories[step.host].published)")
      }
      guard written.contains(stamp) else { return (.stampsAreWritten, "nobody wrote \(stamp)") }
      memories[step.host].published = stamp
    }
    guard step.stamp == memories[step.host].published else {
      return (.publishedIsHeld, "holds \(step.stamp), published \(memories[step.host].published)")
    }
    return nil
  }

  private func checkDatagrams(_ step: Step) -> Finding? {
    var answered = 0
    for effect in step.effects {
      guard case .send(let bytes, let address) = effect else { continue }
      guard bytes.count <= Wire.maximumPlainSize else { return (.datagramSize, "\(bytes.count) bytes") }
      guard address.isReachable else { return (.datagramSize, "a datagram to \(address)") }
      // The ping that verifies who a stranger is goes to the address that it claims and is limited by number.
      guard case .received(_, address) = step.event, bytes[10] != Message.Kind.ping.rawValue else { continue }
      answered += bytes.count
    }
    guard case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil else { return nil }
    return answered <= bytes.count ? nil : (.noAmplification, "\(answered) bytes in answer to \(bytes.count)")
  }

  private mutating func checkTime(_ step: Step) -> Finding? {
    guard step.event == .timePassed else { return nil }
    memories[step.host].wakesInVain = step.isOverdue ? memories[step.host].wakesInVain + 1 : 0
    return memories[step.host].wakesInVain <= Invariants.mostWakesInVain
      ? nil : (.deadlineMovesOn, "still due after \(memories[step.host].wakesInVain) wake-ups")
  }

  private mutating func checkReports(_ step: Step, _ isMember: (Address) -> Bool) -> Finding? {
    for effect in step.effects {
      switch effect {
      case .report(.memberChanged(_, let address, _, _, _)):
        guard isMember(address) else { return (.membersExist, "no process ever had \(address)") }
      case .report(.ready):
        guard !memories[step.host].isReady else { return (.lifeIsOrdered, "ready twice") }
        memories[step.host].isReady = true
      case .left:
        guard memories[step.host].isAskedToLeave else { return (.lifeIsOrdered, "left without being asked") }
        memories[step.host].isAskedToLeave = false
      case .send, .notify, .publish, .answer, .resolve, .report: break
      }
    }
    return nil
  }

  private func checkBounds(_ step: Step, members: Int) -> Finding? {
    let bound = Invariants.effectsOfOneEvent + 4 * members + 2 * step.bytesReceived
    return step.effects.count <= bound ? nil : (.effectsAreBounded, "\(step.effects.count) effects of one event")
  }

  /// Parts of a node that are due together may be served one after the other; a loop would go on.
  private static let mostWakesInVain = 16
  /// A change is told and pushed to a few; beyond that, work is in proportion to members (suspects to ping, or tombstones
  /// to forget) or to what came (each record of a page is at most one change, and takes 19 bytes).
  private static let effectsOfOneEvent = 64
}

extension Step {
  /// The bytes of the datagram that came, divided by the size of the smallest record.
  fileprivate var bytesReceived: Int {
    if case .received(let bytes, _) = event { bytes.count / 19 } else { 0 }
  }
}
