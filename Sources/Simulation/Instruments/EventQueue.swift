// What is yet to happen in a simulation, earliest first. What is queued once is taken once; deadlines, which move all
// the time, are in `WakeUps`.

internal import Gossip

/// Events at given times. Those of one instant come out in the order in which they were added.
struct EventQueue<Element> {
  private struct Entry {
    var time: Int64
    var order: UInt64
    var slot: Int

    static func < (left: Entry, right: Entry) -> Bool { (left.time, left.order) < (right.time, right.order) }
  }

  /// A binary heap of small entries; the elements that they stand for stay where they are.
  private var heap: [Entry] = []
  private var slots: [Element?] = []
  private var free: [Int] = []
  private var added: UInt64 = 0

  /// When the next event is due.
  var next: Instant { heap.first.map { Instant(microseconds: $0.time) } ?? .distantFuture }

  mutating func add(_ element: Element, at time: Instant) {
    let slot: Int
    if let last = free.popLast() {
      slot = last
      slots[slot] = element
    } else {
      slot = slots.count
      slots.append(element)
    }
    added += 1
    heap.append(Entry(time: time.microseconds, order: added, slot: slot))
    rise(from: heap.count - 1)
  }

  /// Takes the next event; nil when nothing is queued.
  mutating func take() -> Element? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink(from: 0)
    }
    free.append(first.slot)
    return slots[first.slot].take()
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0, heap[index] < heap[(index - 1) / 2] {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func sink(from start: Int) {
    var index = start
    while true {
      var least = index
      if 2 * index + 1 < heap.count, heap[2 * index + 1] < heap[least] { least = 2 * index + 1 }
      if 2 * index + 2 < heap.count, heap[2 * index + 2] < heap[least] { least = 2 * index + 2 }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }
}
