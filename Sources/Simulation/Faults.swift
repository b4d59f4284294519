// What can be wrong between hosts and with them. Everything here is a value that somebody switches on and off again, so
// that a schedule of faults is a list which can be printed, replayed and thinned out.

internal import Gossip

/// How the network treats every datagram. Probabilities are of one datagram.
package struct Conditions: Equatable, Sendable {
  /// Lost, each by itself.
  package var loss = 0.0
  /// A burst begins in which everything to one host is lost, as when a queue overflows.
  package var burst = 0.0
  package var burstLength: Duration = .milliseconds(50)
  /// The least one-way delay, and what chance adds to it at most.
  package var delay: Duration = .microseconds(300)
  package var jitter: Duration = .microseconds(700)
  /// Held up for longer: at least `tailDelay`, and k times that with probability 1/k (a Pareto tail).
  package var tail = 0.0
  package var tailDelay: Duration = .milliseconds(20)
  /// Comes twice, the second with a delay of its own.
  package var duplication = 0.0
  /// Overtaken: waits up to `reorderDelay` more.
  package var reordering = 0.0
  package var reorderDelay: Duration = .milliseconds(30)
  /// Some bits are flipped.
  package var corruption = 0.0
  /// The end is cut off.
  package var truncation = 0.0
  /// Some datagram of the past comes once more.
  package var replay = 0.0

  /// A quiet local network: 0.3 to 1 ms one way, nothing lost.
  package static let lan = Conditions()

  /// Nothing wrong and no delay: what other conditions are combined with.
  package static var none: Conditions {
    var conditions = Conditions()
    conditions.delay = .zero
    conditions.jitter = .zero
    return conditions
  }

  /// The worse of both in every respect.
  func combined(with other: Conditions) -> Conditions {
    var worst = Conditions()
    worst.loss = max(loss, other.loss)
    worst.burst = max(burst, other.burst)
    worst.burstLength = max(burstLength, other.burstLength)
    worst.delay = max(delay, other.delay)
    worst.jitter = max(jitter, other.jitter)
    worst.tail = max(tail, other.tail)
    worst.tailDelay = max(tailDelay, other.tailDelay)
    worst.duplication = max(duplication, other.duplication)
    worst.reordering = max(reordering, other.reordering)
    worst.reorderDelay = max(reorderDelay, other.reorderDelay)
    worst.corruption = max(corruption, other.corruption)
    worst.truncation = max(truncation, other.truncation)
    worst.replay = max(replay, other.replay)
    return worst
  }
}

/// Some of the hosts.
package struct HostSet: Equatable, Sendable {
  private var isMember: [Bool]

  package init(_ hosts: [Int]) {
    isMember = Array(repeating: false, count: (hosts.max() ?? -1) + 1)
    for host in hosts { isMember[host] = true }
  }

  package func contains(_ host: Int) -> Bool { host < isMember.count && isMember[host] }

  /// Their numbers, the least first.
  var hosts: [Int] { isMember.indices.filter { isMember[$0] } }
}

/// Datagrams from some hosts to some hosts are lost: all of them (a cut), a share, or the large ones.
package struct Impairment: Equatable, Sendable {
  package var from: HostSet
  package var to: HostSet
  package var loss: Double
  /// Only datagrams of more bytes are lost, headers not counted, as where fragments are dropped and nobody says so. TCP
  /// finds out by itself what passes.
  package var above = 0
  /// Only datagrams are lost, and what goes over HTTP passes, as where a firewall knows TCP alone.
  package var sparesHTTP: Bool

  package init(from: [Int], to: [Int], loss: Double = 1, sparesHTTP: Bool = false) {
    self.from = HostSet(from)
    self.to = HostSet(to)
    self.loss = loss
    self.sparesHTTP = sparesHTTP
  }

  /// What a path does that lets no larger datagrams through.
  package init(from: [Int], to: [Int], above size: Int) {
    self.init(from: from, to: to, sparesHTTP: true)
    above = size
  }

  /// The cuts that separate these groups from each other, in both directions. Of few hosts some groups may be empty.
  package static func partition(_ groups: [[Int]], sparesHTTP: Bool = false) -> [Impairment] {
    let groups = groups.filter { !$0.isEmpty }
    return groups.indices.flatMap { left in
      groups.indices.filter { $0 != left }.map { right in
        Impairment(from: groups[left], to: groups[right], sparesHTTP: sparesHTTP)
      }
    }
  }
}

/// Names something that was switched on, so that it can be switched off.
package struct FaultID: Hashable, Sendable {
  package var number: Int
  package init(_ number: Int) { self.number = number }

  /// The episode of a kind of fault: its place among all kinds, and how many of the kind were before.
  init(kind: Int, episode: Int) { number = kind * FaultID.perKind + episode }

  /// More than one run has of any kind.
  static let perKind = 10_000
}

/// Something that is done to a cluster from outside. What makes no sense when its time comes (a crash of a host that is
/// down) is not done, so that any part of a schedule is a schedule.
package enum Action: Equatable, Sendable {
  /// A process starts on a host that is down.
  case start(Int)
  /// `kill -9`.
  case crash(Int)
  /// The host gets an address that nobody had; for a host that is down.
  case move(Int)
  /// SIGSTOP: datagrams wait in the socket's buffer.
  case pause(Int)
  /// SIGCONT.
  case resume(Int)
  /// SIGTERM: the process leaves and ends.
  case leave(Int)
  /// A client writes.
  case set(Int, Int64)
  /// Somebody outside the cluster posts a notify: a generation so much above the host's, and a value.
  case notify(Int, ahead: UInt64, Int64)
  /// The same with a generation so much below the highest that the host believes from outside, or above it.
  case notifyNearCeiling(Int, below: Int64, Int64)
  /// The wall clock is turned.
  case turnClock(Int, by: Duration)
  /// The clocks run so many millionths too fast; for a host that is down.
  case drift(Int, Int64)
  /// The host is busy: everything on it happens up to so much late; zero ends it.
  case slow(Int, Duration)
  /// From now on the host's HTTP port refuses connections, as one that is bound to loopback, or it ends to: a process that
  /// starts listens again.
  case refuseHTTP(Int, Bool)
  /// From now on the host's datagrams leave from elsewhere than where it is reached.
  case map(FaultID, Int, Mapping)
  /// The host's next process advertises this host's address, or its own again; for a host that is down.
  case advertise(Int, as: Int?)
  /// These impairments begin.
  case impair(FaultID, [Impairment])
  /// These conditions are added to those that hold.
  case worsen(FaultID, Conditions)
  /// The name server answers like this from now on.
  case name(Naming)
  /// Names do not resolve.
  case loseNames(FaultID)
  /// Names stand for other addresses than they should.
  case misname(FaultID, NameLie)
  /// Strangers flood a host.
  case flood(FaultID, Int, Flood)
  /// Ends an impairment, conditions, the loss of names, lies about them, a flood or a mapping.
  case end(FaultID)
  /// A stranger sends the host bytes: at random, or a well-formed lie.
  case noise(Int)
  case lie(Int)
  /// And one that comes, for all that the host can see, from another host's address.
  case forge(Int, as: Int)
}
