// One seed, many generators.

internal import Gossip

extension Generator {
  /// The generator of one concern of a run. Each concern has its own, so what one draws does not change what others
  /// draw.
  init(seed: UInt64, for concern: String) { self.init(seed: Hash.mix(seed ^ Hash.of(concern))) }
}
