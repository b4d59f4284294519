// The network between simulated hosts: it decides what becomes of each datagram.
//
// Every kind of fault throws its own dice, for every datagram, whether or not the fault is on. So a run without one kind
// of fault meets the others as before, for as long as the nodes send the same.

internal import Gossip

/// The network: the conditions, the impairments and the dice.
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
  private var lossDice: Generator
  private var burstDice: Generator
  private var delayDice: Generator
  private var duplicationDice: Generator
  private var damageDice: Generator
  private var replayDice: Generator
  /// Until when each host's arrivals are lost in a burst.
  private var burstUntil: [Instant] = []
  /// Datagrams of the past; new ones replace old ones at random, so that some very old ones stay.
  private var past: [(bytes: [UInt8], from: Address, to: Address)] = []

  init(seed: UInt64, conditions: Conditions) {
    base = conditions
    self.conditions = conditions
    lossDice = Generator(seed: seed, for: "loss")
    burstDice = Generator(seed: seed, for: "burst")
    delayDice = Generator(seed: seed, for: "delay")
    duplicationDice = Generator(seed: seed, for: "duplication")
    damageDice = Generator(seed: seed, for: "damage")
    replayDice = Generator(seed: seed, for: "replay")
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

  /// Whether datagrams get lost by cuts alone, and come within some milliseconds, or some tens when they are overtaken.
  var isCalm: Bool {
    conditions.loss == 0 && conditions.burst == 0 && conditions.corruption == 0 && conditions.truncation == 0
      && conditions.tail == 0 && conditions.delay + conditions.jitter <= .milliseconds(3)
  }

  private func share(lostFrom from: Int, to: Int, where concerns: (Impairment) -> Bool) -> Double {
    var share = 0.0
    for (_, list) in impairments {
      for impairment in list where impairment.from.contains(from) && impairment.to.contains(to) {
        if concerns(impairment) { share = max(share, impairment.loss) }
      }
    }
    return share
  }

  /// Adds to `arrivals` the copies of a datagram that will arrive, if any.
  ///
  /// - Parameters:
  ///   - sender: the host that sent it; nil for a stranger, whom no impairment concerns.
  ///   - receiver: the host at the destination; nil when nobody is there.
  mutating func carry(
    _ bytes: [UInt8], from: Address, _ sender: Int?, to: Address, _ receiver: Int?, at time: Instant,
    into arrivals: inout [Arrival]
  ) {
    remember(bytes, from, to)
    if replayDice.chance(conditions.replay), !past.isEmpty {
      let old = past[replayDice.below(past.count)]
      arrivals.append(Arrival(bytes: old.bytes, from: old.from, to: old.to, after: delay()))
    }
    let copies = duplicationDice.chance(conditions.duplication) ? 2 : 1
    for _ in 0..<copies {
      let isLost = lossDice.chance(conditions.loss)
      let isSwallowed = isInBurst(receiver, at: time)
      let after = delay()
      let damaged = damage(bytes)
      guard let receiver, !isLost, !isSwallowed else { continue }
      if let sender {
        let share = share(lostFrom: sender, to: receiver) { bytes.count > $0.above }
        if share >= 1 || (share > 0 && lossDice.chance(share)) { continue }
      }
      arrivals.append(Arrival(bytes: damaged, from: from, to: to, after: after))
    }
  }

  /// A delay for anything that goes from one host to another.
  mutating func delay() -> Duration {
    var delay = conditions.delay.microseconds + Int64(delayDice.below(Int(conditions.jitter.microseconds) + 1))
    if delayDice.chance(conditions.tail) {
      // One part in a thousand of the tail is a thousand times as long, and no more than that.
      delay += conditions.tailDelay.microseconds * 1000 / Int64(1 + delayDice.below(1000))
    }
    if delayDice.chance(conditions.reordering) {
      delay += Int64(delayDice.below(Int(conditions.reorderDelay.microseconds) + 1))
    }
    return .microseconds(delay)
  }

  private mutating func isInBurst(_ receiver: Int?, at time: Instant) -> Bool {
    let begins = burstDice.chance(conditions.burst)
    guard let receiver else { return false }
    if begins { burstUntil[receiver] = time + conditions.burstLength }
    return time < burstUntil[receiver]
  }

  private mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if damageDice.chance(conditions.corruption), !bytes.isEmpty {
      for _ in 0...damageDice.below(8) { bytes[damageDice.below(bytes.count)] ^= 1 << UInt8(damageDice.below(8)) }
    }
    if damageDice.chance(conditions.truncation) { bytes.removeLast(damageDice.below(bytes.count + 1)) }
    return bytes
  }

  private mutating func remember(_ bytes: [UInt8], _ from: Address, _ to: Address) {
    guard conditions.replay > 0 || past.count < Network.kept else { return }
    if past.count < Network.kept {
      past.append((bytes, from, to))
    } else if replayDice.chance(0.1) {
      past[replayDice.below(past.count)] = (bytes, from, to)
    }
  }

  /// Datagrams of the past that are kept: from the cluster's first seconds to the present.
  private static let kept = 512
}

extension Generator {
  /// The dice of one concern of a run: each has its own, so that one concern's throws do not change another's.
  init(seed: UInt64, for concern: String) { self.init(seed: Hash.mix(seed ^ Hash.of(concern))) }
}
