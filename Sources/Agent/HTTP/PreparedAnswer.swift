// The answer to a plain `GET /get`, made once for each value that a client asks for.

import Gossip
import NIOCore

/// The last such answer of one loop. Used only on that loop.
final class PreparedAnswer {
  private var last: (stamp: Stamp, bytes: ByteBuffer)?

  /// The whole answer on a kept connection. It is made for the first client that asks for this stamp, and not when the
  /// stamp arrives: of a thousand writes a second, most are never read here.
  func bytes(for stamp: Stamp) -> ByteBuffer {
    if let last, last.stamp == stamp { return last.bytes }
    let bytes = HTTPAnswer.value(stamp, form: .text).serialized(.keep)
    last = (stamp, bytes)
    return bytes
  }
}
