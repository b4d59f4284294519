// The first ten bytes of every datagram, which are the same in all versions and all clusters.
//
// A node that speaks another version, or belongs to another cluster, can say that much to us and we to it, and a node
// that knows why nobody answers need not believe that it is alone. Rejected: a number that says "not understood" in the
// body (the body of another version is what we cannot read).

/// The clear header of a datagram. It never changes.
package struct Header: Equatable, Sendable {
  package var version: UInt8
  package var flags: UInt8
  /// The hash of the cluster's name (`Hash.of`).
  package var cluster: UInt64

  package init(version: UInt8 = Wire.version, flags: UInt8 = 0, cluster: UInt64) {
    self.version = version
    self.flags = flags
    self.cluster = cluster
  }

  /// Nil for fewer bytes than a header has.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count >= Wire.headerSize else { return nil }
    version = bytes[0]
    flags = bytes[1]
    cluster = bytes[2..<Wire.headerSize].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The header alone: the whole answer to a node that could not read more.
  package var bytes: [UInt8] {
    [version, flags] + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: cluster >> UInt64($0)) }
  }
}
