import Gossip
import Testing

/// A tiny perfect network: every datagram arrives a millisecond later. For tests of the protocol's rules; faults belong
/// to the simulation.
struct Harness {
  var nodes: [Node] = []
  var isRunning: [Bool] = []
  var time: Int64 = 1_000_000
  var log: [(Int64, Int, Effect)] = []
  private var inFlight: [(at: Int64, bytes: [UInt8], from: Address, to: Address)] = []
  var seedAddresses: [Address] = []

  static let wall: UInt64 = 1_795_300_000_000_000

  static func address(_ number: Int) -> Address { Address(ipv4: 0x0A00_0000 | UInt32(number + 1), port: 7946) }

  func now(_ node: Int) -> Now { Now(monotonic: Instant(microseconds: time), wall: Harness.wall + UInt64(time)) }

  @discardableResult
  mutating func start(seed: Int? = nil, _ change: (inout Settings) -> Void = { _ in }) -> Int {
    let number = nodes.count
    var settings = Settings()
    settings.seeds = seed == nil ? [] : ["seed"]
    change(&settings)
    let identity = Identity(address: Harness.address(number), name: "n\(number)", httpPort: 8080)
    nodes.append(Node(identity: identity, settings: settings, seed: UInt64(number) &* 7919 + 1, now: now(number)))
    isRunning.append(true)
    seedAddresses.append(Harness.address(seed ?? 0))
    return number
  }

  mutating func handle(_ number: Int, _ event: Event) {
    let effects = nodes[number].handle(event, at: now(number))
    for effect in effects {
      log.append((time, number, effect))
      switch effect {
      case .send(let bytes, let to):
        inFlight.append((time + 1000, bytes, Harness.address(number), to))
      case .resolve(let seed):
        handle(number, .resolved(seed: seed, [seedAddresses[number]], failure: nil))
      default: break
      }
    }
  }

  mutating func run(for duration: Duration) {
    let end = time + duration.microseconds
    while time < end {
      let arrival = inFlight.map(\.at).min() ?? .max
      let due = nodes.indices.filter { isRunning[$0] }.map { nodes[$0].nextDeadline.microseconds }.min() ?? .max
      let next = min(arrival, due)
      guard next <= end else { break }
      time = max(time, next)
      if arrival <= time {
        let index = inFlight.firstIndex { $0.at == arrival }!
        let datagram = inFlight.remove(at: index)
        let target = nodes.indices.first { Harness.address($0) == datagram.to }
        if let target, isRunning[target] { handle(target, .received(datagram.bytes, from: datagram.from)) }
      } else {
        let node = nodes.indices.first { isRunning[$0] && nodes[$0].nextDeadline.microseconds <= time }!
        handle(node, .timePassed)
      }
    }
    time = end
  }

  func statuses(_ node: Int) -> [String: MemberStatus] {
    Dictionary(uniqueKeysWithValues: nodes[node].status(at: now(node)).members.map { ($0.name, $0.status) })
  }
}
