/// Where the datagrams of a host behind a gateway come from. What is sent there reaches the host, and so does what is
/// sent to its own address.
package enum Mapping: Equatable, Sendable, CaseIterable {
  /// The host's own IP address at another port.
  case port
  /// Another IP address, the gateway's.
  case gateway
  /// The gateway's, at another port for each destination.
  case symmetric
}
