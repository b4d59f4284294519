// Bugs that somebody might write, each with the rule that must find it: what a bug consists of, and the tools to make
// one.
//
// They change what goes into a node and what comes out of it, so that the core need not change. A bug inside shows at
// this boundary anyway, or it would not be one. A bug that needs a place is on host 2 of four.

import Gossip
import Simulation

/// One bug.
struct Plant: Sendable {
  /// The mistake in the code.
  var name: String
  /// The rule that finds it.
  var rule: Violation.Rule
  /// The faults and the load that expose it.
  var kinds: [FaultKind]
  /// How long the faults last.
  var faults: Duration
  /// Whether nodes forget the dead within seconds, and the trial waits for that.
  var forgets: Bool
  /// Whether no other rule finds the bug.
  var isFoundByNoOther: Bool
  /// A fresh one for each run: bugs remember.
  var make: @Sendable () -> Mutation

  init(
    _ name: String, _ rule: Violation.Rule, under kinds: [FaultKind] = [.writes, .notifies],
    for faults: Duration = .seconds(8), forgets: Bool = false, onlyIt: Bool = false,
    _ plant: @escaping @Sendable (inout Mutation) -> Void
  ) {
    self.name = name
    self.rule = rule
    self.kinds = kinds
    self.faults = faults
    self.forgets = forgets
    isFoundByNoOther = onlyIt
    make = {
      var mutation = Mutation()
      plant(&mutation)
      return mutation
    }
  }

  /// The run of a seed. It is short, and so is its bound on settling, because a cluster that does not settle takes all of
  /// that.
  func trial(_ seed: UInt64) -> Trial {
    var trial = Trial(seed: seed, hosts: 4, kinds: kinds, faults: faults)
    trial.settings.pullBackoff = .seconds(3)
    trial.settings.contactInterval = .milliseconds(500)
    trial.settings.maximumLocalHealth = 2
    if forgets { trial.settings.tombstoneLifetime = .seconds(5) }
    return trial
  }

  /// The host that has the bug.
  static let place = 2
  static let all = ofTheValue + ofDatagrams + ofTime + ofMembers + ofAgreement
}

// MARK: What bugs are made with

private let cluster = Hash.of(Settings().cluster)

extension Effect {
  var isPublish: Bool { if case .publish = self { true } else { false } }
  var isAnswer: Bool { if case .answer = self { true } else { false } }
  var isSend: Bool { if case .send = self { true } else { false } }
}

extension Event {
  var isReceived: Bool { if case .received = self { true } else { false } }
  /// The datagram's message and source; nil for other events and for bytes that are not a message.
  var message: (message: Message, from: Address)? {
    guard case .received(let bytes, let from) = self else { return nil }
    return (try? Wire.decode(bytes, cluster: cluster)).map { ($0, from) }
  }
  /// A datagram from outside the cluster.
  var stranger: (bytes: [UInt8], address: Address)? {
    guard case .received(let bytes, let from) = self, Host.slot(of: from) == nil else { return nil }
    return (bytes, from)
  }

  /// The same datagram with another content and a correct checksum.
  func retold(from source: Address? = nil, _ change: (inout Message) -> Void) -> Event {
    guard let (original, from) = message else { return self }
    var message = original
    change(&message)
    guard message != original || source != nil else { return self }
    return .received(Wire.encode(message, cluster: cluster), from: source ?? from)
  }
}

extension [Effect] {
  /// The same with other contents in the datagrams, and correct checksums.
  func retold(_ change: (inout Message, _ to: Address) -> Void) -> [Effect] {
    map { effect in
      guard case .send(let bytes, let to) = effect, let original = try? Wire.decode(bytes, cluster: cluster) else {
        return effect
      }
      var message = original
      change(&message, to)
      return message == original ? effect : .send(Wire.encode(message, cluster: cluster), to: to)
    }
  }
}

extension Mutation {
  /// What one host's effects become.
  mutating func plant(on place: Int = Plant.place, _ change: @escaping (Event, [Effect]) -> [Effect]) {
    effects = { host, event, effects in host == place ? change(event, effects) : effects }
  }

  /// Changes what one host receives.
  mutating func plant(on place: Int = Plant.place, hearing change: @escaping (Event) -> Event?) {
    event = { host, event in host == place ? change(event) : event }
  }
}
