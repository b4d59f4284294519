// Planted bugs of what is sent and when: sizes, answers to strangers, floods, deadlines.

import Gossip
import Simulation

extension Plant {
  static let ofDatagrams: [Plant] = [
    Plant("a datagram goes to port 0", .datagramSize, onlyIt: true) { bug in
      bug.plant { _, effects in
        guard effects.contains(where: \.isPublish) else { return effects }
        return effects + [.send([UInt8](repeating: 0, count: 64), to: Host.address(inSlot: 0).with(port: 0))]
      }
    },
    Plant("the room for the seal is used", .datagramSize) { bug in
      bug.plant { _, effects in
        effects.map { effect in
          guard case .send(let bytes, let to) = effect else { return effect }
          let room = Wire.maximumSize - bytes.count
          return .send(bytes + [UInt8](repeating: 0, count: room), to: to)
        }
      }
    },
    Plant("a stranger is answered at full length", .noAmplification, under: [.lies], onlyIt: true) { bug in
      bug.plant { event, effects in
        guard let stranger = event.stranger else { return effects }
        return effects.map { effect in
          guard case .send(let bytes, to: stranger.address) = effect else { return effect }
          let room = max(0, Wire.modestPlainSize - bytes.count)
          return .send(bytes + [UInt8](repeating: 0, count: room), to: stranger.address)
        }
      }
    },
    Plant("a stranger is answered twice", .noAmplification, under: [.lies]) { bug in
      bug.plant { event, effects in event.stranger == nil ? effects : effects + effects.filter(\.isSend) }
    },
    Plant("gossip is answered with gossip", .trafficIsBounded, under: [.writes]) { bug in
      bug.effects = { _, event, effects in
        guard let (message, from) = event.message, message.body == .gossip, case .received(let bytes, _) = event else {
          return effects
        }
        return effects + [.send(bytes, to: from), .send(bytes, to: from)]
      }
    },
    Plant("pushes go on for a second without a limit", .trafficIsBounded, onlyIt: true) { bug in
      var began: [Int: Instant] = [:]
      var now = Instant(microseconds: 0)
      bug.clock = { host, clock in
        if host == Plant.place { now = clock.monotonic }
        return clock
      }
      bug.plant { _, effects in
        if effects.contains(where: \.isPublish), began[0] == nil { began[0] = now }
        guard let start = began[0], now - start < .seconds(1) else { return effects }
        let peer = Host.address(inSlot: 0)
        return effects + Array(repeating: .send([UInt8](repeating: 0, count: 64), to: peer), count: 8)
      }
      bug.deadline = { host, deadline in
        guard host == Plant.place, let start = began[0], now - start < .seconds(1) else { return deadline }
        return min(deadline, now + .milliseconds(2))
      }
    },
    Plant("each change writes a line for each of 300 entries", .effectsAreBounded, onlyIt: true) { bug in
      bug.plant { _, effects in
        let lines = effects.contains(where: \.isPublish) ? 300 : 0
        return effects + Array(repeating: .report(.noSeedAnswered(attempts: 1)), count: lines)
      }
    },
    Plant("every seed is looked up for every member again", .effectsAreBounded) { bug in
      bug.plant { _, effects in
        effects + Array(repeating: .resolve(seed: 0), count: effects.isEmpty ? 0 : 300)
      }
    },
  ]

  static let ofTime: [Plant] = [
    Plant("a timer is not set again for thirty rounds", .deadlineMovesOn, onlyIt: true) { bug in
      var calls = 0
      bug.deadline = { host, deadline in
        guard host == Plant.place else { return deadline }
        calls += 1
        return (200..<260).contains(calls) ? Instant(microseconds: 0) : deadline
      }
    },
    Plant("a deadline that has passed stays", .deadlineMovesOn) { bug in
      bug.deadline = { host, deadline in host == Plant.place ? Instant(microseconds: 0) : deadline }
    },
    Plant("it is told that the node is ready with every change", .lifeIsOrdered, onlyIt: true) { bug in
      bug.plant { _, effects in
        effects + (effects.contains(where: \.isPublish) ? [.report(.ready(.alone))] : [])
      }
    },
    Plant("the node stops without being asked", .lifeIsOrdered) { bug in
      bug.plant { event, effects in event == .timePassed ? effects + [.left(confirmed: 0)] : effects }
    },
    Plant("nothing but a ready peer makes ready, and none is", .readyInTheEnd, onlyIt: true) { bug in
      bug.settings = { host, settings in
        var settings = settings
        if host == Plant.place { settings.joinTimeout = .seconds(3600) }
        return settings
      }
      bug.plant(hearing: { event in event.retold { $0.sender.isReady = false } })
    },
    Plant("a leave has no end", .leaveEnds, onlyIt: true) { bug in
      bug.effects = { _, _, effects in effects.filter { if case .left = $0 { false } else { true } } }
    },
    Plant("a leave is not announced", .goodbyeIsHeard, onlyIt: true) { bug in
      var isLeaving: Set<Int> = []
      bug.effects = { host, event, effects in
        if event == .leaveRequested { isLeaving.insert(host) }
        return isLeaving.contains(host) ? effects.filter { !$0.isSend } : effects
      }
    },
  ]
}
