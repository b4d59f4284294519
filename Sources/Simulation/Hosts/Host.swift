// A simulated machine and the process on it.

package import Gossip

/// A machine: its address, its clocks, and what its process is doing.
package struct Host: Sendable {
  /// What the process is doing.
  package enum Activity: Equatable, Sendable {
    /// There is none. Can move to: running.
    case down
    /// Can move to: down, paused.
    case running
    /// Stopped by a signal; datagrams wait in the socket. Can move to: running, down.
    case paused
  }

  package internal(set) var activity = Activity.down
  /// Which of the addresses it has; `Host.address` tells it.
  package internal(set) var slot: Int
  /// Counts the processes that ran here: what is meant for one does not reach the next.
  package internal(set) var process = 0
  package internal(set) var clock: HostClock
  /// The hosts that each of its seeds' names stands for.
  package internal(set) var seeds: [[Int]]
  /// The address that its next process advertises, where it is not its own.
  var advertised: Address?
  /// The settings that its next process starts with.
  package var settings: Settings
  /// Everything on it happens up to so much late.
  var lateness = Duration.zero
  /// Its HTTP port refuses connections, while datagrams pass.
  var refusesHTTP = false
  /// Its process speaks a made-up later version of the wire format.
  var speaksLaterVersion = false
  /// The process was asked to leave.
  package internal(set) var isLeaving = false
  /// The deadline that its wake-up was set for, so that its lateness is drawn once.
  var deadline = Instant.distantFuture
  /// Datagrams in the socket of a paused process.
  var socket: [(bytes: [UInt8], from: Address)] = []
  /// When it took over the stamp that it published last.
  package internal(set) var stampSince = Instant(microseconds: 0)
  /// What its processes sent.
  package internal(set) var sent = Traffic()

  init(slot: Int, clock: HostClock, seeds: [[Int]], settings: Settings) {
    self.slot = slot
    self.clock = clock
    self.seeds = seeds
    self.settings = settings
  }

  /// The address in this slot: 10.0.0.1 and up.
  package static func address(inSlot slot: Int) -> Address {
    Address(ipv4: firstAddress + UInt32(slot), port: DefaultPort.gossip)
  }

  /// The slot of an address; nil for one that no host can have.
  package static func slot(of address: Address) -> Int? {
    guard address.isIPv4, address.port == DefaultPort.gossip else { return nil }
    let offset = Int(address.low & 0xFFFF_FFFF) - Int(firstAddress)
    return (0..<addresses).contains(offset) ? offset : nil
  }

  package var address: Address { Host.address(inSlot: slot) }

  /// The default of the kernel, 208 KiB, charged with 768 bytes for each small datagram.
  static let socketCapacity = 277
  private static let firstAddress: UInt32 = 0x0A00_0001
  private static let addresses = 1 << 20
}
