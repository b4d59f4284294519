// How large our datagrams may be.
//
// Some paths silently lose large datagrams: tunnels, and firewalls that drop fragments. Datagrams that must not be lost
// for their size are always small: a probe that got lost because of the news on it would get its target accused. Pulls
// and gossip are large as long as nothing speaks against it. Otherwise a page of a large list would take three
// datagrams instead of one, and the news of a hundred members that return at once would outlive its pushes (2 s to heal
// instead of 0.3). A pull that goes unanswered is repeated, small. If that one is answered, the large one was too large
// or unlucky, and all datagrams are small for a minute.
//
// The whole node uses one size. The hop that loses large datagrams is usually close to it; if it is not, the other
// paths carry small datagrams for a minute, which costs packets and loses nothing. Rejected: sizes in between (each
// takes a try, and paths that lose datagrams of 1,232 bytes are too rare to deserve more) and one size per member
// (eight bytes of 96, used once a minute).

/// The size limit of datagrams that may be large.
struct PathSize: Sendable {
  /// Until this time all datagrams are small.
  private var smallUntil: Instant

  init(at now: Instant) { smallUntil = now }

  /// The size limit of a datagram that may be lost.
  func limit(at now: Instant) -> Int { now < smallUntil ? Wire.modestPlainSize : Wire.maximumPlainSize }

  /// The size of the pull that is try number `number` for its page at this peer.
  func sizeOfPull(ofTry number: Int, at now: Instant) -> Int { number > 1 ? Wire.modestPlainSize : limit(at: now) }

  /// A page arrived after this many tries. A peer that answers none is gone, which says nothing about sizes.
  mutating func pageCame(afterTries tries: Int, at now: Instant, _ settings: Settings) {
    if tries > 1 { smallUntil = now + settings.smallPathLifetime }
  }

  /// How many digests a pull of this size has. 32 leave room for the longest header.
  static func buckets(in size: Int) -> Int { size < Wire.maximumPlainSize ? Wire.buckets / 4 : Wire.buckets }
}
