// Writes in a stream: one client, each write on a random node, so many a second.
//
// One write at a time says how fast a write travels; a stream says whether it arrives before the next one starts. Where it
// does not, the next write is made without knowing of it, and one of both is lost.

package import Gossip

/// What came of a stream of writes.
package struct WriteStream: Sendable {
  /// Writes that nodes accepted.
  package var accepted = 0
  /// Those of them that another write replaced which did not know of them: all that were accepted, less the rise of the
  /// generation.
  package var lost = 0
  /// Those that nodes told of.
  package var told = 0
  /// From a write to all nodes holding it or a newer one, in milliseconds.
  package var convergence = Distribution()
  /// Writes that some nodes had not when patience was over.
  package var unfinished = 0
  /// What a node sent in a second, headers included.
  package var packets = 0.0
  package var bytes = 0.0

  package init() {}

  /// The share of writes that were lost.
  package var lostShare: Double { Double(lost) / Double(max(1, accepted)) }

  /// What takes longer did not happen: probes and pulls mend within seconds whatever can be mended.
  private static let patience: Duration = .seconds(5)

  /// Writes on nodes of a cluster that is quiet, and waits for the last write to arrive.
  ///
  /// - Parameters:
  ///   - rate: writes a second, evenly spaced.
  ///   - dice: chooses the node of each write.
  package static func run(
    on cluster: inout Cluster, writes: Int, perSecond rate: Double, using dice: inout Generator
  ) throws(Violation) -> WriteStream {
    let running = cluster.running
    guard let first = running.first, writes > 0, rate > 0 else { return WriteStream() }
    let (start, generation, sent) = (cluster.time, cluster.stamp(of: first).generation, cluster.sent)
    let told = cluster.toldLosses
    cluster.keepPublications()
    var made: [(stamp: Stamp, time: Instant)] = []
    for number in 0..<writes {
      cluster.run(until: start + .microseconds(Int64(Double(number) * 1_000_000 / rate)))
      let host = running[dice.below(running.count)]
      // No two values are the same, or two writes of one generation would be one.
      cluster.perform(.set(host, Int64(1_000_000 + number)))
      made.append((cluster.stamp(of: host), cluster.time))
    }
    let seconds = (cluster.time - start).inSeconds
    let (datagrams, bytes) = (cluster.sent.datagrams - sent.datagrams, cluster.sent.bytes - sent.bytes)
    cluster.run(until: cluster.time + patience) { cluster in
      running.allSatisfy { cluster.stamp(of: $0) == cluster.stamp(of: running[0]) }
    }
    try cluster.check()
    var stream = WriteStream()
    stream.accepted = writes
    stream.lost = writes - Int(cluster.stamp(of: first).generation - generation)
    stream.told = cluster.toldLosses - told
    if seconds > 0 {
      let share = Double(running.count) * seconds
      stream.packets = Double(datagrams) / share
      stream.bytes = (Double(bytes) + Laboratory.headers * Double(datagrams)) / share
    }
    stream.measure(made, cluster.takePublications(), running)
    return stream
  }

  /// Finds for each write when the last node had it. Both lists are in order of time, and on each node stamps grow.
  private mutating func measure(
    _ made: [(stamp: Stamp, time: Instant)], _ publications: [Cluster.Publication], _ running: [Int]
  ) {
    var last = [Instant?](repeating: made[0].time, count: made.count)
    for host in running {
      let own = publications.filter { $0.host == host }
      // Of a write's stamp or a greater one, in the order of stamps.
      let order = made.indices.sorted { made[$0].stamp < made[$1].stamp }
      var next = 0
      for write in order {
        while next < own.count, own[next].stamp < made[write].stamp { next += 1 }
        guard next < own.count, let before = last[write] else { last[write] = nil; continue }
        last[write] = max(before, own[next].time)
      }
    }
    for (write, time) in zip(made, last) {
      guard let time else { unfinished += 1; continue }
      convergence.add(max(time - write.time, .zero).inSeconds * 1000)
    }
  }
}

extension Laboratory {
  /// Writes so many times, so many a second.
  package func stream(_ writes: Int, perSecond rate: Double) throws(Violation) -> WriteStream {
    var cluster = cluster()
    var dice = Generator(seed: seed, for: "measurement")
    return try WriteStream.run(on: &cluster, writes: writes, perSecond: rate, using: &dice)
  }
}

extension Cluster {
  /// The losses that nodes told of so far.
  var toldLosses: Int { invariants.lineage.told }

  mutating func keepPublications() { keepsPublications = true }

  /// What was kept; nothing is kept from now on.
  mutating func takePublications() -> [Publication] {
    keepsPublications = false
    defer { publications = [] }
    return publications
  }
}
