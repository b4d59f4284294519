// What rules find. Rules are handed one collector and go on looking, so that a rule that is left out hides no other.

/// Collects what is broken; the first counts.
struct Findings {
  /// A broken rule, and how it was broken.
  typealias Finding = (rule: Violation.Rule, detail: String)

  private let ignored: Set<Violation.Rule>
  private(set) var first: Finding?

  /// - Parameter ignored: rules that are left out, to see whether another one finds the same bug.
  init(ignoring ignored: Set<Violation.Rule>) { self.ignored = ignored }

  var isEmpty: Bool { first == nil }

  /// A rule is broken. The detail is put together only when it is kept.
  mutating func broken(_ rule: Violation.Rule, _ detail: @autoclosure () -> String) {
    guard first == nil, !ignored.contains(rule) else { return }
    first = (rule, detail())
  }
}
