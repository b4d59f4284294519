// The trade-off between quick detection, false alarms, and packets: one setting at a time around the defaults.
//
// `Tests/Benchmarks/detection` runs this and keeps its lines as CSV; without `DETECTION` in the environment it does
// nothing. It is not a test: it expects only that the rules of the protocol hold throughout.

import Foundation
import Gossip
import Simulation
import Testing

private let isWanted = ProcessInfo.processInfo.environment["DETECTION"] != nil

@SimulationThread @Suite(.enabled(if: isWanted)) struct DetectionSweep {
  /// One changed setting, and its value.
  private struct Variant {
    var name: String
    var value: Int
    var settings: Settings
  }

  /// The defaults first, then one thing at a time.
  private static func variants() -> [Variant] {
    var all = [Variant(name: "defaults", value: 0, settings: Settings())]
    let add = { (name: String, values: [Int], change: (inout Settings, Duration) -> Void) in
      for value in values {
        var settings = Settings()
        change(&settings, .milliseconds(value))
        all.append(Variant(name: name, value: value, settings: settings))
      }
    }
    // A probe keeps its share of the period; otherwise longer periods would only have longer pauses.
    add("period", [200, 800]) { settings, period in
      let factor = period / settings.period
      settings.period = period
      settings.probeTimeout = settings.probeTimeout * factor
      settings.directPings = settings.directPings.map { $0 * factor }
      settings.indirectPings = settings.indirectPings.map { $0 * factor }
    }
    add("suspicion-minimum", [200, 400, 700, 1000]) { $0.suspicionMinimum = $1 }
    add("suspicion-maximum", [700, 2800]) { $0.suspicionMaximum = $1 }
    add("ping-spacing", [40, 100]) { settings, spacing in
      settings.directPings = settings.directPings.indices.map { spacing * $0 }
    }
    add("pings-in-order", [0]) { settings, _ in settings.probesInOrder = false }
    return all
  }

  @Test func `the curve around the defaults`() throws {
    let hosts = 20
    let (runs, crashes, seconds) = (3, 20, 900)
    print(
      "csv: setting,ms,detection_median_s,detection_99_s,false_suspicions_per_node_hour,"
        + "false_deaths_per_node_hour,idle_packets_per_s,idle_bytes_per_s")
    var lossy = Conditions.lan
    lossy.loss = 0.2
    for variant in DetectionSweep.variants() {
      var detection = Distribution()
      for seed in 1...runs {
        detection.add(try Experiment(hosts: hosts, settings: variant.settings, seed: UInt64(seed)).crashes(crashes))
      }
      let alarms = try Experiment(hosts: hosts, conditions: lossy, settings: variant.settings)
        .falseAlarms(for: .seconds(seconds))
      let idle = try Experiment(hosts: hosts, settings: variant.settings).idleTraffic(for: .seconds(60))
      let hours = Double(hosts * seconds) / 3600
      let figures = [
        detection.median, detection.percentile(99), Double(alarms.suspicions) / hours, Double(alarms.deaths) / hours,
        idle.packets, idle.bytes,
      ]
      print("csv: \(variant.name),\(variant.value)," + figures.map(Distribution.short).joined(separator: ","))
    }
  }
}
