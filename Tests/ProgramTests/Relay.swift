// A network between real processes on one machine, which tests can cut. Each node advertises a port of the relay and
// listens elsewhere, so that everything between nodes passes through here, datagrams and notifies alike.
//
// A node accepts what a member says only from that member's address, so what a node sends leaves the relay through that
// node's port. The tests' clients connect to where the nodes listen, and are never cut off.
//
// Rejected: firewalls and network namespaces, which need rights that tests do not have; and stopping one side, which
// would hear everything when it resumes.

import Dispatch
import Foundation
import NIOConcurrencyHelpers
import Simulation

/// What the relay blocks: everything between one side and the others, or only a part of it.
struct Cut: Equatable {
  /// The nodes of one side; empty if nothing is cut.
  var side: [Int]
  /// Only what this side sends to the others is blocked.
  var isOneWay = false
  /// Only datagrams are blocked.
  var sparesHTTP = false

  func stops(from sender: Int, to node: Int) -> Bool {
    side.contains(sender) != side.contains(node) && (!isOneWay || side.contains(sender))
  }
}

/// Ports that stand for nodes.
final class Relay {
  /// The addresses that nodes advertise: `127.0.0.1:port`.
  let advertised: [String]
  /// Where nodes listen. Each has its own address, so that the sender is known at once.
  let listening: [String]
  /// Where nodes listen for HTTP. Others connect to this port at the advertised address, which is the relay's.
  let http: [String]
  private let passage: Passage
  private let sources: [any DispatchSourceRead]
  private let relayed: RelayedHTTP
  private let passed: NIOLockedValueBox<Int>

  /// - Parameters:
  ///   - names: the nodes' names.
  ///   - number: tells the relays of one process apart, below 16.
  init(names: [String], number: Int) throws {
    let nodes = names.count
    // Other test processes on this machine have another number, and so other addresses.
    let process = UInt32(truncatingIfNeeded: getpid()) & 0x3FFF
    let hosts = (0..<nodes).map { 0x7F40_0000 | process << 8 | UInt32(number * 16 + $0 + 1) }
    let sockets = (0..<nodes).map { _ in Passage.open() }
    let passage = Passage(hosts: hosts, sockets: sockets)
    let texts = hosts.map(Passage.text)
    let http = HTTPPassage(names: names, hosts: texts) { from, to in
      passage.cut.withLockedValue { !$0.sparesHTTP && $0.stops(from: from, to: to) }
    }
    let relayed = try RelayedHTTP(http)
    self.relayed = relayed
    self.http = texts.indices.map { "\(texts[$0]):\(relayed.ports[$0])" }
    passed = http.passed
    listening = texts.map { "\($0):\(Passage.port)" }
    advertised = sockets.map { "127.0.0.1:\(Passage.address(of: $0).sin_port.bigEndian)" }
    // One thread is enough, because a datagram passes in microseconds.
    let queue = DispatchQueue(label: "relay")
    sources = sockets.indices.map { node in
      let source = DispatchSource.makeReadSource(fileDescriptor: sockets[node], queue: queue)
      source.setEventHandler { passage.pass(to: node) }
      source.setCancelHandler { close(sockets[node]) }
      source.resume()
      return source
    }
    self.passage = passage
  }

  deinit { sources.forEach { $0.cancel() } }

  /// From now on the relay blocks this and nothing else.
  func cut(_ cut: Cut) { passage.cut.withLockedValue { $0 = cut } }

  /// From now on this node's datagrams are those of a made-up later version.
  func upgrade(_ node: Int) { passage.upgraded.withLockedValue { _ = $0.insert(node) } }

  /// The number of notifies relayed so far. It counts pieces; a notify is so short that it comes in one.
  var notifiesPassed: Int { passed.withLockedValue { $0 } }
}

/// The work of the relay's thread.
private final class Passage: Sendable {
  static let port: UInt16 = 7946
  let cut = NIOLockedValueBox(Cut(side: []))
  /// The nodes whose datagrams are rewritten (`LaterVersion`).
  let upgraded = NIOLockedValueBox<Set<Int>>([])
  /// Where each node listens, and the relay's socket for it.
  private let hosts: [UInt32]
  private let sockets: [Int32]

  init(hosts: [UInt32], sockets: [Int32]) {
    self.hosts = hosts
    self.sockets = sockets
  }

  /// Relays what waits at the port of one node.
  func pass(to node: Int) {
    var bytes = [UInt8](repeating: 0, count: 2048)
    var source = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    while true {
      let count = unsafe withUnsafeMutablePointer(to: &source) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe recvfrom(sockets[node], &bytes, bytes.count, Int32(MSG_DONTWAIT), $0, &length)
        }
      }
      guard count >= 0 else { return }
      guard let sender = hosts.firstIndex(of: UInt32(bigEndian: source.sin_addr.s_addr)) else { continue }
      let isStopped = cut.withLockedValue { $0.stops(from: sender, to: node) }
      guard !isStopped else { continue }
      let datagram = Array(bytes[..<count])
      let isUpgraded = upgraded.withLockedValue { $0.contains(sender) }
      send(isUpgraded ? LaterVersion.rewritten(datagram) : datagram, from: sender, to: node)
    }
  }

  private func send(_ bytes: [UInt8], from sender: Int, to node: Int) {
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = Passage.port.bigEndian
    target.sin_addr.s_addr = hosts[node].bigEndian
    // If nobody reads it, or it does not fit, it is lost, as in any network.
    _ = unsafe withUnsafePointer(to: &target) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(
          sockets[sender], bytes, bytes.count, Int32(MSG_DONTWAIT), $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  static func open() -> Int32 {
    let descriptor = socket(AF_INET, SocketType.datagram, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    precondition(descriptor >= 0 && result == 0, "no free port at 127.0.0.1")
    return descriptor
  }

  static func address(of descriptor: Int32) -> sockaddr_in {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    return address
  }

  static func text(_ host: UInt32) -> String {
    [24, 16, 8, 0].map { "\(host >> $0 & 0xFF)" }.joined(separator: ".")
  }
}
