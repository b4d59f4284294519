// What can be done to a cluster. Actions are values, so that a schedule of faults is a list that can be printed,
// replayed and thinned out.

internal import Gossip

/// Something that is done to a cluster from outside. An action that makes no sense when its time comes (a crash of a
/// host that is down) is not done, so that any part of a schedule is a schedule.
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
  /// The same with a generation so much below the highest that the host accepts from outside, or above it.
  case notifyNearCeiling(Int, below: Int64, Int64)
  /// The wall clock is turned.
  case turnClock(Int, by: Duration)
  /// The clocks run so many millionths too fast; for a host that is down.
  case drift(Int, Int64)
  /// The host is busy: everything on it happens up to so much late. Zero ends that.
  case slow(Int, Duration)
  /// From now on the host's HTTP port refuses connections, as one that is bound to loopback does, or accepts them
  /// again. A process that starts accepts them.
  case refuseHTTP(Int, Bool)
  /// From now on the host's datagrams come from another address than the one where it is reached.
  case map(FaultID, Int, Mapping)
  /// The host's next process advertises this host's address, or its own again; for a host that is down.
  case advertise(Int, as: Int?)
  /// The host's next process speaks the made-up later version, or ours again; for a host that is down.
  case upgrade(Int, Bool)
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
  /// The adversary floods a host.
  case flood(FaultID, Int, Flood)
  /// Ends an impairment, conditions, the loss of names, lies about them, a flood or a mapping.
  case end(FaultID)
  /// The adversary sends the host bytes: at random, or a well-formed lie.
  case noise(Int)
  case lie(Int)
  /// The same with a lie that seems to come from another host's address.
  case forge(Int, as: Int)
}
