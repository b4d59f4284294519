/// Some of the hosts.
package struct HostSet: Equatable, Sendable {
  private var isMember: [Bool]

  package init(_ hosts: [Int]) {
    isMember = Array(repeating: false, count: (hosts.max() ?? -1) + 1)
    for host in hosts { isMember[host] = true }
  }

  package func includes(_ host: Int) -> Bool { host < isMember.count && isMember[host] }

  /// Their numbers, the least first.
  var hosts: [Int] { isMember.indices.filter { isMember[$0] } }
}
