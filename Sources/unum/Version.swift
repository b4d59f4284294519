/// The program's version, as `unum --version` and the start-up line say it. Semantic versioning: before 1.0 the wire
/// format may change with the second number; nodes of different formats ignore each other and count it.
package enum Version {
  package static let current = "0.1.0"
}
