/// The format of a datagram.
package enum Wire {
  /// The largest datagram that may travel: IPv6's least MTU (1,280) less its and UDP's headers.
  package static let maximumSize = 1232
  /// The longest name of a member, in bytes of UTF-8.
  package static let maximumName = 64
}
