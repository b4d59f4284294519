// Every constant of the protocol that is a choice, with its reason. The simulation and the tests change them; people
// who run a node never need to.
//
// The figures beside the defaults are for LAN round trips, from the simulation (`Tests/Benchmarks/detection.csv`, and
// `FIGURES=1 swift test -c release --filter FiguresTests`). All times of a probe are multiplied by the local health and by
// what the measured round trips ask for, so that a slow network widens them without configuration.
//
// All defaults together: every node lists a crashed member as dead after 1.19 to 1.24 s in the median and 1.8 to 2.0 s
// in 99 %, at 5, 20 and 50 nodes, without loss and at 20 %. An idle node sends 548 bytes a second in 5 packets (headers
// included, HTTP left out), 1.1 to 1.2 KB at 20 % loss.

/// A node's identity. The name and the port never change while the process lives.
package struct Identity: Equatable, Sendable {
  /// The UDP address that peers reach; it identifies the node.
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

/// The protocol's settings.
package struct Settings: Equatable, Sendable {
  /// The cluster's name. Nodes of different names ignore each other.
  package var cluster = "unum"

  /// The seeds as configured, in order; only their count matters here. Their addresses arrive as `Event.resolved`.
  package var seeds: [String] = []

  /// How many extra peers get a notify over HTTP (`--notify`).
  package var notifyPeers = 0

  /// Which addresses our socket can send to.
  package var reach = Reach.both

  /// Address families. An IPv4 socket reaches only IPv4, and a socket bound to an IPv6 address only IPv6; a socket
  /// bound to `::` reaches both.
  package enum Reach: Sendable { case ipv4, ipv6, both }

  // MARK: Probing (SWIM, section 3.1)

  /// One probe each period. At n = 20, half of it finds a crash 0.3 s earlier in the median (0.77 s) and 0.6 s earlier
  /// in 99 % (1.08 s), for twice the idle traffic and 2.6 times the false suspicions at 20 % loss; twice of it takes
  /// 0.4 and 0.7 s longer.
  package var period: Duration = .milliseconds(400)
  /// Whether every second probe takes a member in address order, by the wall clock. Otherwise all probes take the next
  /// of the shuffled list, as SWIM's do (section 4.3). In order, a crashed member is first probed after 0.7 periods
  /// instead of 1.0 on average, and after 2.3 instead of 4.4 in 99 % (n = 20): all nodes list it as dead after 1.7 s
  /// instead of 2.0 in 99 %, without one more packet.
  package var probesInOrder = true
  /// When within a probe the target is pinged. With four pings an active member rarely fails a probe (0.36^4, 1.7 %, at 20
  /// % loss each way; far less with the indirect ones), and the last three cost nothing when the first is answered. At
  /// 40 or 100 ms apart, detection is the same within chance, but false suspicions at 20 % loss rise by 8 and 25 %.
  package var directPings: [Duration] = [.zero, .milliseconds(70), .milliseconds(140), .milliseconds(210)]
  /// When within a probe helpers are asked: two tries. Asking earlier would bother helpers about members that are
  /// merely a little late.
  package var indirectPings: [Duration] = [.milliseconds(100), .milliseconds(200)]
  /// How many helpers are asked at each try. Three fail together only with probability (1 - m^4)^3; more cost packets
  /// when machines are slow.
  package var helpers = 3
  /// A probe without an answer by then has failed. This leaves the last ping 140 ms, and must be below the period.
  package var probeTimeout: Duration = .milliseconds(350)
  /// Helpers send a nack when this share of the asker's deadline is over (Lifeguard, section IV.A).
  package var nackShare = 0.8
  /// The upper bound of the local health. At worst everything is slower by this factor plus one (Lifeguard's S is 8).
  package var maximumLocalHealth = 8

  // MARK: Suspicion (SWIM, section 4.2; Lifeguard, section IV.B)

  /// How long a fully confirmed suspect has to refute. Five of our pings fit in, one more than a death needs; at 0.4 s
  /// and below, those pings decide. 0.7 s would find a crash 0.2 s later in the median and 0.35 s later in 99 % (2.06
  /// s), and 1 s would find it 0.5 s later. In 720 simulated node-hours at 20 % loss it killed nobody. A shorter time
  /// forgives less when a process stops for a moment: with this one a member survives any stop below 0.85 s (the probe
  /// and this), and many longer ones.
  package var suspicionMinimum: Duration = .milliseconds(500)
  /// How long a suspect with a single accuser has to refute. Doubling or halving it changes nothing at n = 20, because
  /// other members confirm with their own pings before it ends.
  package var suspicionMaximum: Duration = .milliseconds(1400)
  /// How many further accusers shrink the suspicion time to its minimum (Lifeguard's K; it uses 3, memberlist 2).
  package var confirmations = 2
  /// How often a member that heard of a suspicion pings the suspect itself.
  package var suspectPingInterval: Duration = .milliseconds(100)
  /// How many of the members that hear of a suspicion ping at once, on average; the others start one interval later.
  /// Six are enough to tell the accused within a round trip, and its refutation usually spares the rest.
  package var suspectPingers = 6
  /// How many of our own pings must stay unanswered before we declare a death. At 20 % loss each way an active member
  /// misses four with probability 1.7 %, and it also has to fail to refute: none was declared dead in 720 simulated
  /// node-hours.
  package var pingsBeforeDeath = 4

  // MARK: Dissemination (SWIM, section 4.1)

  /// A change rides on this many times log2(n + 1) packets. Twice the logarithm tells every member with room to spare.
  package var rumourFactor = 2
  /// How many active members each push goes to. At 200 writes a second on 50 nodes, 99 % of writes are on all nodes
  /// within 3.4 ms, and at 20 % loss 1 % of them are lost. With three it takes 4.3 ms and 3.5 % are lost, for a quarter
  /// fewer packets; with two, 6.7 ms and 42 % (`Tests/Benchmarks/streams.csv`). With more, most packets go to members
  /// that know already.
  package var fanout = 4
  /// How many of these are neighbours in address order, alternately after and before us. Without any, one first round
  /// in fifty misses a node, which then waits for the repeat: 99 % of writes are on 20 nodes after 12 ms instead of
  /// 2.7, and at 200 a second 0.7 % are lost instead of none. With one it takes 0.5 ms longer. If all four were
  /// neighbours, a write would travel around the ring hop by hop, and a few dead nodes side by side would stop it.
  package var ringNeighbours = 2
  /// When the pushes of one change go out. A newer stamp starts over, and the one it replaced is no longer repeated.
  /// The repeats make up for loss: without them, a node that missed all pushes of a write learns of it only from the
  /// next probe, a few hundred milliseconds later.
  package var pushes: [Duration] = [.zero, .milliseconds(10), .milliseconds(30)]
  /// The first round for a newer stamp starts at least this long after the previous round; of the stamps that arrive
  /// meanwhile only the newest is sent. It is about as long as a datagram takes. At ten times as long, every second one
  /// of 200 writes a second would wait.
  package var pushSpacing: Duration = .milliseconds(1)
  /// Repeats start at least this long after the previous round.
  package var pushInterval: Duration = .milliseconds(10)
  /// Pushes a second in the long run: enough for the first rounds of 200 writes a second, wherever in the cluster they
  /// are made. 50 writes a second use half of it. With 100, as it once was, eight writes a second use all of it, and at
  /// 50 a second 20 % are lost at 5 nodes and 44 % at 20. It bounds what a storm of writes costs: 85 KB/s per node.
  package var pushRate = 800
  /// Pushes that may go out at once after a quiet time: ten changes with all their rounds.
  package var pushBurst = 120
  /// Repeats leave this many pushes for the first rounds of newer stamps: fifteen rounds. A repeat makes up for one
  /// loss in fifty; a first round that has to wait loses a write.
  package var pushReserve = 60
  /// Single datagrams to members that sent an older stamp or an older claim: this many a second, and as many at once
  /// after a quiet time. A reply helps only its receiver, and in a stream of writes pushes reach it just as soon, so an
  /// eighth of the pushes is enough.
  package var replyRate = 100
  package var replyBurst = 60
  /// How often to notify over HTTP: the safety net, and all that the original program understands.
  package var notifyInterval: Duration = .seconds(2)
  /// How many members each notify goes to.
  package var notifyFanout = 2

  // MARK: Anti-entropy

  /// How long digests must differ before we act on it. Shorter differences are rumours still on their way.
  package var mismatchGrace: Duration = .seconds(2)
  /// The least time between two pulls.
  package var pullInterval: Duration = .seconds(1)
  /// A pull that taught us nothing doubles the wait, up to this: two lists that can't agree must not keep talking for
  /// ever.
  package var pullBackoff: Duration = .seconds(60)
  /// A page that does not arrive is requested again after this long.
  package var pageTimeout: Duration = .milliseconds(200)
  /// Tries for one page before another peer is asked.
  package var pageTries = 3

  /// After a page that came only when it was requested again, and small, all datagrams stay small for this long. Where
  /// paths lose large ones, one pull in this time is lost; where a page was lost by chance, long lists take three times
  /// the packets.
  package var smallPathLifetime: Duration = .seconds(60)

  // MARK: Joining, rejoining, forgetting

  /// The least time between two contacts with entries of the address book.
  package var contactInterval: Duration = .seconds(1)
  /// How many entries the address book has.
  package var addressBookSize = 64
  /// Members that have been gone for longer than this are contacted a tenth as often.
  package var longGoneAfter: Duration = .seconds(3600)
  /// How long dead and left members stay listed. It must be longer than rumours live and other members stall, or a
  /// forgotten member returns as alive for a moment. Its address stays in the address book all the same.
  package var tombstoneLifetime: Duration = .seconds(3600)
  /// The most members that are listed, dead ones included. 10,000 take 1.3 MB: 96 bytes each, 24 for their place in the
  /// probe order, and spare room for an eighth more.
  package var maximumMembers = 10_000
  /// Three limits per second, of this many each: datagrams from unknown strangers, datagrams from strangers at
  /// addresses that we know, and addresses that we verify because a member mentions them (see `AdmissionControl`).
  package var strangerRate = 100
  /// How many newcomers above that limit are challenged each second to prove their address: 71 bytes for their 304. A
  /// flood of as many forged newcomers, 1.2 MB/s, keeps no real one out; among ten times as many a real one gets in at
  /// its tenth contact. A higher rate would send more to forged addresses (284 KB/s at this one) and cost more than 4 %
  /// of a core. At 1,000, half of the newcomers among 3,000 forged ones a second were in after 0.3 s, but a tenth took
  /// 7 s or more.
  package var challengeRate = 4000
  /// A call that comes later than this means that our own process stalled. Schedulers of busy machines stay below 100
  /// ms.
  package var stallThreshold: Duration = .milliseconds(200)

  // MARK: Readiness and leaving

  /// A node with seeds that hears from no ready peer for this long goes on alone.
  package var joinTimeout: Duration = .seconds(3)
  /// Whether to go on alone even if a seed speaks another version or belongs to another cluster (`--alone`): for an
  /// operator who knows that the value need not be kept.
  package var startsAlone = false
  /// How long after the start a write waits for the first stamp. This way a restarted node learns the generation before
  /// it writes; more would delay the first writes of a node that really is alone.
  package var firstStampTimeout: Duration = .milliseconds(1500)
  /// How many writes may wait at once; further clients are told to try again.
  package var maximumWaitingWrites = 1024
  /// Leaving is announced until this many members have confirmed it …
  package var leaveConfirmations = 3
  /// … or this much time has passed.
  package var leaveTimeout: Duration = .seconds(1)

  // MARK: Reports

  /// How often members and state are reported; zero means never.
  package var reportInterval: Duration = .seconds(5)
  /// They are also reported after a change, but at most this often.
  package var reportSpacing: Duration = .seconds(1)
  /// Above this many members a report lists only those that changed.
  package var reportedMembers = 32

  /// When this version was made, microseconds since 1970 (2026-11-21): the earliest time that a correct clock can show.
  package var released: UInt64 = 1_795_219_200_000_000

  package init() {}
}
