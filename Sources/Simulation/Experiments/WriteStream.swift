// Writes in a stream: one client, each write on a random node, so many a second.
//
// One write at a time shows how fast a write travels. A stream shows whether it arrives before the next one starts. If
// it does not, the next write is made without knowing of it, and one of the two is lost.

package import Gossip

/// What came of a stream of writes.
package struct WriteStream: Sendable {
  /// Writes that nodes accepted.
  package var accepted = 0
  /// Those of them that were replaced by a write that did not know of them: all that were accepted, less the rise of
  /// the generation.
  package var lost = 0
  /// Those that nodes reported.
  package var told = 0
  /// From a write to all nodes holding it or a newer one, in milliseconds.
  package var convergence = Distribution()
  /// Writes that had not reached all nodes when the wait was over.
  package var unfinished = 0
  /// What a node sent in a second.
  package var sent = Traffic.Rate()

  package init() {}

  /// The share of writes that were lost.
  package var lostShare: Double { Double(lost) / Double(max(1, accepted)) }

  /// What takes longer did not happen: probes and pulls mend within seconds whatever can be mended.
  private static let timeLimit: Duration = .seconds(5)

  /// Writes on nodes of a cluster that is quiet, and waits for the last write to arrive.
  ///
  /// - Parameters:
  ///   - rate: writes a second, evenly spaced.
  ///   - generator: chooses the node of each write.
  package static func run(
    on cluster: inout Cluster, writes: Int, perSecond rate: Double, using generator: inout Generator
  ) -> WriteStream {
    var stream = WriteStream()
    let running = cluster.running
    guard let first = running.first, writes > 0, rate > 0 else { return stream }
    let (start, generation, sent) = (cluster.time, cluster.stamp(of: first).generation, cluster.sent)
    let told = cluster.toldLosses
    cluster.publications = []
    var made: [(stamp: Stamp, time: Instant)] = []
    for number in 0..<writes {
      cluster.run(until: start + .microseconds(Int64(Double(number) * 1_000_000 / rate)))
      let host = running[generator.below(running.count)]
      // No two values are the same, or two writes of one generation would be one.
      cluster.perform(.set(host, Int64(1_000_000 + number)))
      made.append((cluster.stamp(of: host), cluster.time))
    }
    let seconds = (cluster.time - start).inSeconds
    if seconds > 0 { stream.sent = (cluster.sent - sent).divided(by: Double(running.count) * seconds) }
    cluster.run(until: cluster.time + timeLimit) { cluster in
      running.allSatisfy { cluster.stamp(of: $0) == cluster.stamp(of: running[0]) }
    }
    // The generation of a run that broke a rule says nothing, and the run will not be used.
    guard cluster.violation == nil else { return stream }
    stream.accepted = writes
    stream.lost = writes - Int(cluster.stamp(of: first).generation - generation)
    stream.told = cluster.toldLosses - told
    stream.measure(made, cluster.publications ?? [], running)
    cluster.publications = nil
    return stream
  }

  /// Finds for each write when the last node had it. Both lists are in order of time, and on each node stamps grow.
  private mutating func measure(
    _ made: [(stamp: Stamp, time: Instant)], _ publications: [Publication], _ running: [Int]
  ) {
    var last = [Instant?](repeating: made[0].time, count: made.count)
    for host in running {
      let own = publications.filter { $0.host == host }
      // When the host took over each write's stamp or a greater one, in the order of stamps.
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
