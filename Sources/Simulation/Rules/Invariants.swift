// What must hold after each step of every node, whatever the network does. The rules look from outside, at what goes
// into a node and what comes out of it, so that a fault of the node cannot hide itself.
//
// Each rule, or group of rules about one thing, is a type with its own state. It knows no other rule. Here they get
// what they need: the step, the node, and the truths that several of them share (`Lineage`, `Incarnations`, `Accusations`, `Lives`).
//
// Whether a cluster comes together when the faults have ended is another question: see `Agreement`.

internal import Gossip

/// All rules of each step.
struct Invariants {
  /// The rules that watch one process.
  private struct Process {
    var settings = Settings()
    /// It advertises another's address: what it says of itself is its right only if the address is its own.
    var isImpostor = false
    var answers = AnswerRules()
    var stamps = StampRules()
    var vouching = VouchingRule()
    var datagrams = DatagramRules()
    var traffic = TrafficRule()
    var bounds = BoundRules()
    var life = LifeRules()
    var deaths = DeathRules()
    var incarnations = IncarnationRules()
    var authorship = AuthorshipRule()
    var copies = CopyRules()
  }

  /// Rules that are left out, to see whether another one finds the same bug.
  var ignored: Set<Violation.Rule> = []
  private(set) var lineage = Lineage()
  private(set) var incarnations = Incarnations()
  private var accusations = Accusations()
  private var lives = Lives()
  private var reach = ReachRule()
  private var processes: [Process] = []

  // MARK: What happens

  mutating func addHost() {
    processes.append(Process())
    reach.addHost()
  }

  /// A new process begins with nothing.
  mutating func started(_ host: Int, _ node: Node, _ settings: Settings, isImpostor: Bool, at time: Instant) {
    processes[host] = Process(
      settings: settings, isImpostor: isImpostor,
      vouching: VouchingRule(from: time, firstStampTimeout: settings.firstStampTimeout), traffic: TrafficRule(settings),
      deaths: DeathRules(pingsBeforeDeath: settings.pingsBeforeDeath), incarnations: IncarnationRules(settings),
      authorship: AuthorshipRule(settings),
      copies: CopyRules(settings, life: lives.begin(), isImpostor: isImpostor))
    reach.started(host, at: time)
    noteOwnIncarnation(of: node, host)
    processes[host].copies.noteLife(of: node, &lives)
  }

  /// Something was done from outside that may be in the way.
  mutating func note(_ now: Surroundings, _ network: Network, isFlooded: Bool, namesAreTrue: Bool) {
    reach.note(now, network, isQuiet: network.isQuiet && !isFlooded, namesAreTrue: namesAreTrue)
  }

  /// The adversary claims this of a member in somebody's name, and can be believed.
  mutating func note(_ claim: Adversary.Claim) {
    incarnations.note(claim.incarnation, of: claim.address)
    accusations.note(claim.source, of: claim.address, at: claim.incarnation)
  }

  // MARK: What is known

  /// The stamp that the host's process published last.
  func published(_ host: Int) -> Stamp { processes[host].stamps.published }

  /// Whether the host's process owes an answer.
  func owesAnswer(_ host: Int) -> Bool { processes[host].answers.owesAnswer }

  // MARK: Checks

  /// The first rule that this step breaks.
  mutating func check(_ step: Step, _ node: Node, slots: Int, _ now: Surroundings) -> Violation? {
    let (host, members) = (step.host, now.hosts.count)
    var findings = Findings(ignoring: ignored)
    noteOwnIncarnation(of: node, host)
    let (held, released) = (published(host), processes[host].settings.released)
    processes[host].answers.check(step, held: held, &lineage, &findings)
    processes[host].stamps.check(step, released: released, &lineage, &findings)
    processes[host].vouching.check(step, &findings)
    processes[host].datagrams.check(step, &findings)
    processes[host].traffic.check(step, members: members, &findings)
    processes[host].bounds.check(step, members: members, &findings)
    processes[host].life.check(step, &findings)
    processes[host].deaths.check(step, slots: slots, &findings)
    processes[host].incarnations.check(step, node, incarnations, &findings)
    processes[host].authorship.check(step, node, &accusations, &findings)
    processes[host].copies.check(step, node, &lives, &findings)
    reach.check(step, node, now, &findings)
    return violation(findings, host, at: step.time)
  }

  /// The rules of what a node shows to people.
  func check(_ view: StatusSnapshot, of host: Int, at time: Instant) -> Violation? {
    var findings = Findings(ignoring: ignored)
    processes[host].copies.check(view, &findings)
    return violation(findings, host, at: time)
  }

  /// What a broken rule is reported as; nil when the rule is left out.
  func violation(_ rule: Violation.Rule, _ host: Int, _ detail: String, at time: Instant) -> Violation? {
    ignored.contains(rule) ? nil : Violation(rule: rule, host: host, time: time, detail: detail)
  }

  private func violation(_ findings: Findings, _ host: Int, at time: Instant) -> Violation? {
    findings.first.map { Violation(rule: $0.rule, host: host, time: time, detail: $0.detail) }
  }

  /// What a node says of itself is its right to say, unless its address is another's.
  private mutating func noteOwnIncarnation(of node: Node, _ host: Int) {
    guard !processes[host].isImpostor, let own = node.claim(about: node.identity.address) else { return }
    if own.incarnation > incarnations.highest(of: own.address) { incarnations.note(own.incarnation, of: own.address) }
  }
}
