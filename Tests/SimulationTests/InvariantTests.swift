// Each rule is seen to fail: a node with a planted bug breaks it, and the same run without the bug does not.

import Gossip
import Simulation
import Testing

/// A short quiet run with some writes, and a planted bug.
private func violation(kinds: [FaultKind] = [.writes, .notifies], _ tamper: (inout Tampering) -> Void) -> Violation? {
  var tampering = Tampering()
  tamper(&tampering)
  return Trial(seed: 3, kinds: kinds, faults: .seconds(10)).run(tampering: tampering).violation
}

/// Changes the stamp in a datagram of ours, and makes its checksum right again.
private func restamped(_ bytes: [UInt8], _ change: (inout Message) -> Void) -> [UInt8] {
  let cluster = Hash.of(Settings().cluster)
  guard var message = try? Wire.decode(bytes, cluster: cluster) else { return bytes }
  change(&message)
  return Wire.encode(message, cluster: cluster)
}

@SimulationThread @Suite struct InvariantTests {
  @Test func `without a planted bug nothing is found`() {
    #expect(violation { _ in } == nil)
  }

  @Test func `a node that keeps a change to itself is found`() {
    let found = violation { tampering in
      tampering.effects = { host, _, effects in
        host != 2 ? effects : effects.filter { if case .publish = $0 { false } else { true } }
      }
    }
    #expect(found?.rule == .publishedIsHeld)
  }

  @Test func `a stamp that shrinks is found`() {
    let found = violation { tampering in
      tampering.effects = { host, _, effects in
        effects
          + (host == 2 && effects.contains { if case .publish = $0 { true } else { false } }
            ? [.publish(.initial)] : [])
      }
    }
    #expect(found?.rule == .stampsGrow)
  }

  @Test func `a stamp that nobody wrote is found`() {
    let found = violation { tampering in
      tampering.effects = { host, _, effects in
        guard host == 2 else { return effects }
        return effects.map { effect in
          guard case .send(let bytes, let to) = effect else { return effect }
          return .send(restamped(bytes) { $0.stamp.value += 1 }, to: to)
        }
      }
    }
    #expect(found?.rule == .stampsAreWritten)
  }

  @Test func `an answer that comes twice is found, and one that never comes`() {
    let twice = violation { tampering in
      tampering.effects = { _, _, effects in
        effects + effects.filter { if case .answer = $0 { true } else { false } }
      }
    }
    #expect(twice?.rule == .answeredOnce)
    let never = violation(kinds: [.notifies]) { tampering in
      tampering.effects = { _, _, effects in effects.filter { if case .answer = $0 { false } else { true } } }
    }
    #expect(never?.rule == .answeredOnce)
  }

  @Test func `a write that is answered with another value is found`() {
    let found = violation { tampering in
      tampering.effects = { _, _, effects in
        effects.map { effect in
          guard case .answer(let request, .accepted(var stamp)) = effect else { return effect }
          stamp.value += 1
          return .answer(request, .accepted(stamp))
        }
      }
    }
    #expect(found?.rule == .answersAreTrue)
  }

  @Test func `a datagram that is too long is found, and one to nowhere`() {
    let long = violation { tampering in
      tampering.effects = { _, _, effects in
        effects.map { effect in
          guard case .send(let bytes, let to) = effect else { return effect }
          return .send(bytes + [UInt8](repeating: 0, count: Wire.maximumPlainSize), to: to)
        }
      }
    }
    #expect(long?.rule == .datagramSize)
    let nowhere = violation { tampering in
      tampering.effects = { _, _, effects in
        effects + [.send([UInt8](repeating: 0, count: 20), to: Address(ipv4: 0, port: 1))]
      }
    }
    #expect(nowhere?.rule == .datagramSize)
  }

  @Test func `a reflector is found`() {
    let found = violation(kinds: [.lies]) { tampering in
      tampering.effects = { _, event, effects in
        guard case .received(let bytes, let from) = event, Host.slot(of: from) == nil else { return effects }
        return effects + [.send(Array(bytes.prefix(12)) + [UInt8](repeating: 0, count: bytes.count), to: from)]
      }
    }
    #expect(found?.rule == .noAmplification)
  }

  @Test func `a node that wants to be woken at once for ever is found`() {
    let found = violation { tampering in
      tampering.deadline = { host, deadline in host == 4 ? Instant(microseconds: 0) : deadline }
    }
    #expect(found?.rule == .deadlineMovesOn)
  }

  @Test func `a flood of effects is found`() {
    let found = violation { tampering in
      tampering.effects = { _, _, effects in
        effects + Array(repeating: .resolve(seed: 0), count: effects.isEmpty ? 0 : 300)
      }
    }
    #expect(found?.rule == .effectsAreBounded)
  }

  @Test func `a member that never was is found`() {
    let found = violation { tampering in
      tampering.effects = { host, _, effects in
        guard host == 1 else { return effects }
        return effects.map { effect in
          guard case .send(let bytes, let to) = effect else { return effect }
          let ghost = Record(
            address: Address(ipv4: 0x0B00_0001, port: 7946), incarnation: 1, state: .alive, name: "ghost", httpPort: 0)
          return .send(restamped(bytes) { if $0.rumours.isEmpty { $0.rumours = [ghost] } }, to: to)
        }
      }
    }
    #expect(found?.rule == .membersExist)
  }

  @Test func `a node that leaves unasked is found`() {
    let found = violation { tampering in
      tampering.effects = { host, event, effects in
        host == 3 && event == .timePassed ? effects + [.left(confirmed: 0)] : effects
      }
    }
    #expect(found?.rule == .lifeIsOrdered)
  }

  @Test func `a node that hears no gossip is found not to agree, or not in time`() {
    let deaf = violation { tampering in
      tampering.event = { host, event in
        if host == 2, case .received = event { return nil }
        return event
      }
    }
    #expect(deaf?.rule == .agreement)
  }

  @Test func `a node that accuses a healthy member is found`() {
    let found = violation { tampering in
      tampering.effects = { host, event, effects in
        guard host == 1, case .setRequested = event else { return effects }
        let cluster = Hash.of(Settings().cluster)
        return effects.map { effect in
          guard case .send(let bytes, let to) = effect, let message = try? Wire.decode(bytes, cluster: cluster) else {
            return effect
          }
          var accusing = message
          accusing.rumours = [
            Record(
              address: Host.address(inSlot: 4), incarnation: HostClock.epoch + 4_000_000_000, state: .suspect,
              name: "n4", httpPort: 8080, accuser: message.sender.address)
          ]
          return .send(Wire.encode(accusing, cluster: cluster), to: to)
        }
      }
    }
    #expect(found?.rule == .calm)
  }
}
