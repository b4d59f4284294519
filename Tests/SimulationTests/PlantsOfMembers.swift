// Planted bugs in membership: whose word counts, who is dead, who is known.

import Gossip
import Simulation

/// Faults that make members suspect, so that their answers matter.
private let suspicious: [FaultKind] = [.pause, .loss, .crash, .writes]

extension Plant {
  static let ofMembers: [Plant] = [
    Plant("a newcomer is told of before it has answered", .membersExist, under: [.lies], onlyIt: true) { bug in
      bug.plant { event, effects in
        guard let stranger = event.stranger else { return effects }
        let report = Report.memberChanged(name: "", stranger.address, from: nil, to: .alive, because: .joined)
        return effects + [.report(report)]
      }
    },
    Plant("a record gets the address of its neighbour in memory", .membersExist) { bug in
      bug.plant { _, effects in
        effects.retold { message, _ in
          for index in message.rumours.indices { message.rumours[index].address.low ^= 0xFF00 }
        }
      }
    },
    Plant("another's incarnation is counted up, once", .incarnationsAreOwn, onlyIt: true) { bug in
      var isDone = false
      bug.plant { _, effects in
        effects.retold { message, to in
          let index = message.rumours.firstIndex { record in
            record.address != to && record.address != message.sender.address && record.state == .alive
          }
          guard !isDone, let index else { return }
          message.rumours[index].incarnation += 1
          isDone = true
        }
      }
    },
    Plant("whoever sends is taken for the seed", .incarnationsAreOwn, under: [.lies]) { bug in
      bug.plant(hearing: { event in
        guard event.stranger != nil else { return event }
        let seed = Host.address(inSlot: 0)
        return event.retold(from: seed) { message in
          message.sender.address = seed
          message.body = .gossip
          message.stamp = .initial
        }
      })
    },
    Plant(
      "whoever names a member's address is taken for it", .incarnationsAreOwn, under: [.duplicateAddress, .writes],
      for: .seconds(30)
    ) { bug in
      bug.plant(hearing: { event in
        guard let (message, from) = event.message, Host.slot(of: from) != nil, from != message.sender.address else {
          return event
        }
        return event.retold(from: message.sender.address) { _ in }
      })
    },
    Plant("an accusation is passed on in the seed's name", .accusationsAreOwn, under: suspicious, onlyIt: true) { bug in
      bug.plant { _, effects in
        effects.retold { message, _ in
          for index in message.rumours.indices where message.rumours[index].accuser != nil {
            message.rumours[index].accuser = Host.address(inSlot: 0)
          }
        }
      }
    },
    Plant("the accused is taken for the accuser", .accusationsAreOwn, under: suspicious) { bug in
      bug.plant { _, effects in
        effects.retold { message, _ in
          for index in message.rumours.indices where message.rumours[index].accuser != nil {
            message.rumours[index].accuser = message.rumours[index].address
          }
        }
      }
    },
    Plant("a refutation counts only when it comes again", .ownWordCounts, under: suspicious, onlyIt: true) { bug in
      var known: [Address: UInt64] = [:]
      bug.plant(hearing: { event in
        guard let (message, from) = event.message, from == message.sender.address else { return event }
        let incarnation = message.sender.incarnation
        defer { known[from] = max(known[from] ?? 0, incarnation) }
        guard let held = known[from], incarnation > held else { return event }
        return event.retold { $0.rumours.removeAll { $0.address == from } }
      })
    },
    Plant("whoever is heard is thought to hold what we do", .copiesAreShownTruly, onlyIt: true) { bug in
      var held = Stamp.initial
      bug.plant { _, effects in
        for case .publish(let stamp) in effects { held = stamp }
        return effects
      }
      bug.plant(hearing: { event in event.retold { $0.stamp = max($0.stamp, held) } })
    },
    Plant("one unanswered ping is a death", .deathIsProven, under: suspicious, onlyIt: true) { bug in
      bug.settings = { _, settings in
        var settings = settings
        settings.pingsBeforeDeath = 1
        settings.suspicionMinimum = .milliseconds(50)
        settings.suspicionMaximum = .milliseconds(50)
        return settings
      }
    },
    Plant("a death is believed by hearsay", .deathIsProven, under: suspicious) { bug in
      bug.plant { event, effects in
        guard let (message, from) = event.message, Host.slot(of: from) != nil,
          let record = message.rumours.first(where: { $0.state == .dead && $0.address != Host.address(inSlot: place) })
        else { return effects }
        let reason = Reason.told(by: from)
        return effects + [.report(.memberChanged(name: "", record.address, from: .alive, to: .dead, because: reason))]
      }
    },
  ]

  static let ofAgreement: [Plant] = [
    Plant("nothing is read from the socket", .neverIsolated) { bug in
      bug.plant(hearing: { event in event.isReceived ? nil : event })
    },
    Plant("nothing is written to the socket", .neverIsolated) { bug in
      bug.plant { _, effects in effects.filter { !$0.isSend } }
    },
    Plant(
      "an ack counts only from where it was asked", .aliveIsAlive, under: [.portMapping, .writes], for: .seconds(60)
    ) { bug in
      bug.event = { _, event in
        guard let (message, from) = event.message, message.body == .ack, from != message.sender.address else {
          return event
        }
        return nil
      }
    },
    Plant("an ack has a nonce of its own", .neverIsolated) { bug in
      bug.plant { _, effects in effects.retold { message, _ in if message.body == .ack { message.nonce += 1 } } }
    },
    Plant("the last record of each datagram is dropped", .neverIsolated) { bug in
      bug.effects = { _, _, effects in
        effects.retold { message, _ in _ = message.rumours.popLast() }
      }
    },
    Plant("the list has one place too few", .neverIsolated) { bug in
      bug.settings = { host, settings in
        var settings = settings
        if host == place { settings.maximumMembers = 3 }
        return settings
      }
    },
    Plant("the first of the others is left out of the list that is shown", .neverIsolated, onlyIt: true) { bug in
      bug.status = { host, status in
        var status = status
        if host == place, let index = status.members.firstIndex(where: { !$0.isSelf }),
          status.members[index].status == .alive
        {
          status.members.remove(at: index)
        }
        return status
      }
    },
    Plant("an accused member never refutes", .aliveIsAlive, under: suspicious) { bug in
      bug.plant(hearing: { event in
        event.retold { $0.rumours.removeAll { $0.address == Host.address(inSlot: place) } }
      })
    },
    Plant(
      "seeds and lost members are given up", .aliveIsAlive, under: [.partition, .longPause], for: .seconds(30)
    ) { bug in
      var started: [Int: Instant] = [:]
      var now: [Int: Instant] = [:]
      bug.clock = { host, clock in
        now[host] = clock.monotonic
        if started[host] == nil { started[host] = clock.monotonic }
        return clock
      }
      bug.effects = { host, _, effects in
        guard let start = started[host], let time = now[host], time - start > .seconds(2) else { return effects }
        return effects.filter { effect in
          guard case .send(let bytes, _) = effect else { return true }
          return bytes[Wire.kindOffset] != Message.Kind.join.rawValue
        }
      }
    },
    Plant("what a later version adds is refused", .neverIsolated, under: [.upgrade]) { bug in
      bug.event = { _, event in
        guard case .received(let bytes, _) = event, bytes.count > Wire.headerSize else { return event }
        return bytes[Wire.highestVersionOffset] > Wire.version ? nil : event
      }
    },
    Plant("who was suspect once is shown so for ever", .aliveIsAlive, under: suspicious, onlyIt: true) { bug in
      var suspects: Set<Address> = []
      bug.plant { _, effects in
        for case .report(.memberChanged(_, let address, _, .suspect, _)) in effects { suspects.insert(address) }
        return effects
      }
      bug.status = { host, status in
        var status = status
        for index in status.members.indices where host == place && suspects.contains(status.members[index].address) {
          if status.members[index].status == .alive { status.members[index].status = .suspect }
        }
        return status
      }
    },
    Plant("no number of unanswered pings is a death", .deadIsDead, under: [.crash, .move], onlyIt: true) { bug in
      bug.settings = { _, settings in
        var settings = settings
        settings.pingsBeforeDeath = .max / 2
        return settings
      }
    },
    Plant("the incarnation seen first is shown for ever", .newestLife, under: suspicious, onlyIt: true) { bug in
      var first: [Address: UInt64] = [:]
      bug.status = { host, status in
        guard host == place else { return status }
        var status = status
        for index in status.members.indices {
          let member = status.members[index]
          first[member.address] = first[member.address] ?? member.incarnation
          if !member.isSelf { status.members[index].incarnation = first[member.address] ?? 0 }
        }
        return status
      }
    },
    Plant(
      "who has gone is shown for ever", .deadAreForgotten, under: [.crash, .move, .writes], forgets: true, onlyIt: true
    ) { bug in
      var gone: [Address: MemberView] = [:]
      bug.status = { host, status in
        guard host == place else { return status }
        var status = status
        for member in status.members where member.status == .dead { gone[member.address] = member }
        for (address, member) in gone where !status.members.contains(where: { $0.address == address }) {
          status.members.append(member)
        }
        return status
      }
    },
    Plant("what was heard of the newest stamp is noted once, of whoever told it", .allAreCurrent, onlyIt: true) { bug in
      var greatest = Stamp.initial
      bug.plant(hearing: { event in
        guard let stamp = event.message?.message.stamp else { return event }
        guard stamp <= greatest else {
          greatest = stamp
          return event
        }
        return event.retold { $0.stamp = .initial }
      })
    },
    Plant("a probe waits for less than a round trip", .quiescent, onlyIt: true) { bug in
      bug.settings = { host, settings in
        var settings = settings
        if host == place { settings.probeTimeout = .microseconds(200) }
        return settings
      }
    },
    // It suspects nobody, so it accuses nobody either: whoever passes this on says what nobody ever did.
    Plant("each write accuses a healthy member", .accusationsAreOwn) { bug in
      var known: [Address: UInt64] = [:]
      bug.plant { event, effects in
        if let sender = event.message?.message.sender { known[sender.address] = sender.incarnation }
        guard case .setRequested = event else { return effects }
        return effects.retold { message, to in
          let victim = Host.address(inSlot: to == Host.address(inSlot: 0) ? 1 : 0)
          message.rumours = [
            Record(
              address: victim, incarnation: known[victim] ?? 1, state: .suspect, name: "n", httpPort: 8080,
              accuser: message.sender.address)
          ]
        }
      }
    },
  ]
}
