// What a simulated cluster still has to do.

internal import Gossip

/// Something that will happen.
enum QueuedEvent {
  case datagram([UInt8], from: Address, to: Address)
  /// A busy host comes to read what arrived.
  case read([UInt8], from: Address, host: Int, process: Int)
  /// Somebody's notify over HTTP arrives at this address.
  case post(Stamp, by: Int, to: Address)
  /// Something for one process, and none after it.
  case event(Event, host: Int, process: Int)
  case action(Action)
  /// The next datagram of a flood.
  case flood(FaultID)
}
