/// Names something that was switched on, so that it can be switched off.
package struct FaultID: Hashable, Sendable {
  package var number: Int
  package init(_ number: Int) { self.number = number }

  /// An episode of a kind of fault: the kind's place among all kinds, and the number of the episode.
  init(kind: Int, episode: Int) { number = kind * FaultID.perKind + episode }

  /// More episodes than one run has of any kind.
  static let perKind = 10_000
}
