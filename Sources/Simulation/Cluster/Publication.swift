// When a stamp reached a host, for figures of writes in a stream.

internal import Gossip

/// A process took over a stamp.
struct Publication {
  var time: Instant
  var host: Int
  var stamp: Stamp
}
