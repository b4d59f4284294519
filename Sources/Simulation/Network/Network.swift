// The network between simulated hosts: it decides what becomes of each datagram.
//
// Every kind of fault draws from its own generator for every datagram, whether or not the fault is on. So a run without
// one kind of fault meets the others as before, as long as the nodes send the same.

internal import Gossip

/// The network: its conditions, its impairments and the generators of its faults.
struct Network {
  /// A copy of a datagram that will arrive.
  struct Arrival {
    var bytes: [UInt8]
    var from: Address
    var to: Address
    var after: Duration
  }

  private let base: Conditions
  private var added: [(id: FaultID, conditions: Conditions)] = []
  private var impairments: [(id: FaultID, list: [Impairment])] = []
  private(set) var conditions: Conditions
  private var lossGenerator: Generator
  private var burstGenerator: Generator
  private var delayGenerator: Generator
  private var duplicationGenerator: Generator
  private var damageGenerator: Generator
  private var replayGenerator: Generator
  /// Until when each host's arrivals are lost in a burst.
  private var burstUntil: [Instant] = []
  /// Datagrams of the past; new ones replace old ones at random, so that some very old ones stay.
  private var past: [(bytes: [UInt8], from: Address, to: Address)] = []

  init(seed: UInt64, conditions: Conditions) {
    base = conditions
    self.conditions = conditions
    lossGenerator = Generator(seed: seed, for: "loss")
    burstGenerator = Generator(seed: seed, for: "burst")
    delayGenerator = Generator(seed: seed, for: "delay")
    duplicationGenerator = Generator(seed: seed, for: "duplication")
    damageGenerator = Generator(seed: seed, for: "damage")
    replayGenerator = Generator(seed: seed, for: "replay")
  }

  mutating func addHost() { burstUntil.append(Instant(microseconds: 0)) }

  mutating func impair(_ id: FaultID, _ list: [Impairment]) { impairments.append((id, list)) }

  mutating func worsen(_ id: FaultID, _ conditions: Conditions) {
    added.append((id, conditions))
    combine()
  }

  mutating func end(_ id: FaultID) {
    impairments.removeAll { $0.id == id }
    added.removeAll { $0.id == id }
    combine()
  }

  private mutating func combine() { conditions = added.reduce(base) { $0.combined(with: $1.conditions) } }

  /// Whether nothing at all passes from one host to the other, not over HTTP either.
  func isCut(from: Int, to: Int) -> Bool { share(lostFrom: from, to: to) { !$0.sparesHTTP } >= 1 }

  /// Whether nothing at all is lost from one host to the other by an impairment.
  func isOpen(from: Int, to: Int) -> Bool { share(lostFrom: from, to: to) { _ in true } == 0 }

  /// Whether only cuts lose datagrams, and all others arrive within a few milliseconds, or some tens when overtaken.
  var isQuiet: Bool {
    conditions.loss == 0 && conditions.burst == 0 && conditions.corruption == 0 && conditions.truncation == 0
      && conditions.tail == 0 && conditions.delay + conditions.jitter <= .milliseconds(3)
  }

  private func share(lostFrom from: Int, to: Int, where concerns: (Impairment) -> Bool) -> Double {
    var share = 0.0
    for (_, list) in impairments {
      for impairment in list where impairment.from.includes(from) && impairment.to.includes(to) {
        if concerns(impairment) { share = max(share, impairment.loss) }
      }
    }
    return share
  }

  /// Adds to `arrivals` the copies of a datagram that will arrive, if any.
  ///
  /// - Parameters:
  ///   - sender: the host that sent it; nil for the adversary, whom no impairment concerns.
  ///   - receiver: the host at the destination; nil when nobody is there.
  mutating func carry(
    _ bytes: [UInt8], from: Address, _ sender: Int?, to: Address, _ receiver: Int?, at time: Instant,
    into arrivals: inout [Arrival]
  ) {
    remember(bytes, from, to)
    if replayGenerator.chance(conditions.replay), !past.isEmpty {
      let old = past[replayGenerator.below(past.count)]
      arrivals.append(Arrival(bytes: old.bytes, from: old.from, to: old.to, after: delay()))
    }
    let copies = duplicationGenerator.chance(conditions.duplication) ? 2 : 1
    for _ in 0..<copies {
      let isLost = lossGenerator.chance(conditions.loss)
      let isSwallowed = isInBurst(receiver, at: time)
      let after = delay()
      let damaged = damage(bytes)
      guard let receiver, !isLost, !isSwallowed else { continue }
      if let sender {
        let share = share(lostFrom: sender, to: receiver) { bytes.count > $0.above }
        if share >= 1 || (share > 0 && lossGenerator.chance(share)) { continue }
      }
      arrivals.append(Arrival(bytes: damaged, from: from, to: to, after: after))
    }
  }

  /// A delay for anything that goes from one host to another.
  mutating func delay() -> Duration {
    var delay = conditions.delay.microseconds + Int64(delayGenerator.below(Int(conditions.jitter.microseconds) + 1))
    if delayGenerator.chance(conditions.tail) {
      // One in a thousand of these delays is a thousand times as long, and none is longer.
      delay += conditions.tailDelay.microseconds * 1000 / Int64(1 + delayGenerator.below(1000))
    }
    if delayGenerator.chance(conditions.reordering) {
      delay += Int64(delayGenerator.below(Int(conditions.reorderDelay.microseconds) + 1))
    }
    return .microseconds(delay)
  }

  private mutating func isInBurst(_ receiver: Int?, at time: Instant) -> Bool {
    let begins = burstGenerator.chance(conditions.burst)
    guard let receiver else { return false }
    if begins { burstUntil[receiver] = time + conditions.burstLength }
    return time < burstUntil[receiver]
  }

  private mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if damageGenerator.chance(conditions.corruption), !bytes.isEmpty {
      for _ in 0...damageGenerator.below(8) {
        bytes[damageGenerator.below(bytes.count)] ^= 1 << UInt8(damageGenerator.below(8))
      }
    }
    if damageGenerator.chance(conditions.truncation) { bytes.removeLast(damageGenerator.below(bytes.count + 1)) }
    return bytes
  }

  private mutating func remember(_ bytes: [UInt8], _ from: Address, _ to: Address) {
    guard conditions.replay > 0 || past.count < Network.kept else { return }
    if past.count < Network.kept {
      past.append((bytes, from, to))
    } else if replayGenerator.chance(0.1) {
      past[replayGenerator.below(past.count)] = (bytes, from, to)
    }
  }

  /// Datagrams of the past that are kept: from the cluster's first seconds to the present.
  private static let kept = 512
}
