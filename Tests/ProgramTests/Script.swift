// A script: what to do to a cluster, step by step, and what each node must hold and list whenever the cluster agrees.
//
// Real time differs in every run, so a script may contain only steps that end the same way whatever their timing: writes
// follow each other on one node, or wait until the others have the last one, or happen on two sides that cannot hear each
// other. Then the design alone decides the result (`ScriptModel`), and simulated nodes and real processes must both reach
// it with the same steps.
//
// Rejected: scripts of any steps at any time. Their results would have to be compared with bounds, which hide mistakes.

import Gossip

/// One step. Nodes are numbers.
enum ScriptStep: Equatable {
  /// A process starts, with all others as its seeds.
  case start(Int)
  /// SIGKILL.
  case kill(Int)
  /// SIGTERM, and the orderly stop.
  case leave(Int)
  /// SIGSTOP.
  case stop(Int)
  /// SIGCONT.
  case goOn(Int)
  /// A client writes.
  case set(Int, Int64)
  /// A `/notify` brings a stamp so many generations above the one that the node holds.
  case notify(Int, ahead: UInt64, Int64)
  /// A cut begins.
  case cut(Cut)
  /// Everything passes again.
  case heal
  /// All nodes that can hear each other must come to hold and list the same.
  case agree
}

/// What a node shows: its stamp, and the status of every member that it lists, by name.
struct ScriptView: Equatable {
  var stamp: Stamp
  var statuses: [String: String]
}

/// The steps of one seed.
struct Script {
  let nodes: Int
  private(set) var steps: [ScriptStep] = []
  private var generator: Generator
  /// The last value that was written; each is new, and greater or less than the one before by chance.
  private var written: Int64 = 42

  /// Every kind of event once. The seed chooses the order and the targets.
  init(seed: UInt64, nodes: Int = 4) {
    self.nodes = nodes
    generator = Generator(seed: seed)
    steps = (0..<nodes).map(ScriptStep.start) + [.agree]
    var kinds = Array(0..<10)
    generator.shuffle(&kinds)
    for kind in kinds { add(kind) }
  }

  private mutating func add(_ kind: Int) {
    var order = Array(0..<nodes)
    generator.shuffle(&order)
    let (one, other) = (order[0], order[1])
    switch kind {
    case 0: write(one, times: 3)
    case 1: steps.append(.notify(one, ahead: UInt64(1 + generator.below(1_000_000)), value()))
    case 2:
      // Kill it, write without it, start it: it must neither bring back the old value nor write behind the others' backs.
      steps.append(.kill(one))
      if generator.chance(0.5) { steps.append(.agree) }
      write(other, times: 1)
      steps += [.agree, .start(one)]
      if generator.chance(0.5) { write(one, times: 1) }
    case 3:
      // It is back before anyone notices.
      steps += [.kill(one), .start(one)]
      if generator.chance(0.5) { write(one, times: 1) }
    case 4:
      // Pause it so briefly that nobody notices, or until the others declare it dead.
      steps.append(.stop(one))
      if generator.chance(0.5) { steps.append(.agree) }
      write(other, times: 1)
      if generator.chance(0.5) { steps.append(.agree) }
      steps.append(.goOn(one))
    case 5:
      // Its last write must not be lost with it.
      write(one, times: 1)
      steps += [.leave(one), .agree, .start(one)]
    case 6:
      // The paused node missed the goodbye and accuses the one that left; the others must tell it.
      steps += [.stop(one), .agree, .leave(other), .agree, .goOn(one), .agree, .start(other)]
    default:
      addCut(kind, order)
    }
    steps.append(.agree)
  }

  /// A cut between the first few of these nodes and the others.
  private mutating func addCut(_ kind: Int, _ order: [Int]) {
    let side = Array(order[..<(1 + generator.below(nodes - 1))]).sorted()
    let (one, other) = (order[0], order[nodes - 1])
    let isOneWay = kind == 8 && generator.chance(0.5)
    steps.append(.cut(Cut(side: side, isOneWay: isOneWay, sparesHTTP: kind == 8 && !isOneWay)))
    switch kind {
    case 7:
      // Mended before anyone has noticed, or when each side holds the other dead, before it wrote or after.
      let isNoticed = generator.chance(0.75)
      if isNoticed, generator.chance(0.5) { steps.append(.agree) }
      writeOnBothSides(one, other)
      if isNoticed { steps.append(.agree) }
    case 8:
      // Nodes that hear but are not heard, or that have only HTTP, must end like those that have nothing. Until then,
      // they may or may not hear of a write.
      steps.append(.agree)
      writeOnBothSides(one, other)
      if generator.chance(0.5) { steps.append(.agree) }
    default:
      // Kill and restart it behind the cut, where it knows only its own side, or nobody.
      steps += [.agree, .kill(one), .agree, .start(one)]
      writeOnBothSides(one, other)
      steps.append(.agree)
    }
    steps.append(.heal)
  }

  /// Each side writes once or twice. After as many writes on both, the greater value wins; else the greater generation.
  private mutating func writeOnBothSides(_ one: Int, _ other: Int) {
    write(one, times: 1 + generator.below(2))
    write(other, times: 1 + generator.below(2))
  }

  private mutating func write(_ node: Int, times: Int) {
    for _ in 0..<times { steps.append(.set(node, value())) }
  }

  private mutating func value() -> Int64 {
    written += Int64(1 + generator.below(100)) * (generator.chance(0.5) ? 1 : -1)
    return written
  }
}

extension Script {
  /// The steps from each cut to its end.
  var cutSpans: [ArraySlice<ScriptStep>] {
    steps.indices.compactMap { index in
      guard case .cut = steps[index] else { return nil }
      return steps[(index + 1)...].prefix { $0 != .heal }
    }
  }
}

/// What the design says about a script, without protocol or time.
struct ScriptModel {
  private struct Node {
    var isUp = false
    var isStopped = false
    /// "The first stamp is (0, 42)."
    var generation: UInt64 = 0
    var value: Int64 = 42
    /// The nodes that it has met since its process started. It lists them for ever, and nobody else. Others do not tell
    /// it of nodes that are already dead or have left.
    var met: Set<Int> = []
  }

  private var nodes: [Node]
  private var apart = Cut(side: [])
  /// The nodes that said goodbye and have not returned.
  private var gone: Set<Int> = []

  init(nodes: Int) { self.nodes = Array(repeating: Node(), count: nodes) }

  static func name(_ node: Int) -> String { "n\(node)" }

  /// The nodes that answer a client.
  var answering: [Int] { nodes.indices.filter { nodes[$0].isUp && !nodes[$0].isStopped } }

  private func hears(_ one: Int, _ other: Int) -> Bool {
    answering.contains(one) && answering.contains(other) && apart.side.contains(one) == apart.side.contains(other)
  }

  mutating func take(_ step: ScriptStep) {
    switch step {
    case .start(let node):
      nodes[node] = Node(isUp: true, met: [node])
      gone.remove(node)
    case .kill(let node): nodes[node].isUp = false
    case .leave(let node):
      // It announces that it is leaving, with its last stamp.
      for other in nodes.indices where other != node && hears(node, other) { give(nodes[node], to: other) }
      nodes[node].isUp = false
      gone.insert(node)
    case .stop(let node): nodes[node].isStopped = true
    case .goOn(let node): nodes[node].isStopped = false
    case .set(let node, let value):
      // A node that has just started writes only once it has heard what the others hold.
      if nodes[node].met == [node] {
        for other in nodes.indices where hears(node, other) { give(nodes[other], to: node) }
      }
      nodes[node].generation += 1
      nodes[node].value = value
    case .notify(let node, let ahead, let value):
      nodes[node].generation += ahead
      nodes[node].value = value
    // A node that is not heard, or answers only notifies, is not a member, so every cut ends like a complete one.
    case .cut(let cut): apart = cut
    case .heal: apart = Cut(side: [])
    case .agree:
      for one in nodes.indices {
        for other in nodes.indices where hears(one, other) {
          give(nodes[one], to: other)
          nodes[other].met.insert(one)
        }
      }
    }
  }

  /// The greater generation wins; if two stamps share a generation, the greater value wins.
  private mutating func give(_ giver: Node, to other: Int) {
    let isGreater =
      giver.generation == nodes[other].generation
      ? giver.value > nodes[other].value : giver.generation > nodes[other].generation
    guard isGreater else { return }
    nodes[other].generation = giver.generation
    nodes[other].value = giver.value
  }

  /// The stamp that a node holds once it has heard everything sent to it so far.
  func stamp(of node: Int) -> Stamp { Stamp(generation: nodes[node].generation, value: nodes[node].value) }

  /// What a node shows when the cluster agrees.
  func view(of node: Int) -> ScriptView {
    var statuses: [String: String] = [:]
    for other in nodes[node].met {
      let status = hears(node, other) ? "alive" : gone.contains(other) ? "left" : "dead"
      statuses[ScriptModel.name(other)] = status
    }
    return ScriptView(stamp: stamp(of: node), statuses: statuses)
  }
}
