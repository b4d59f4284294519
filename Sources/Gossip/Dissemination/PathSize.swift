// How large the datagrams are that go out.
//
// Some paths lose large datagrams, and nobody says so: tunnels, and firewalls that drop fragments. What must not be lost
// for its size is always small: a probe that is lost with the news on it would cost its target's name. Pulls and gossip
// are large, as long as nothing speaks against it, or a page of a large list would take three datagrams in place of one,
// and the news of a hundred members that return at once would outlive its pushes (2 s to heal in place of 0.3). A pull
// that is not answered is asked again, small; where that is answered, the large one was too large or unlucky, and all is
// small for a minute.
//
// One size for the whole node: what loses large datagrams is most often near to it, and where it is not, the other paths
// carry small ones for a minute, which costs packets and loses nothing. Rejected: sizes in between (each takes a try, and
// paths that lose datagrams of 1,232 bytes are too rare to be served better) and one size for each member (eight bytes of
// 96, for what is used once a minute).

/// The sizes of datagrams that may be large.
struct PathSize: Sendable {
  /// Until when all is small.
  private var smallUntil: Instant

  init(at now: Instant) { smallUntil = now }

  /// The most that a datagram may have whose loss would be a pity and no more.
  func most(at now: Instant) -> Int { now < smallUntil ? Wire.modestPlainSize : Wire.maximumPlainSize }

  /// The size of a pull when so many tries for its page, this one among them, were made of this peer.
  func sizeOfPull(ofTry number: Int, at now: Instant) -> Int { number > 1 ? Wire.modestPlainSize : most(at: now) }

  /// A page came, after so many tries. Who answers none has gone, which says nothing about sizes.
  mutating func pageCame(afterTries tries: Int, at now: Instant, _ settings: Settings) {
    if tries > 1 { smallUntil = now + settings.smallPaths }
  }

  /// How many digests a pull of this size has. 32 leave room beside them for the longest header.
  static func buckets(in size: Int) -> Int { size < Wire.maximumPlainSize ? Wire.buckets / 4 : Wire.buckets }
}
