// Planted bugs in the value: merging, publishing, answering, accounting.

import Gossip
import Simulation

extension Plant {
  static let ofTheValue: [Plant] = [
    Plant("two threads publish in the wrong order", .stampsGrow, onlyIt: true) { bug in
      var last = Stamp.initial
      bug.plant { _, effects in
        effects.flatMap { effect in
          guard case .publish(let stamp) = effect else { return [effect] }
          defer { last = stamp }
          return [effect, .publish(last), effect]
        }
      }
    },
    Plant("merging takes what arrives last, not what is greater", .stampsGrow) { bug in
      bug.plant { event, effects in
        guard let (message, from) = event.message, Host.slot(of: from) != nil else { return effects }
        return effects + [.publish(message.stamp)]
      }
    },
    Plant("a stamp that the clock allows is given up", .stampsGrow) { bug in
      bug.plant { _, effects in effects.contains(where: \.isPublish) ? effects + [.retract(.initial)] : effects }
    },
    Plant("a change that a member brought is not published", .publishedIsHeld, onlyIt: true) { bug in
      bug.plant { event, effects in event.isReceived ? effects.filter { !$0.isPublish } : effects }
    },
    Plant("the value is written one too high on the wire", .stampsAreWritten) { bug in
      bug.plant { _, effects in effects.retold { message, _ in message.stamp.value += 1 } }
    },
    Plant("a stamp is believed of anyone", .stampsAreWritten, under: [.lies, .writes], onlyIt: true) { bug in
      bug.plant(hearing: { event in
        guard event.stranger != nil, let claimed = event.message?.message.sender.address else { return event }
        return event.retold(from: claimed) { message in
          message.body = .gossip
          message.rumours = []
        }
      })
    },
    Plant("an answer is given twice", .answeredOnce, onlyIt: true) { bug in
      bug.plant { _, effects in effects + effects.filter(\.isAnswer) }
    },
    Plant("a notify is not answered", .answeredOnce, under: [.notifies]) { bug in
      bug.plant { _, effects in effects.filter { !$0.isAnswer } }
    },
    Plant("every second write is never answered", .answeredOnce, under: [.writes]) { bug in
      var count = 0
      bug.plant { event, effects in
        guard case .setRequested = event else { return effects }
        count += 1
        return count % 2 == 0 ? effects.filter { !$0.isAnswer } : effects
      }
    },
    Plant("a write is answered with the generation before it", .answersAreTrue, onlyIt: true) { bug in
      bug.plant { event, effects in answers(event, effects) { $0.generation -= 1 } }
    },
    Plant("a write is answered with another value", .answersAreTrue) { bug in
      bug.plant { event, effects in answers(event, effects) { $0.value += 1 } }
    },
    Plant("a lost write is forgotten without a word", .lossIsTold, under: [.writes], onlyIt: true) { bug in
      bug.effects = { _, _, effects in
        effects.filter { if case .report(.writeLost) = $0 { false } else { true } }
      }
    },
    Plant("a lost write is told the wrong way round", .lossIsTrue, under: [.writes], onlyIt: true) { bug in
      bug.effects = { _, _, effects in
        effects.map { effect in
          guard case .report(.writeLost(let write, let winner)) = effect else { return effect }
          return .report(.writeLost(winner, to: write))
        }
      }
    },
    Plant("a write is told as lost to whatever follows it", .lossIsTrue, under: [.writes]) { bug in
      bug.tellLosses { own, other in other.generation > own.generation }
    },
    Plant("a write is told as lost to one that it won against", .lossesAreReal, under: [.writes], onlyIt: true) { bug in
      bug.tellLosses { own, other in other.generation == own.generation && other.value < own.value }
    },
    Plant("a node vouches from its first moment", .vouchesForWhatIsKnown, under: [.writes], onlyIt: true) { bug in
      bug.plant { _, effects in effects.retold { message, _ in message.sender.isReady = true } }
    },
    Plant("a restarted node writes at once", .vouchesForWhatIsKnown, under: [.crash, .writes]) { bug in
      bug.settings = { host, settings in
        var settings = settings
        if host == Plant.place { settings.firstStampTimeout = .zero }
        return settings
      }
    },
    Plant("of two writes in one generation each node keeps its own", .oneValue, under: [.writes], onlyIt: true) { bug in
      bug.hide { stamp, held in stamp.generation == held.generation && stamp.value != held.value }
    },
    Plant(
      "the ceiling follows the local generation", .oneValue, under: [.writes, .highNotifies], for: .seconds(30)
    ) { bug in
      bug.hide(on: Plant.place) { stamp, held in stamp.generation > held.generation + 1000 }
    },
    Plant("what members bring is looked at after a while", .writesAreOnTop, for: .seconds(20), onlyIt: true) { bug in
      // Longer than stamps take to spread, shorter than the second that each write gets in the quiet time.
      let delay: Duration = .milliseconds(800)
      var now = Instant(microseconds: 0)
      var first: [Stamp: Instant] = [:]
      bug.clock = { host, clock in
        if host == Plant.place { now = clock.monotonic }
        return clock
      }
      bug.plant(hearing: { event in
        event.retold { message in
          let since = first[message.stamp] ?? now
          first[message.stamp] = since
          if now - since < delay { message.stamp = .initial }
        }
      })
    },
    Plant(
      "a node is deaf in its first two seconds", .writesAreOnTop, under: [.crash, .writes], for: .seconds(30)
    ) { bug in
      var now = Instant(microseconds: 0)
      var started: Instant?
      bug.settings = { host, settings in
        if host == Plant.place { started = nil }
        return settings
      }
      bug.clock = { host, clock in
        guard host == Plant.place else { return clock }
        now = clock.monotonic
        started = started ?? now
        return clock
      }
      bug.plant(hearing: { event in
        let isYoung = started.map { now - $0 < .seconds(2) } ?? true
        return isYoung && event.isReceived ? nil : event
      })
    },
    Plant("a ceiling from a wrong clock refuses all writes", .writable, onlyIt: true) { bug in
      bug.plant(hearing: { event in if case .setRequested = event { nil } else { event } })
      bug.plant { event, effects in
        guard case .setRequested(_, let request) = event else { return effects }
        return [.answer(request, .aboveCeiling(0))]
      }
    },
  ]

  /// Changes the stamps in answers to writes.
  private static func answers(
    _ event: Event, _ effects: [Effect], _ change: (inout Stamp) -> Void
  ) -> [Effect] {
    guard case .setRequested = event else { return effects }
    return effects.map { effect in
      guard case .answer(let request, .accepted(var stamp)) = effect else { return effect }
      change(&stamp)
      return .answer(request, .accepted(stamp))
    }
  }
}

extension Mutation {
  /// Tells each node's own write as lost when it hears such a stamp, and not a second time when it really is.
  fileprivate mutating func tellLosses(when isLost: @escaping (_ own: Stamp, _ other: Stamp) -> Bool) {
    var own: [Int: Stamp] = [:]
    var told: [Int: Stamp] = [:]
    effects = { host, event, effects in
      var lies: [Effect] = []
      if let write = own[host], told[host] != write, let heard = event.message, Host.slot(of: heard.from) != nil,
        isLost(write, heard.message.stamp)
      {
        lies = [.report(.writeLost(write, to: heard.message.stamp))]
        told[host] = write
      }
      let isAccepted = effects.contains { if case .answer(_, .accepted) = $0 { true } else { false } }
      for case .publish(let stamp) in effects { own[host] = isAccepted ? stamp : nil }
      return lies
        + effects.filter { effect in
          if case .report(.writeLost(let write, _)) = effect { told[host] != write } else { true }
        }
    }
  }

  /// Hides some stamps from nodes, which see the first stamp instead.
  fileprivate mutating func hide(on place: Int? = nil, where isHidden: @escaping (Stamp, _ held: Stamp) -> Bool) {
    var held: [Int: Stamp] = [:]
    effects = { host, _, effects in
      for case .publish(let stamp) in effects { held[host] = stamp }
      return effects
    }
    event = { host, event in
      guard place == nil || host == place else { return event }
      let own = held[host] ?? .initial
      if case .notified(let stamp, let notifier, let request) = event {
        return .notified(isHidden(stamp, own) ? .initial : stamp, by: notifier, request)
      }
      return event.retold { message in if isHidden(message.stamp, own) { message.stamp = .initial } }
    }
  }
}
