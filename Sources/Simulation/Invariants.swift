// What must hold after each step of every node, whatever the network does. Checked from outside, by what goes into a
// node and what comes out of it, so that a fault of the node cannot hide itself.
//
// Whether a cluster comes together when the faults have ended is another question: see `Agreement`.

internal import Gossip

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
  /// The host's wall clock.
  var wall: UInt64
  /// What was held of the sender before, when the datagram shows a newer life of it; nil when nothing is in question.
  var heldBefore: HeldClaim?
}

/// The rules of each step, and what they have to remember. Those about members are in `MemberRules`.
struct Invariants {
  struct Memory {
    var published = Stamp.initial
    var outstanding: [(request: RequestID, value: Int64?)] = []
    /// The latest write that was accepted and not told as lost.
    var ownWrite: Stamp?
    var wakesInVain = 0
    var isReady = false
    var vouching = Vouching()
    var awareness = Awareness()
    var reach = Reach()
    /// It advertises another's address: what it says of itself is its right only if it is that.
    var isImpostor = false
    /// The bytes that each stranger sent, less those that it was sent, verifying pings left out.
    var owed: [Address: Int] = [:]
    var isAskedToLeave = false
    var traffic = Traffic()
    var suspects: [Suspect] = []
    var settings = Settings()
  }

  typealias Finding = (Violation.Rule, String)

  var memories: [Memory] = []
  /// The highest incarnation that anybody gave each address, by slot.
  var claimedInSlot: [UInt64] = []
  /// Rules that are not looked at.
  var ignored: Set<Violation.Rule> = []
  private var written: Set<Stamp> = [.initial]
  private(set) var lineage = Lineage()
  var lives = Lives()

  mutating func addHost() { memories.append(Memory()) }

  /// A new process begins with nothing.
  mutating func started(_ host: Int, _ node: Node, _ settings: Settings, isImpostor: Bool, at time: Instant) {
    memories[host] = Memory()
    memories[host].settings = settings
    memories[host].isImpostor = isImpostor
    memories[host].vouching.started = time
    memories[host].reach = Reach(at: time)
    memories[host].awareness.life = lives.begin()
    noteOwnLife(of: node, host)
    noteLife(of: node, host)
  }

  func published(_ host: Int) -> Stamp { memories[host].published }

  /// Requests that the host's process owes an answer.
  func outstanding(_ host: Int) -> Int { memories[host].outstanding.count }

  /// The first rule that this step breaks.
  mutating func check(_ step: Step, _ node: Node, slots: Int, members: Int) -> Violation? {
    note(step.event, of: step.host)
    noteOwnLife(of: node, step.host)
    let ofTheValue = checkAnswers(step) ?? checkStamps(step) ?? checkVouching(step)
    let ofDatagrams = ofTheValue ?? checkDatagrams(step) ?? checkTraffic(step, members: members)
    let ofLife = ofDatagrams ?? checkTime(step) ?? checkReports(step, slots: slots)
    let ofMembers = ofLife ?? checkBounds(step, members: members) ?? checkDeaths(step)
    let ofClaims = ofMembers ?? checkOwnWord(step, node) ?? checkIncarnations(step, node)
    let found = ofClaims ?? checkCopies(step, node)
    return found.map { Violation(rule: $0.0, host: step.host, time: step.time, detail: $0.1) }
  }

  /// What a broken rule is told as; nil when the rule is not looked at.
  func broken(_ rule: Violation.Rule, _ detail: @autoclosure () -> String) -> Finding? {
    ignored.contains(rule) ? nil : (rule, detail())
  }

  private mutating func note(_ event: Event, of host: Int) {
    switch event {
    case .setRequested(let value, let request):
      memories[host].outstanding.append((request, value))
      // What was asked for is written, whatever is answered.
      written.insert(Stamp(generation: memories[host].published.generation + 1, value: value))
    case .notified(_, _, let request): memories[host].outstanding.append((request, nil))
    case .leaveRequested: memories[host].isAskedToLeave = true
    case .timePassed, .received, .resolved, .connectionRefused, .notifyDelivered: break
    }
  }

  private mutating func checkAnswers(_ step: Step) -> Finding? {
    for effect in step.effects {
      guard case .answer(let request, let answer) = effect else { continue }
      guard let index = memories[step.host].outstanding.firstIndex(where: { $0.request == request }) else {
        if let found = broken(.answeredOnce, "an answer to \(request) that nobody waits for") { return found }
        continue
      }
      let asked = memories[step.host].outstanding.remove(at: index)
      guard case .accepted(let stamp) = answer else { continue }
      guard let value = asked.value else {
        // Somebody outside said so, and was believed.
        if case .notified(let notified, _, request) = step.event {
          written.insert(notified)
          lineage.brought(notified)
        }
        continue
      }
      written.insert(stamp)
      if stamp.value != value || stamp.generation <= memories[step.host].published.generation,
        let found = broken(.answersAreTrue, "a write of \(value) was accepted as \(stamp)")
      {
        return found
      }
    }
    if case .notified(_, _, let request) = step.event,
      memories[step.host].outstanding.contains(where: { $0.request == request })
    {
      return broken(.answeredOnce, "a notify was not answered at once")
    }
    return nil
  }

  private mutating func checkStamps(_ step: Step) -> Finding? {
    let host = step.host
    var before = memories[host].published
    for effect in step.effects {
      switch effect {
      case .publish(let stamp):
        before = memories[host].published
        if stamp <= memories[host].published,
          let found = broken(.stampsGrow, "\(stamp) published after \(memories[host].published)")
        {
          return found
        }
        if !written.contains(stamp), let found = broken(.stampsAreWritten, "nobody wrote \(stamp)") { return found }
        if let own = memories[host].ownWrite, own.generation == stamp.generation, own != stamp,
          let found = broken(.lossIsTold, "\(own) was replaced by \(stamp)")
        {
          return found
        }
        memories[host].published = stamp
      case .retract(let stamp):
        if let found = checkRetraction(to: stamp, step) { return found }
        memories[host].published = stamp
        memories[host].ownWrite = nil
      case .report(.writeLost(let write, let winner)):
        lineage.toldLoss()
        if write != memories[host].ownWrite || lineage.isWritten(winner, onTopOf: write),
          let found = broken(.lossIsTrue, "\(write) is told as lost to \(winner)")
        {
          return found
        }
        memories[host].ownWrite = nil
      case .answer(_, .accepted(let stamp)):
        if case .notified = step.event { break }
        memories[host].ownWrite = stamp
        lineage.wrote(stamp, onTopOf: before)
      case .send, .notify, .answer, .resolve, .readiness, .report, .left: break
      }
    }
    guard step.stamp != memories[host].published else { return nil }
    return broken(.publishedIsHeld, "holds \(step.stamp), published \(memories[host].published)")
  }

  /// A stamp is given up for a smaller one only where the clock no more allows it; then for one that was written, or with
  /// the value that it had.
  private mutating func checkRetraction(to stamp: Stamp, _ step: Step) -> Finding? {
    let held = memories[step.host].published
    let ceiling = Ceiling(wall: step.wall, released: memories[step.host].settings.released).forMembers
    if held.generation <= ceiling || stamp.generation > ceiling,
      let found = broken(.stampsGrow, "\(held) was given up for \(stamp)")
    {
      return found
    }
    if stamp == Stamp(generation: 1, value: held.value) { written.insert(stamp) }
    return written.contains(stamp) ? nil : broken(.stampsAreWritten, "nobody wrote \(stamp)")
  }

  private mutating func checkDatagrams(_ step: Step) -> Finding? {
    if case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil {
      memories[step.host].owed[source, default: 0] += bytes.count
    }
    var answered = 0
    for effect in step.effects {
      guard case .send(let bytes, let address) = effect else { continue }
      let most = Invariants.isLarge(Peek(bytes)?.kind) ? Wire.maximumPlainSize : Wire.modestPlainSize
      if bytes.count > most, let found = broken(.datagramSize, "\(bytes.count) bytes") { return found }
      if !address.isReachable, let found = broken(.datagramSize, "a datagram to \(address)") { return found }
      if let found = checkBalance(with: address, less: bytes, of: step.host) { return found }
      guard case .received(_, address) = step.event, Invariants.isAnswer(bytes) else { continue }
      answered += bytes.count
    }
    guard case .received(let bytes, let source) = step.event, Host.slot(of: source) == nil, answered > bytes.count
    else { return nil }
    return broken(.noAmplification, "\(answered) bytes in answer to \(bytes.count)")
  }

  /// Whether a datagram to a stranger answers what it sent just now.
  ///
  /// The ping that verifies who a stranger is goes to the address that it claims and is limited by number; a contact asks
  /// whoever is at the address of a seed; and a notice answers a contact of some time ago, which was longer.
  private static func isAnswer(_ bytes: [UInt8]) -> Bool {
    switch Peek(bytes)?.kind {
    case .ping, .join, .notice: false
    case .ack, .misdirected, .pingRequest, .indirectAck, .nack, .gossip, .pull, .page, nil: true
    }
  }

  /// Whatever is sent to a stranger, also later: all of it together is no more than came from there.
  private mutating func checkBalance(with address: Address, less bytes: [UInt8], of host: Int) -> Finding? {
    let kind = Peek(bytes)?.kind
    guard Host.slot(of: address) == nil, address.isReachable, kind != .ping, kind != .join else { return nil }
    let left = memories[host].owed[address, default: 0] - bytes.count
    memories[host].owed[address] = left
    guard left < 0 else { return nil }
    return broken(.noAmplification, "\(-left) bytes more to \(address) than came from there")
  }

  private mutating func checkTime(_ step: Step) -> Finding? {
    guard step.event == .timePassed else { return nil }
    memories[step.host].wakesInVain = step.isOverdue ? memories[step.host].wakesInVain + 1 : 0
    guard memories[step.host].wakesInVain > Invariants.mostWakesInVain else { return nil }
    return broken(.deadlineMovesOn, "still due after \(memories[step.host].wakesInVain) wake-ups")
  }

  private mutating func checkReports(_ step: Step, slots: Int) -> Finding? {
    for effect in step.effects {
      switch effect {
      case .report(.memberChanged(_, let address, _, _, _)):
        if Host.slot(of: address).map({ $0 >= slots }) ?? true,
          let found = broken(.membersExist, "no process ever had \(address)")
        {
          return found
        }
      case .report(.ready):
        if memories[step.host].isReady, let found = broken(.lifeIsOrdered, "ready twice") { return found }
        memories[step.host].isReady = true
      case .left:
        if !memories[step.host].isAskedToLeave, let found = broken(.lifeIsOrdered, "left without being asked") {
          return found
        }
        memories[step.host].isAskedToLeave = false
      case .send, .notify, .publish, .retract, .answer, .resolve, .readiness, .report: break
      }
    }
    return nil
  }

  private func checkBounds(_ step: Step, members: Int) -> Finding? {
    let bound = Invariants.effectsOfOneEvent + 4 * members + 2 * step.recordsReceived
    guard step.effects.count > bound else { return nil }
    return broken(.effectsAreBounded, "\(step.effects.count) effects of one event")
  }

  /// Parts of a node that are due together may be served one after the other; a loop would go on.
  private static let mostWakesInVain = 16
  /// What may be larger than every path lets through: it is repeated, or asked again.
  private static func isLarge(_ kind: Message.Kind?) -> Bool {
    switch kind {
    case .gossip, .pull, .page: true
    case .ping, .ack, .misdirected, .join, .pingRequest, .indirectAck, .nack, .notice, nil: false
    }
  }
  /// A change is told and pushed to a few; beyond that, work is in proportion to members (suspects to ping, or tombstones
  /// to forget) or to what came (each record of a page is at most one change, and takes 19 bytes). Of the verifications
  /// that are due at once after a flood and a stop, one event carries on 32.
  private static let effectsOfOneEvent = 64
}

extension Step {
  /// The bytes of the datagram that came, divided by the size of the smallest record.
  fileprivate var recordsReceived: Int {
    if case .received(let bytes, _) = event { bytes.count / 19 } else { 0 }
  }
}
