// The answer to a plain `GET /get`, made once for each value that is asked for.

import Gossip
import NIOCore

/// The last such answer of one loop. Used on that loop only.
final class PreparedAnswer {
  private var last: (stamp: Stamp, bytes: ByteBuffer)?

  /// The whole answer, on a connection that is kept. Made for the first client that asks for this stamp, and not when the
  /// stamp comes: of a thousand writes a second most are never read here.
  func bytes(for stamp: Stamp) -> ByteBuffer {
    if let last, last.stamp == stamp { return last.bytes }
    let bytes = HTTPAnswer.value(stamp, form: .text).serialized(.keep)
    last = (stamp, bytes)
    return bytes
  }
}
