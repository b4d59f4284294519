// Which members are drawn for pushes, as helpers, and wherever "some live members" are needed: always as many as there
// are, whatever else the list holds, and each with the same chance.

import Testing

@testable import Gossip

@Suite struct FanoutTests {
  /// A list with ourselves and members in these states.
  private static func list(_ states: [Record.State]) -> Membership {
    let start = Instant(microseconds: 0)
    var list = Membership(ourselves: Member(record: Peer(0).record(), since: start))
    for (number, state) in states.enumerated() {
      _ = list.insert(Member(record: Peer(number + 1).record(state), since: start))
    }
    return list
  }

  /// What a rollout leaves behind: 20 live members, spread among 200 that left.
  private static let rollout = (0..<220).map { $0.isMultiple(of: 11) ? Record.State.alive : .left }

  @Test func `after a rollout a write goes to four members, and a probe has three helpers`() throws {
    var stage = Stage()
    let peers = (1...220).map { Peer($0) }
    stage.join([peers[0]])
    for start in stride(from: 1, to: 220, by: 20) {
      let some = peers[start..<min(start + 20, 220)]
      stage.receive(from: peers[0], rumours: some.map { $0.record() })
      stage.receive(from: peers[0], rumours: some.filter { !$0.lives }.map { $0.record(.left) })
    }
    stage.answering = peers.filter(\.lives)
    #expect(stage.pass(atMost: .seconds(120)) { $0.node.rumours.count == 0 })
    #expect(stage.node.context.members.activeCount == 21 && stage.node.context.members.count == 221)
    var (pushed, helpers) = ([Int](), [Int]())
    for value in 0..<40 {
      let effects = stage.handle(.setRequested(Int64(value), RequestID(UInt64(value))))
      pushed.append(Set(effects.sent.map(\.to)).count)
      stage.pass(.milliseconds(500))
    }
    #expect(pushed == Array(repeating: 4, count: 40))
    // For a while nobody answers but the helpers, and the members that they ping are alive.
    for _ in 0..<20 {
      stage.pass(.seconds(1))
      let answering = stage.answering
      stage.answering = []
      var asked: [Address] = []
      for _ in 0..<700 where asked.count < 3 { asked += stage.pass(.milliseconds(1)).sent(.pingRequest).map(\.to) }
      helpers.append(Set(asked).count)
      stage.answering = answering
      stage.pass(.milliseconds(400))
      stage.node.suspicions.removeAll()
    }
    #expect(helpers == Array(repeating: 3, count: 20))
  }

  @Test(arguments: [1, 3, 4, 20, 21])
  func `as many are found as there are, however many tombstones stand between them`(wanted: Int) {
    let list = Self.list(Self.rollout)
    var generator = Generator(seed: 1)
    for _ in 0..<500 {
      let chosen = list.random(wanted, using: &generator) { $0.address != Peer(0).address }
      #expect(Set(chosen).count == min(wanted, 20))
      #expect(chosen.allSatisfy { list[list.index(of: $0)!].isActive })
    }
  }

  @Test func `in a long list the few that qualify are found as well`() {
    let list = Self.list(Array(repeating: .alive, count: 2000))
    var generator = Generator(seed: 2)
    let few = Set([3, 4, 5, 1000, 1999].map { Peer($0).address })
    for _ in 0..<50 {
      let chosen = list.random(4, using: &generator) { few.contains($0.address) }
      #expect(chosen.count == 4 && few.isSuperset(of: chosen))
    }
  }

  /// Chi-square of how often each eligible member is chosen, alone and together with each other one. 99.9 % of honest
  /// runs stay below the limit, and the seeds are fixed.
  @Test(arguments: [(220, 11), (220, 2), (1000, 90), (40, 1)])
  func `each that qualifies is chosen as often as each other, and in any company`(members: Int, every: Int) {
    let qualified = (0..<members).filter { $0.isMultiple(of: every) }
    // In the first half of the cases the others are tombstones; in the second they are alive and the filter excludes
    // them.
    for isFiltered in [false, true] {
      let list = Self.list((0..<members).map { $0.isMultiple(of: every) || isFiltered ? .alive : .left })
      var generator = Generator(seed: 3)
      var alone = [Int](repeating: 0, count: qualified.count)
      var together = [Int](repeating: 0, count: qualified.count * qualified.count)
      let rounds = 200 * qualified.count
      for _ in 0..<rounds {
        let chosen = list.random(3, using: &generator) { member in
          let number = Int(member.address.low & 0xFFFF)
          return number > 0 && (number - 1).isMultiple(of: every)
        }
        let places = chosen.map { (Int($0.low & 0xFFFF) - 1) / every }
        for one in places {
          alone[one] += 1
          for other in places where one < other { together[one * qualified.count + other] += 1 }
        }
      }
      let pairs = qualified.count * (qualified.count - 1) / 2
      #expect(Self.chiSquare(alone, cells: qualified.count) < Self.most(qualified.count - 1))
      #expect(Self.chiSquare(together, cells: pairs) < Self.most(pairs - 1))
    }
  }

  private static func chiSquare(_ counts: [Int], cells: Int) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(cells)
    let squares = counts.filter { $0 > 0 }.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) }
    return (squares + Double(cells - counts.count { $0 > 0 }) * expected * expected) / expected
  }

  /// The 99.9 % point of chi-square, by the approximation of Wilson and Hilferty.
  private static func most(_ degrees: Int) -> Double {
    let share = 2 / (9 * Double(degrees))
    let root = 1 - share + 3.09 * share.squareRoot()
    return Double(degrees) * root * root * root
  }

  @Test func `the live are counted off as a scan counts them, after whatever happened to the list`() {
    var generator = Generator(seed: 4)
    var list = Self.list([])
    for step in 0..<2000 {
      // It grows and shrinks by turns, through sizes at which nobody or everybody is gone.
      let grows = generator.below(10) < (step / 200 % 2 == 0 ? 7 : 3)
      let peer = Peer(1 + generator.below(90))
      let state = Record.State.allCases[generator.below(4)]
      switch list.index(of: peer.address) {
      case nil where grows: _ = list.insert(Member(record: peer.record(state), since: Instant(microseconds: 0)))
      case nil: break
      case let index? where grows || generator.below(3) > 0:
        list.update(at: index, to: peer.record(state), since: Instant(microseconds: 0))
      case let index?: list.remove(at: index)
      }
      let live = (0..<list.count).map { list[$0] }.filter(\.isActive).map(\.address)
      guard list.activeCount == live.count, list.tombstones == list.count - live.count,
        live.indices.allSatisfy({ list.active($0) == live[$0] }),
        Self.walks(list, from: generator.below(list.count), places: UInt64(step), live)
      else {
        Issue.record("step \(step): \(list.activeCount) live for \(live.count)")
        return
      }
    }
  }

  /// Whether the walk to this position agrees with counting the live members one by one.
  private static func walks(_ list: Membership, from index: Int, places: UInt64, _ live: [Address]) -> Bool {
    let start = list[index].address
    let others = live.filter { $0 > start } + live.filter { $0 < start }
    guard live.count > 1 else { return list.active(places, after: start) == nil }
    return list.active(places, after: start) == others[Int(places % UInt64(live.count - 1))]
  }
}

extension Peer {
  /// In the rollout of 220 every eleventh is alive.
  fileprivate var lives: Bool { (Int(address.low & 0xFFFF) - 1).isMultiple(of: 11) }
}
