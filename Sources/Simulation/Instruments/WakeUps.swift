// When each host wants to be woken: a heap in which every host has one place.
//
// A host's deadline moves with nearly every event. Queueing each new deadline and skipping the stale ones would fill
// the event queue with five times as many entries as there are datagrams.

internal import Gossip

/// When each host is to be woken. A host knows its place in the heap, so moving it takes no search.
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
