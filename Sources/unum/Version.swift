/// The program's version, as `unum --version` and the first line of the log show it. Versions are semantic: before 1.0
/// the wire format may change with the second number. Nodes of different formats ignore each other and count it.
package enum Version {
  package static let current = "0.1.0"
}
