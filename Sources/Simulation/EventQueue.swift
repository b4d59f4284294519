// What is yet to happen in a simulation, earliest first, and when each host wants to be woken.
//
// Two heaps, because they are used differently. A datagram is queued once and taken once. A host's deadline moves with
// nearly every event, so it has one place that is moved up or down; queueing each new deadline and skipping the stale
// ones would fill the queue with five times as many entries as there are datagrams.

internal import Gossip

/// Things that happen at given times; those of one instant in the order in which they were added.
struct EventQueue<Happening> {
  private struct Entry {
    var time: Int64
    var order: UInt64
    var slot: Int

    static func < (left: Entry, right: Entry) -> Bool { (left.time, left.order) < (right.time, right.order) }
  }

  /// A binary heap of small entries; what they stand for stays where it is.
  private var heap: [Entry] = []
  private var slots: [Happening?] = []
  private var free: [Int] = []
  private var added: UInt64 = 0

  /// When the next thing happens.
  var next: Instant { heap.first.map { Instant(microseconds: $0.time) } ?? .distantFuture }

  mutating func add(_ happening: Happening, at time: Instant) {
    let slot: Int
    if let last = free.popLast() {
      slot = last
      slots[slot] = happening
    } else {
      slot = slots.count
      slots.append(happening)
    }
    added += 1
    heap.append(Entry(time: time.microseconds, order: added, slot: slot))
    rise(from: heap.count - 1)
  }

  /// Takes the next thing; nil when nothing is queued.
  mutating func take() -> Happening? {
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

/// When each host is to be woken: a heap in which every host has one place, and knows it.
struct WakeUps {
  private var times: [Int64] = []
  private var heap: [Int] = []
  private var places: [Int] = []

  /// The earliest host and its time; nil without hosts.
  var first: (host: Int, time: Instant)? {
    heap.first.map { ($0, Instant(microseconds: times[$0])) }
  }

  /// Adds the next host, which sleeps for ever.
  mutating func addHost() {
    places.append(heap.count)
    heap.append(times.count)
    times.append(Instant.distantFuture.microseconds)
  }

  func time(of host: Int) -> Instant { Instant(microseconds: times[host]) }

  mutating func set(_ host: Int, to time: Instant) {
    let old = times[host]
    times[host] = time.microseconds
    if time.microseconds < old { rise(from: places[host]) } else { sink(from: places[host]) }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool { (times[left], left) < (times[right], right) }

  private mutating func swap(_ left: Int, _ right: Int) {
    heap.swapAt(left, right)
    places[heap[left]] = left
    places[heap[right]] = right
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0, isBefore(heap[index], heap[(index - 1) / 2]) {
      swap(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func sink(from start: Int) {
    var index = start
    while true {
      var least = index
      if 2 * index + 1 < heap.count, isBefore(heap[2 * index + 1], heap[least]) { least = 2 * index + 1 }
      if 2 * index + 2 < heap.count, isBefore(heap[2 * index + 2], heap[least]) { least = 2 * index + 2 }
      guard least != index else { return }
      swap(index, least)
      index = least
    }
  }
}
