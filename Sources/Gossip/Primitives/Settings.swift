// Every constant of the protocol that is a choice, with its reason. The simulation and the tests change them; people
// who run a node never need to.
//
// The figures beside the defaults are for LAN round trips, from the simulation (`Tests/Benchmarks/detection.csv`, and
// `FIGURES=1 swift test -c release --filter FiguresTests`). All times of a probe are multiplied by the local health and by
// what the measured round trips ask for, so that a slow network widens them without configuration.
//
// All defaults together: a crash is on all nodes' lists as a death after 1.19 to 1.24 s in the median and 1.8 to 2.0 s in
// 99 %, at 5, 20 and 50 nodes, without loss and at 20 %. Idling costs 548 bytes a second in 5 packets (headers included,
// HTTP left out), 1.1 to 1.2 KB at 20 % loss.

/// Who a node is. The name and the port never change while the process lives.
package struct Identity: Equatable, Sendable {
  /// The address that peers reach, UDP; also what the node is known by.
  package var address: Address
  /// A label for people, at most `Wire.maximumName` bytes of UTF-8; longer ones are cut.
  package var name: String
  /// The TCP port of the HTTP interface at the same IP address; 0 when other nodes cannot reach it there.
  package var httpPort: UInt16

  package init(address: Address, name: String, httpPort: UInt16) {
    self.address = address
    self.name = name
    self.httpPort = httpPort
  }
}

/// The choices of the protocol.
package struct Settings: Equatable, Sendable {
  /// The cluster's name. Nodes of different names ignore each other.
  package var cluster = "unum"

  /// The seeds as configured, in order; only their count matters here. Their addresses come by `Event.resolved`.
  package var seeds: [String] = []

  /// How many extra peers get a notify over HTTP (`--notify`).
  package var notifyPeers = 0

  /// Which addresses our socket can send to.
  package var reach = Reach.both

  /// Families of addresses. An IPv4 socket knows only its own, one that is bound to an IPv6 address as well; one that is
  /// bound to `::` has both.
  package enum Reach: Sendable { case ipv4, ipv6, both }

  // MARK: Probing (SWIM, section 3.1)

  /// One probe each period. At n = 20 half of it finds a crash 0.3 s earlier in the median (0.77 s) and 0.6 s in 99 %
  /// (1.08 s), for twice the idle traffic and 2.6 times the false suspicions at 20 % loss; twice of it takes 0.4 and
  /// 0.7 s longer.
  package var period: Duration = .milliseconds(400)
  /// Every second probe takes a member in address order, by the wall clock; without, all take the next of the shuffled
  /// list, as SWIM's do (section 4.3). With, a crash is first asked about after 0.7 periods in place of 1.0 on average and
  /// after 2.3 in place of 4.4 in 99 % (n = 20): dead on all after 1.7 s in place of 2.0 in 99 %, for not one packet more.
  package var probesInOrder = true
  /// When within a probe the target is pinged. Four pings make it unlikely (0.36^4, 1.7 %, at 20 % loss each way; far
  /// less with the indirect ones) that a live member fails a probe, and cost nothing when the first is answered. 40 or
  /// 100 ms apart, detection is the same within chance; false suspicions at 20 % loss are 8 and 25 % more.
  package var directPings: [Duration] = [.zero, .milliseconds(70), .milliseconds(140), .milliseconds(210)]
  /// When within a probe helpers are asked: two tries. Earlier would ask for members that are merely a little late.
  package var indirectPings: [Duration] = [.milliseconds(100), .milliseconds(200)]
  /// How many helpers at each try. Three fail together only with (1 - m^4)^3; more costs packets when machines are slow.
  package var helpers = 3
  /// A probe without an answer by then has failed. It leaves the last ping 140 ms, and must be below the period.
  package var probeTimeout: Duration = .milliseconds(350)
  /// Helpers say that they got no answer when this share of the asker's deadline is over (Lifeguard, section IV.A).
  package var nackShare = 0.8
  /// The local health stops here: at worst everything is this many times slower, plus one (Lifeguard's S is 8).
  package var maximumLocalHealth = 8

  // MARK: Suspicion (SWIM, section 4.2; Lifeguard, section IV.B)

  /// How long a fully confirmed suspect may refute. Five pings of ours fit in, one more than a death needs; at 0.4 s and
  /// below, those pings decide. 0.7 s would find a crash 0.2 s later in the median and 0.35 s in 99 % (2.06 s), 1 s 0.5 s
  /// later. In 720 simulated node-hours at 20 % loss it killed nobody; what a shorter time costs is patience with a
  /// process that stands still: here any stop below 0.85 s (the probe and this) is survived, and many that are longer.
  package var suspicionMinimum: Duration = .milliseconds(500)
  /// How long a suspect may refute that only one member accuses. Twice of it or half changes nothing at n = 20: hearers
  /// confirm with their own pings before.
  package var suspicionMaximum: Duration = .milliseconds(1400)
  /// How many further accusers shrink the time to its minimum (Lifeguard's K; it uses 3, memberlist 2).
  package var confirmations = 2
  /// How often a member that heard of a suspicion pings the suspect itself.
  package var suspectPingInterval: Duration = .milliseconds(100)
  /// How many of the hearers ping at once, in expectation; the others start one interval later. Six are enough to tell
  /// the accused within a round trip, and the refutation keeps the rest from ever asking.
  package var suspectPingers = 6
  /// Own pings that must stay unanswered before we declare a death. At 20 % loss each way a live member misses four
  /// with 1.7 %, and only if it also fails to refute: none was called dead in 720 simulated node-hours.
  package var pingsBeforeDeath = 4

  // MARK: Dissemination (SWIM, section 4.1)

  /// A change rides on this many times log2(n + 1) packets. Twice the logarithm tells every member with room to spare.
  package var rumourFactor = 2
  /// How many live members each push goes to. Of 200 writes a second on 50 nodes each is on all after 3.4 ms in 99 %, and at
  /// 20 % loss 1 % of them are lost. With three it takes 4.3 ms, and 3.5 % are lost, for a quarter less of the packets;
  /// with two 6.7 ms, and 42 % (`Tests/Benchmarks/streams.csv`). More sends most packets to members that know already.
  package var fanout = 4
  /// How many of these are neighbours in address order, after and before us by turns. Without any, one first round in
  /// fifty misses a node, which then waits for the repeat: 99 % of writes are on 20 nodes after 12 ms in place of 2.7, and
  /// of 200 a second 0.7 % are lost in place of none. With one it takes 0.5 ms longer. Were all four neighbours, a write
  /// would go around the ring by hops, and a few dead ones side by side would cut it.
  package var ringNeighbours = 2
  /// When pushes of one change go out; a newer stamp begins anew, and what it replaced is repeated no more. The repeats
  /// are there for loss: without them, a node that all pushes of a write missed learns of it only by the next probe, some
  /// hundred milliseconds later.
  package var pushes: [Duration] = [.zero, .milliseconds(10), .milliseconds(30)]
  /// The first round for a newer stamp comes at least so long after the round before: what came meanwhile travels as the
  /// newest only. It is about what a datagram takes; at ten times as long, of 200 writes a second every second one would
  /// wait.
  package var pushSpacing: Duration = .milliseconds(1)
  /// Repeats come at least this long after the round before.
  package var pushInterval: Duration = .milliseconds(10)
  /// Pushes a second in the long run: the first rounds of 200 writes a second, wherever in the cluster they are made. At 50 a
  /// second half of it is used. With 100, as it once was, eight writes a second use all of it, and of 50 a second 20 % are
  /// lost at 5 nodes and 44 % at 20. It bounds what a storm of writes costs: 85 KB/s for each node.
  package var pushRate = 800
  /// Pushes that may go out at once after quiet: ten changes with all their rounds.
  package var pushBurst = 120
  /// Repeats leave so many pushes to the first rounds of newer stamps: fifteen of them. A repeat mends one loss in fifty; a
  /// first round that has to wait loses a write.
  package var pushReserve = 60
  /// Single datagrams a second, and after quiet at once, to members that sent an older stamp or an older claim. What they are
  /// told helps only themselves; in a stream of writes pushes do it as soon, so a tenth of those is enough.
  package var replyRate = 100
  package var replyBurst = 60
  /// The safety net over HTTP, which is also all that the original program understands.
  package var notifyInterval: Duration = .seconds(2)
  /// Members that each notify goes to.
  package var notifyFanout = 2

  // MARK: Anti-entropy

  /// Digests that differ for less are rumours still travelling.
  package var differenceStands: Duration = .seconds(2)
  /// Pulls are at least this far apart.
  package var pullInterval: Duration = .seconds(1)
  /// A pull that taught nothing doubles the wait, up to this: two lists that can't agree must not talk for ever.
  package var pullBackoff: Duration = .seconds(60)
  /// A page that does not come is asked for again after this long.
  package var pageTimeout: Duration = .milliseconds(200)
  /// Tries for one page before another peer is asked.
  package var pageTries = 3

  /// After a page that came only when it was asked for again, and small, no datagram is large for so long. Where paths lose
  /// large ones, one pull in this time is lost; where a page was lost by chance, long lists take three times the packets.
  package var smallPaths: Duration = .seconds(60)

  // MARK: Joining, healing, forgetting

  /// The least time between two contacts with entries of the address book.
  package var contactInterval: Duration = .seconds(1)
  /// Entries of the address book.
  package var addressBookSize = 64
  /// Entries gone for longer are contacted a tenth as often.
  package var longGone: Duration = .seconds(3600)
  /// Dead and left members are listed for so long. It must be longer than rumours and stalls of other members live, or
  /// the forgotten return as alive for a moment. Their addresses stay in the address book all the same.
  package var forgetting: Duration = .seconds(3600)
  /// Members at most, dead ones included. 10,000 take 1.3 MB: 96 bytes each,
  /// 24 for their turn to be probed, and room for an eighth more.
  package var maximumMembers = 10_000
  /// Datagrams that are looked at, a second: of strangers whom nobody knows, of those whose addresses we know, and
  /// addresses that are asked because a member tells of them, each so many (see `Strangers`).
  package var strangerRate = 100
  /// Newcomers above that number that are asked, a second, whether they are where they say: 71 bytes for 304. A flood of
  /// as many forged newcomers, 1.2 MB/s, keeps no real one out; among ten times as many it is found at its tenth contact.
  /// More is what we may be made to send to forged addresses, 284 KB/s, and 4 % of a core. At 1,000, half of the newcomers
  /// among 3,000 forged ones a second were in after 0.3 s, but a tenth took 7 s and more.
  package var challengeRate = 4000
  /// Calls later than this are a stall of our own process. Schedulers of busy machines stay below 100 ms.
  package var stall: Duration = .milliseconds(200)

  // MARK: Readiness and leaving

  /// Without an answer from a ready peer by then, a node with seeds goes on alone.
  package var aloneAfter: Duration = .seconds(3)
  /// In this time after the start, a write waits for the first stamp. A restarted node so learns the generation before
  /// it writes; more would delay the first writes of a node that really is alone.
  package var firstSetWaits: Duration = .milliseconds(1500)
  /// Writes that may wait at once; more are told to come back.
  package var waitingSets = 1024
  /// Leaving is announced until so many members confirmed it …
  package var leaveConfirmations = 3
  /// … or so long.
  package var leaveTimeout: Duration = .seconds(1)

  // MARK: Reports

  /// Members and state are reported this often; zero is never.
  package var reportInterval: Duration = .seconds(5)
  /// And after a change, but at most this often.
  package var reportSpacing: Duration = .seconds(1)
  /// Above this many members a report lists only those that changed.
  package var reportedMembers = 32

  /// When this version was made, microseconds since 1970 (2026-11-21): the earliest that a clock can honestly say.
  package var released: UInt64 = 1_795_219_200_000_000

  package init() {}
}
