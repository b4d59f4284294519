// Who stays in the address book: the other side of a partition, whatever else is lost meanwhile.

import Testing

@testable import Gossip

@Suite struct LostMembersTests {
  /// A book of 64 entries, and the time.
  private struct Book {
    var lost = LostMembers()
    var generator = Generator(seed: 1)
    var seconds: Int64 = 0
    private var last = 1_000_000

    /// Loses these members, spread over so many seconds.
    mutating func lose(_ members: ClosedRange<Int>, within time: Int64) {
      for (number, member) in members.enumerated() {
        add(
          member,
          at: Instant(microseconds: seconds * 1_000_000 + Int64(number) * time * 1_000_000 / Int64(members.count)))
      }
      seconds += time
    }

    /// Loses so many others that nobody sees again, in groups of a size and at an interval.
    mutating func crash(_ count: Int, atOnce: Int = 1, every time: Int64) {
      for number in 0..<count {
        last += 1
        add(last, at: Instant(microseconds: seconds * 1_000_000))
        if number % atOnce == atOnce - 1 { seconds += time }
      }
    }

    private mutating func add(_ member: Int, at time: Instant) {
      lost.add(Peer(member).address, room: 64, at: time, using: &generator)
    }

    func held(_ members: ClosedRange<Int>) -> Int {
      let addresses = members.map { Peer($0).address }
      return lost.entries.count { addresses.contains($0.address) }
    }
  }

  @Test(arguments: [64, 640, 6400])
  func `the other half of a hundred stays, however many crash one by one`(crashes: Int) {
    var book = Book()
    book.lose(1...50, within: 8)
    book.seconds += 100
    book.crash(crashes, every: 100)
    #expect(book.held(1...50) == 50)
    #expect(book.lost.entries.count == 64)
  }

  @Test(
    arguments: [
      (1, 5, 3), (1, 1, 2), (2, 100, 25), (4, 100, 12), (10, 100, 5), (50, 100, 2),
    ] as [(Int, Int64, Int)])
  func `it keeps its part, whether others crash in a row, by pairs or by racks`(
    atOnce: Int, every: Int64, part: Int
  ) {
    var book = Book()
    book.lose(1...50, within: 8)
    book.seconds += 100
    for _ in 0..<10 {
      book.crash(100, atOnce: atOnce, every: every)
      #expect(book.held(1...50) >= part, "\(book.held(1...50))")
    }
    #expect(book.lost.entries.count == 64)
  }

  @Test func `two partitions share the book by their size, whichever came first`() {
    for sizes in [[100, 20], [20, 100]] {
      var book = Book()
      book.lose(1...sizes[0], within: 10)
      book.seconds += 1000
      book.lose(1001...1000 + sizes[1], within: 10)
      let (first, second) = (book.held(1...sizes[0]), book.held(1001...1000 + sizes[1]))
      #expect(first + second == 64)
      #expect(abs(first - 64 * sizes[0] / 120) <= 2, "\(first) and \(second)")
    }
  }

  @Test func `who was lost last is in the book, also when it is full of a larger loss`() {
    var book = Book()
    book.lose(1...200, within: 10)
    book.seconds += 100
    for member in 300...310 {
      book.lose(member...member, within: 100)
      #expect(book.held(member...member) == 1)
      #expect(book.held(1...200) == 63)
    }
  }

  @Test func `both sides of a loss that was two at once stay`() {
    var book = Book()
    book.lose(1...200, within: 10)
    #expect(book.held(1...100) > 5 && book.held(101...200) > 5)
  }

  @Test func `who comes back is no loss any more, and makes room`() {
    var book = Book()
    book.lose(1...50, within: 8)
    book.seconds += 100
    book.lose(101...114, within: 10)
    for member in 1...49 { book.lost.remove(Peer(member).address) }
    #expect(book.lost.entries.count == 15)
    // The one that has not come back now counts as a single loss, and yields to those of fourteen.
    book.seconds += 100
    book.lose(201...250, within: 10)
    #expect(book.held(50...50) == 0 && book.held(101...114) == 14)
    // It is lost again, as of now.
    book.seconds += 100
    book.lose(201...201, within: 1)
    #expect(book.lost.entries.last?.address == Peer(201).address && book.lost.entries.count == 64)
  }
}
