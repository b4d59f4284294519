// What can be wrong between some hosts and others.

/// Datagrams from some hosts to some hosts are lost: all of them (a cut), a share, or the large ones.
package struct Impairment: Equatable, Sendable {
  package var from: HostSet
  package var to: HostSet
  package var loss: Double
  /// Only datagrams with more bytes than this are lost, headers not counted, as on paths that drop fragments silently.
  /// TCP finds out by itself what passes.
  package var above = 0
  /// Only datagrams are lost, and HTTP passes, as through a firewall that knows only TCP.
  package var sparesHTTP: Bool

  package init(from: [Int], to: [Int], loss: Double = 1, sparesHTTP: Bool = false) {
    self.from = HostSet(from)
    self.to = HostSet(to)
    self.loss = loss
    self.sparesHTTP = sparesHTTP
  }

  /// A path that lets no larger datagrams through.
  package init(from: [Int], to: [Int], above size: Int) {
    self.init(from: from, to: to, sparesHTTP: true)
    above = size
  }

  /// The cuts that separate these groups from each other, in both directions. With few hosts some groups may be empty.
  package static func partition(_ groups: [[Int]], sparesHTTP: Bool = false) -> [Impairment] {
    let groups = groups.filter { !$0.isEmpty }
    return groups.indices.flatMap { left in
      groups.indices.filter { $0 != left }.map { right in
        Impairment(from: groups[left], to: groups[right], sparesHTTP: sparesHTTP)
      }
    }
  }
}
