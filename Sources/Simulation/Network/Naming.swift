// How the name server answers, and how it lies.

/// How the name server answers.
package struct Naming: Equatable, Sendable {
  package enum Order: Equatable, Sendable {
    /// As the seeds are written, each time.
    case given
    /// The first one goes to the end at each question, as round-robin name servers do.
    case rotated
    /// Anew at each question.
    case shuffled
  }

  package var order: Order
  /// The most addresses of an answer; nil is no limit.
  package var most: Int?
  /// Addresses that nobody has, listed before the others.
  package var strays: Int

  package init(order: Order = .given, most: Int? = nil, strays: Int = 0) {
    self.order = order
    self.most = most
    self.strays = strays
  }
}

/// What the name server says in place of the truth.
package enum NameLie: Equatable, Sendable {
  /// The addresses that hosts had before they moved, or would have had.
  case stale
  /// Addresses of another network.
  case foreign
}
